"""Windows Firewall decides by action and never by order: bypass before block, block before allow, allow before the default.

An inbound connection is asked about when a socket accepts it (FWPM_LAYER_ALE_AUTH_RECV_ACCEPT), so the rules know the
program, the service and the profile of the interface; a packet to a port without a socket never gets that far, and stealth
mode keeps the reset back that it would be answered with.

Sources: [MS-FASP] 2.2.34 and 2.2.37; "ALE layers" of the Windows Filtering Platform's documentation.
"""

from wizard.judge.windows.decide import hides_closed_ports, reply, trace

__all__ = ["hides_closed_ports", "reply", "trace"]
