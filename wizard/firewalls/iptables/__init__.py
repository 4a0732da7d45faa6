"""iptables and ip6tables, both kinds: reads `iptables-save` and single rules."""
