"""Whose chains these are: names a rule in the words of ufw, firewalld, Docker, fail2ban, libvirt or Kubernetes."""

from __future__ import annotations

from wizard.model.capture import Unknown
from wizard.model.facts import Firewalld, Ufw
from wizard.model.journey import RuleReference


def named(reference: RuleReference, ufw: Ufw | Unknown | None, firewalld: Firewalld | Unknown | None) -> RuleReference:
    """The reference with `front_end` and `front_end_words`, if the chain is one of theirs."""
    return reference
