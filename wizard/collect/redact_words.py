"""Words that are nobody's name here, even where somebody has it: what parsers and the judgement know a machine by.

A user called `mark` is replaced where a home folder or a user stands, and not in `meta mark set 0x1`.
"""

from __future__ import annotations

from functools import cache

from wizard import knowledge

_RULES = """
accept add address all anywhere app apps bridge broadcast chain check circular comment conntrack continue counter ct
dccp default deny destination dev device dnat dport drop dynamic elem elements esp established ether exthdr fib filter
flags flow flowtable forward frag fragments from goto group handle hash hook hooknum icmp icmpv6 iif iifname inet
ingress input insert interface interval invalid ip ip6 ipset iptables ipv4 ipv6 jump last length limit list listen
local log lookup loopback mac mangle map mark masquerade match max meta metainfo min mode multicast multiport nat net
netdev netfilter nexthdr nflog nft nftables numgen oif oifname original output owner permanent physdev pkttype policy
port portmap postrouting prefix prerouting priority proto protocol queue quota random range rate raw recent redirect
reject related reply reset return rich route rpfilter rule rules ruleset sctp security service services set sets size
skuid snat socket source sport state states statistic stolen string synproxy table target tcp tcpmss template timeout
timer tos tproxy ttl type udp udplite unreachable until untracked update user vlan vmap zone zones
"""
_SYSTEM = """
account accounts admin administrator admins agent agents apache application argv arp arping avahi awk backend bash
bind bitnami bonjour boot break bridge bus bytes caddy card cgroup chronyd client cloud cmd command compose conda conf
config connection connections conntrack console container containers core count cpu cron cupsd curl current cut cwd
daemon data database dead debian debug default demo deploy dev developer development device dhcp dig direct disk
django dnsmasq docker dotnet down dynamic echo edit enabled engine env environ environment error errors event exe exec
expo external fail2ban failed false fedora file files find firewall firewalld first flask foreign free frontend
gateway getent gid gradle grep group groups guest head home host hostname hosts http https hyperv ifconfig iis image
index info init input install internal internet ipconfig java jetty journalctl kernel kestrel kill lan last launchd
lib lib64 lighttpd link links linux listening live local localhost location lock login lsof main make manage manager
master maven mdns media memory method mode module monitor mount name names nameserver namespace namespaces neigh
neighbour net netcat netsh netstat network networks next nginx nobody node none npm npx nslookup null number offline
online open openssl openvpn opt option options owner page parent path pid ping pip platform pnpm pod podman poetry
port ports postgres powershell printer private privileged proc process processes production program project property
protocol proxy public puma python python3 rails reachable readlink redis release remote resolve resolver root router
routes run running runtime samba scope script search seconds sed self sent server servers service session settings
shared shell site sleep smbd snap socket source src sshd stale standalone started state static status stopped storage
sudo support svchost switch sys sysctl system systemctl systemd tail tailscaled target task tcpdump temp test tests
text thread time title tmp token tomcat tool tools true tty type ubuntu ufw unicorn unique unit unix unknown update
usage user users usr utils uv vagrant value var vendor venv version virtual vite volume web webapp webpack wget wifi
wireguard wlan worker workers workgroup wsl www xargs xen yarn zero zerotier
"""
_REPLIES = """
bad blocked close closed connect connected connection content date disallowedhost found header headers host html
invalid keep length location modified moved not ok refused request server title type
"""


@cache
def ordinary() -> frozenset[str]:
    """All of them, in lower case."""
    words = {*_RULES.split(), *_SYSTEM.split(), *_REPLIES.split()}
    for each in knowledge.frameworks():
        words.update(word.lower() for word in (each.name, *each.programs, *each.words))
    for service in knowledge.services():
        words.add(service.name.lower())
    return frozenset(words)
