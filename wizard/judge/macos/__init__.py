"""What a Mac does with the first packet of a connection: pf first, then the application firewall by program.

pf: the last matching rule decides, unless a matching one is `quick`; none matching passes (pf.conf(5)). The application
firewall asks which program holds the socket, never which port; loopback is not its business. Where it hides closed ports
(stealth mode), silence is all that a client gets.
"""

from wizard.judge.macos.decide import hides_closed_ports, reply, trace

__all__ = ["hides_closed_ports", "reply", "trace"]
