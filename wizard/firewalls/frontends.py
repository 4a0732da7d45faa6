"""Whose chains these are: names a rule in the words of ufw, firewalld, Docker, fail2ban, libvirt, Kubernetes and others.

-A ufw-user-input -p tcp -m tcp --dport 5000 -j DROP     ufw rule 3: 5000/tcp DENY IN Anywhere
chain filter_IN_public, reject with icmpx admin-prohibited    firewalld zone public, default target
-A f2b-sshd -s 10.77.0.2/32 -j REJECT                    fail2ban jail sshd bans 10.77.0.2
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec.structs import replace

from wizard.firewalls.iptables.words import split
from wizard.model.capture import Unknown
from wizard.model.facts import Firewalld, Ufw
from wizard.model.journey import RuleReference

_UFW_USER = re.compile(r"ufw6?-user-(?P<way>input|output|forward)")
_UFW_ACTIONS = {"ACCEPT": "ALLOW", "DROP": "DENY", "REJECT": "REJECT"}
_WAYS = {"input": "IN", "output": "OUT", "forward": "FWD"}
_FOREIGN = {False: re.compile(r"(?:from|to) \S*:"), True: re.compile(r"(?:from|to) \d+\.\d")}
_ZONE_CHAIN = re.compile(
    r"(?:(?P<table>filter|nat|mangle|raw)_)?(?P<way>INPUT|IN|OUT|FORWARD|FWDI|FWDO|FWD|PREROUTING|PRE|POSTROUTING|POST)_"
    r"(?P<name>.+?)(?:_(?P<part>pre|log|deny|allow|post))?"
)
_ZONE_DISPATCH = ("ZONES", "ZONES_SOURCE", "POLICIES_pre", "POLICIES_post", "POLICIES", "direct")
_NAMED_BANS = re.compile(r"@?(?:addr6?-set-|f2b-)(?P<jail>[\w.-]+)")


def named(reference: RuleReference, ufw: Ufw | Unknown | None, firewalld: Firewalld | Unknown | None) -> RuleReference:
    """The reference with `front_end` and `front_end_words`, if the chain is one of theirs."""
    found = _ufw(reference, ufw if isinstance(ufw, Ufw) else None)
    found = found or _firewalld(reference)
    found = found or _by_prefix(reference)
    if found is None:
        return reference
    return replace(reference, front_end=found[0], front_end_words=found[1])


Name = tuple[str, str] | None


# ufw


def _ufw(reference: RuleReference, ufw: Ufw | None) -> Name:
    chain = reference.chain
    if match := _UFW_USER.fullmatch(chain):
        return "ufw", _ufw_rule(reference, match["way"], ufw)
    if chain.startswith(("ufw-reject-", "ufw6-reject-")):
        return "ufw", "ufw default: reject (incoming)"
    if chain.startswith(("ufw-user-limit", "ufw6-user-limit")):
        accepts = chain.endswith("accept")
        return "ufw", "ufw limit rule, within its limit" if accepts else "ufw limit rule, too many attempts"
    if chain.startswith(("ufw-skip-to-policy-", "ufw6-skip-to-policy-")):
        return "ufw", "ufw default: " + _policy_word(reference.rule) + " (incoming)"
    if chain.startswith(("ufw-", "ufw6-")):
        return "ufw", f"ufw's own chain {chain}: {reference.rule}"
    if ufw is not None and ufw.enabled and _is_built_in(reference) and reference.what == "policy":
        way = {"INPUT": "incoming", "OUTPUT": "outgoing", "FORWARD": "routed"}.get(chain, "")
        if way and reference.table == "filter":
            return "ufw", f"ufw default: {_policy_word(reference.rule)} ({way})"
    return None


def _is_built_in(reference: RuleReference) -> bool:
    return reference.engine.startswith("iptables") and reference.chain.isupper()


def _policy_word(rule: str) -> str:
    return "allow" if "accept" in rule.lower() else "reject" if "reject" in rule.lower() else "deny"


def _ufw_rule(reference: RuleReference, way: str, ufw: Ufw | None) -> str:
    """`ufw rule 3: 5000/tcp DENY IN Anywhere`; without the number where ufw's own list was not read."""
    option = _options(reference.rule)
    words = _ufw_words(option, way, reference.family == "ip6")
    number = _ufw_number(option, words, ufw, reference.family == "ip6") if ufw is not None else 0
    return f"ufw rule {number}: {words}" if number else f"ufw rule: {words}"


def _options(rule: str) -> dict[str, str]:
    """`-p tcp --dport 22 -j DROP` as {"-p": "tcp", "--dport": "22", "-j": "DROP"}; `! -s X` is {"-s": "!X"}."""
    found: dict[str, str] = {}
    words = split(rule)
    for place, word in enumerate(words[:-1]):
        if word.startswith("-") and not words[place + 1].startswith("--"):
            found[word] = ("!" if place and words[place - 1] == "!" else "") + words[place + 1]
    return found


def _ufw_words(option: dict[str, str], way: str, six: bool) -> str:
    port = option.get("--dport", option.get("--dports", ""))
    proto = option.get("-p", "")
    target = option.get("-j", "")
    action = "LIMIT" if "limit" in target else _UFW_ACTIONS.get(target, target)
    to = _application(option) or _ufw_side(option.get("-d", ""), port, proto)
    source_port = option.get("--sport", option.get("--sports", ""))
    source = _ufw_side(option.get("-s", ""), source_port, "" if port else proto)
    if "-i" in option:
        to += f" on {option['-i']}"
    mark = " (v6)" if six else ""
    return f"{to}{mark} {action} {_WAYS[way]} {source}{mark}"


def _application(option: dict[str, str]) -> str:
    """The application profile's name, which ufw keeps in the rule's comment: `dapp_WWW%20Full`."""
    name = option.get("--comment", "")
    return name.removeprefix("dapp_").partition(",")[0].replace("%20", " ") if name.startswith("dapp_") else ""


def _ufw_side(address: str, port: str, proto: str) -> str:
    place = address.removesuffix("/32").removesuffix("/128")
    what = f"{port}/{proto}" if port and proto else port
    if not what and proto and place:
        return f"{place}/{proto}"
    return " ".join(part for part in (place, what) if part) or "Anywhere"


def _ufw_number(option: dict[str, str], words: str, ufw: Ufw, six: bool) -> int:
    """Which number `ufw status numbered` gives the line that this kernel rule comes from; 0 where none is like it.

    ufw numbers all rules for IPv4 first and then those for IPv6; a line without an address is in both lists."""
    number = 0
    for second in (False, True):
        for line in ufw.rules:
            stated = re.match(r"\s*\[\s*(\d+)\]", line)
            if not stated and _FOREIGN[second].search(line):
                continue
            number += 1
            if second is six and _same_ufw_rule(line, option, words):
                return int(stated[1]) if stated else number
    return 0


def _same_ufw_rule(line: str, option: dict[str, str], words: str) -> bool:
    """Compares action, port, protocol, addresses and interface; a line without a protocol stands for two kernel rules."""
    status = re.sub(r"^\s*\[\s*\d+\]\s*", "", line).split(" #")[0]
    if " ".join(status.split()) in (words, re.sub(r"^(\S+)/(tcp|udp)", r"\1", words)):
        return True
    if not line.startswith("ufw "):
        return False
    told = _added(line)
    application = _application(option)
    if application:
        return told["app"] == application
    target = option.get("-j", "")
    action = "limit" if "limit" in target else {"ACCEPT": "allow", "DROP": "deny", "REJECT": "reject"}.get(target, "")
    return (
        told["action"] == action
        and told["port"] == option.get("--dport", option.get("--dports", ""))
        and told["proto"] in ("", option.get("-p", ""))
        and _bare(told["from"]) == _bare(option.get("-s", ""))
        and _bare(told["to"]) == _bare(option.get("-d", ""))
        and told["on"] == option.get("-i", "")
    )


def _bare(address: str) -> str:
    return address.removesuffix("/32").removesuffix("/128")


def _added(line: str) -> dict[str, str]:
    """`ufw deny in on eth0 from 10.0.0.0/8 to any port 5000 proto tcp` taken apart."""
    words = split(line)[1:]
    found = {"action": "", "port": "", "proto": "", "from": "", "to": "", "on": "", "app": ""}
    if words and words[0] == "route":
        words = words[1:]
    found["action"] = words[0] if words else ""
    side = "to"
    place = 1
    while place < len(words):
        word, following = words[place], words[place + 1] if place + 1 < len(words) else ""
        if word in ("from", "to"):
            side = word
            found[word] = "" if following == "any" else following
        elif word == "port" and side == "to":
            found["port"] = following.replace("-", ":")
        elif word in ("proto", "on", "app"):
            found[word] = following
        elif word == "comment":
            break
        elif word[:1].isdigit() and place == 1:
            found["port"], _, found["proto"] = word.partition("/")
            place -= 1
        else:
            found["app"] = found["app"] or (word if place == 1 and word not in ("in", "out") else "")
            place -= 1
        place += 2
    return found


# firewalld


def _firewalld(reference: RuleReference) -> Name:
    if reference.table == "firewalld_policy_drop":
        return "firewalld", "firewalld's panic mode"
    in_table = reference.table == "firewalld"
    match = _ZONE_CHAIN.fullmatch(reference.chain)
    if not in_table and (match is None or match["way"] not in ("IN", "FWDI", "FWDO", "FWD", "PRE", "POST")):
        return None
    if not in_table and not reference.engine.startswith("iptables"):
        return None
    if match is None or match["name"] in _ZONE_DISPATCH:
        return "firewalld", f"firewalld, what no zone accepts: {reference.rule}" if in_table else ""
    return "firewalld", _zone_words(match["name"], match["part"] or "", reference.rule)


def _zone_words(name: str, part: str, rule: str) -> str:
    policy = name.startswith("policy_")
    owner = f"firewalld policy {name.removeprefix('policy_')}" if policy else f"firewalld zone {name}"
    if part == "allow":
        return f"{owner}, allowed: {rule}"
    if part == "deny":
        return f"{owner}, denied: {rule}"
    if part in ("pre", "post", "log"):
        return f"{owner}, rich rule: {rule}"
    for verdict, words in (("reject", "default target"), ("drop", "target DROP"), ("accept", "target ACCEPT")):
        if verdict in rule.lower():
            return f"{owner}, {words if 'admin-prohibited' in rule or verdict != 'reject' else 'target REJECT'}"
    return f"{owner}: {rule}"


# The others, by the names of their chains, tables and sets


def _docker(reference: RuleReference) -> str:
    if reference.chain == "DOCKER-USER":
        return f"Docker's chain for your own rules, DOCKER-USER: {reference.rule}"
    option = _options(reference.rule)
    if "--to-destination" in option:
        return f"Docker publishes port {option.get('--dport', '')} to {option['--to-destination']}"
    if reference.chain == "DOCKER" and option.get("-j") == "ACCEPT":
        return f"Docker lets packets in to a published port: {_ufw_side(option.get('-d', ''), option.get('--dport', ''), '')}"
    return f"Docker's chain {reference.chain}: {reference.rule}"


def _fail2ban(reference: RuleReference) -> str:
    jail = reference.chain.removeprefix("f2b-")
    source = _options(reference.rule).get("-s", "").removesuffix("/32").removesuffix("/128")
    if match := _NAMED_BANS.search(reference.rule):
        jail = match["jail"]
    return f"fail2ban jail {jail} bans {source}" if source else f"fail2ban jail {jail}: {reference.rule}"


def _plain(owner: str) -> Callable[[RuleReference], str]:
    return lambda reference: f"{owner}, chain {reference.chain}: {reference.rule}"


_OWNERS: tuple[tuple[str, str, Callable[[RuleReference], str]], ...] = (
    (r"DOCKER(-.*)?|docker-bridges .*", "docker", _docker),
    (r"f2b-.*|f2b-table .*", "fail2ban", _fail2ban),
    (r"LIBVIRT_.*|libvirt_network .*", "libvirt", _plain("libvirt")),
    (r"KUBE-.*|kube-proxy .*", "kubernetes", _plain("Kubernetes")),
    (r"cali-.*|CALI-.*", "calico", _plain("Calico")),
    (r"CILIUM_.*", "cilium", _plain("Cilium")),
    (r"NETAVARK.*|netavark .*", "podman", _plain("Podman")),
    (r"CNI-.*", "cni", _plain("CNI")),
    (r"(?i)crowdsec.*", "crowdsec", _plain("CrowdSec")),
    (r"sshguard.*", "sshguard", _plain("sshguard")),
    (r"ts-(input|forward|postrouting)", "tailscale", _plain("Tailscale")),
    (r"(?i)nordvpn.*", "nordvpn", _plain("NordVPN")),
    (r"(?i)mullvad.*", "mullvad", _plain("Mullvad")),
    (r"lxd?\.?.* .*|lxc.*", "lxd", _plain("LXD")),
    (r"fw4 .*", "openwrt", _plain("OpenWrt's firewall")),
    (r"(?i)shorewall.*|(net|loc|fw)-(net|loc|fw)|(net|loc)2fw", "shorewall", _plain("Shorewall")),
)
_PATTERNS = tuple((re.compile(pattern), name, words) for pattern, name, words in _OWNERS)


def _by_prefix(reference: RuleReference) -> Name:
    for pattern, name, words in _PATTERNS:
        if pattern.fullmatch(reference.chain) or pattern.fullmatch(f"{reference.table} {reference.chain}"):
            return name, words(reference)
    if "docker" in reference.rule.lower() and "-o docker0" in reference.rule:
        return "docker", f"Docker's rule in {reference.chain}: {reference.rule}"
    return None
