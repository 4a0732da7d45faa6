"""The rulesets in a private network namespace, and this kernel's answer."""
