"""The rules of every store, by the registry keys that they are kept under.

...\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules                               the machine's own
...\\Policies\\Microsoft\\WindowsFirewall\\FirewallRules                                   Group Policy
...\\FirewallPolicy\\Mdm\\FirewallRules                                                    Intune and other managers
...\\FirewallPolicy\\RestrictedServices\\AppIso\\FirewallRules                             apps of the Store
...\\FirewallPolicy\\RestrictedServices\\Static\\System, ...\\Configurable\\System         Windows' own services
...\\SharedAccess\\Defaults\\FirewallPolicy\\FirewallRules                                 not in force: for a reset
"""

from __future__ import annotations

from wizard.firewalls.windows import registry, rule_string
from wizard.model.capture import Origin, Parsed
from wizard.model.windows import Store, WindowsRule

_PLACES = (
    (r"\restrictedservices\appiso\firewallrules", Store.APP),
    (r"\restrictedservices\static\system", Store.HARDENING),
    (r"\restrictedservices\configurable\system", Store.HARDENING),
    (r"\mdm\firewallrules", Store.MDM),
    (r"\policies\microsoft\windowsfirewall\firewallrules", Store.POLICY),
    (r"\parameters\firewallpolicy\firewallrules", Store.LOCAL),
)


def store_of(key: str, otherwise: Store | None = Store.LOCAL) -> Store | None:
    """The store that a registry key holds; None for rules that are not in force; `otherwise` where no key is named."""
    path = key.lower().rstrip("\\")
    if not path:
        return otherwise
    if r"\defaults\firewallpolicy" in path:
        return None
    return next((store for ending, store in _PLACES if path.endswith(ending)), None)


def parse(text: str, source: str = "reg query", otherwise: Store = Store.LOCAL) -> Parsed[tuple[WindowsRule, ...]]:
    """The rules in force; a value that is no rule although its key holds only rules is returned unread."""
    told, unread = registry.values(text, source)
    rules: list[WindowsRule] = []
    missed: list[Origin] = list(unread)
    for value in told:
        store = store_of(value.key, otherwise)
        if store is None:
            continue
        if rule_string.is_rule(value.text):
            rules.append(rule_string.parse(value.name, value.text, store, value.origin))
        elif not (value.name.startswith("(") and value.name.endswith(")")) and "|action=" not in value.text.lower():
            # `(Default)    REG_SZ    (value not set)`, in any language, is nobody's rule.
            missed.append(value.origin)
    return Parsed(tuple(rules), tuple(missed))
