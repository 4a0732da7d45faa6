"""One module per firewall: reads its listing, writes its commands."""

from wizard.firewalls.engines import read

__all__ = ["read"]
