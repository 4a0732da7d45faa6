"""Single rules in which the model once was wrong, or may easily be: each against this kernel.

Most were found by `test_differential` and cut down; what this system cannot load is skipped.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.differential import Arena, Score, compare

IN4, IN6 = ("10.77.0.2", "10.77.0.1"), ("fd77::2", "fd77::1")
BEHIND4, BEHIND6 = ("10.77.0.2", "10.78.0.2"), ("fd77::2", "fd78::2")


def chain(rules: str, hook: str = "input", priority: int = 0, family: str = "inet", kind: str = "filter") -> str:
    return f"table {family} t {{ chain c {{ type {kind} hook {hook} priority {priority}; {rules}; }}; }}\n"


def save(table: str, *rules: str) -> str:
    return f"*{table}\n" + "".join(f"-A {rule}\n" for rule in rules) + "COMMIT\n"


NFT = {
    "a translation of IPv4 leaves IPv6 alone": chain(
        "meta l4proto tcp dnat ip to 10.78.0.2:80; drop", "prerouting", -100, kind="nat"
    ),
    "a hidden family before a reset": chain("meta nfproto ipv6 meta l4proto tcp reject with tcp reset"),
    "a hidden protocol before a reset": chain("meta protocol ip tcp dport 80 reject with tcp reset"),
    "a mark before a hidden family": chain("meta mark set 1 meta nfproto ipv6 reject with tcp reset; meta mark 1 drop"),
    "a verdict map before a hidden family": chain(
        "tcp dport vmap { 80 : drop, 8080 : accept } meta nfproto ipv4 reject with tcp reset"
    ),
    "the answer to a connection within its limits": chain(
        "ct count over 100000 accept; th dport > 8080 drop", "prerouting", -50
    ),
    "no family before a reset": chain("tcp dport 80 reject with tcp reset"),
    "an ICMP rejection means its family": chain("reject with icmp host-prohibited"),
    "no connection at all": chain("ct count over 0 reject"),
    "up to no connection": chain("ct count 0 reject"),
    "one connection": chain("ct count over 1 reject"),
    "synproxy": "table inet t { chain r { type filter hook prerouting priority -300; tcp flags syn notrack; }; chain c {"
    " type filter hook input priority 0; ct state untracked synproxy mss 1460 wscale 7; ct state invalid drop; }; }\n",
    "tproxy for a socket that is not transparent": chain("meta l4proto tcp tproxy to :5000 accept", "prerouting", -150),
    "tproxy for nobody": chain("meta l4proto tcp tproxy to :5999 drop", "prerouting", -150),
    "netmap": chain("dnat ip prefix to ip daddr map { 10.77.0.0/24 : 10.78.0.0/24 }", "prerouting", -100, kind="nat"),
    "a port map": chain("dnat ip to tcp dport map { 22 : 10.78.0.2 . 80 }", "prerouting", -100, kind="nat"),
    "a small segment": chain("tcp option maxseg size 1-500 drop"),
    "any segment": chain("tcp option maxseg size >= 500 drop"),
    "an extension header asked of all": chain("exthdr frag missing drop"),
    "raw bytes": chain("meta l4proto tcp @th,16,16 80 drop"),
    "a chain that came later": chain("reject with icmpx admin-prohibited")
    + "table inet other { chain c { type filter hook input priority 0; drop; }; }\n"
    + "table inet t { chain later { type filter hook input priority 0; meta l4proto tcp reject with tcp reset; }; }\n",
    "a limit on the way of the rejection": chain("reject")
    + chain("limit rate over 1/second drop", "output").replace(" t ", " u "),
}
NFT_STEPS = {
    "a chain that came into the older table last": [
        chain("reject with icmpx admin-prohibited"),
        "table inet other { chain c { type filter hook input priority 0; drop; }; }\n",
        "table inet t { chain later { type filter hook input priority 0; meta l4proto tcp reject with tcp reset; }; }\n",
    ],
    "a chain that came into the older table alone": [
        chain("accept", "forward"),
        "table inet other { chain c { type filter hook input priority 0; drop; }; }\n",
        "table inet t { chain later { type filter hook input priority 0; meta l4proto tcp reject with tcp reset; }; }\n",
    ],
}
IPTABLES = {
    "no flag is no status": save("filter", "INPUT -m conntrack --ctstatus NONE -j DROP"),
    "not even without": save("filter", "INPUT -m conntrack ! --ctstatus NONE -j DROP"),
    "without a connection only its state is asked": save("raw", "PREROUTING -j CT --notrack")
    + save("filter", "INPUT -m conntrack --ctstate UNTRACKED --ctorigdstport 1 -j DROP"),
    "but its state is": save("raw", "PREROUTING -j CT --notrack")
    + save("filter", "INPUT -m conntrack --ctstate NEW --ctorigdstport 1:65535 -j DROP"),
    "above no connection": save("filter", "INPUT -p tcp -m connlimit --connlimit-above 0 -j REJECT"),
    "up to no connection": save("filter", "INPUT -p tcp -m connlimit --connlimit-upto 0 -j REJECT"),
    "TPROXY for a socket that is not transparent": save("mangle", "PREROUTING -p tcp -j TPROXY --on-port 5000"),
    "TPROXY for nobody": save("mangle", "PREROUTING -p tcp -j TPROXY --on-port 5999"),
    "SYNPROXY": save("raw", "PREROUTING -p tcp --syn -j CT --notrack")
    + save(
        "filter",
        "INPUT -p tcp -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY --sack-perm --mss 1460",
        "INPUT -m conntrack --ctstate INVALID -j DROP",
    ),
    "every day": save("filter", "INPUT -m time --weekdays Mon,Tue,Wed,Thu,Fri,Sat,Sun -j DROP"),
    "no day": save("filter", "INPUT -m time --datestart 2037-01-01 -j DROP"),
    "every hour": save("filter", "INPUT -m time --timestart 00:00 --timestop 23:59:59 -j DROP"),
    "an hour of its own": save("filter", "INPUT -m time --timestart 12:00 --timestop 12:00 -j DROP"),
    "the days of the month": save("filter", f"INPUT -m time --monthdays {','.join(map(str, range(1, 32)))} -j DROP"),
    "always by chance": save("filter", "INPUT -m statistic --mode random --probability 1 -j DROP"),
    "never by chance": save("filter", "INPUT -m statistic --mode random --probability 0 -j DROP"),
    "every single one": save("filter", "INPUT -m statistic --mode nth --every 1 --packet 0 -j DROP"),
    "a word in a SYN": save("filter", 'INPUT -p tcp -m string --algo bm --string "GET /" -j DROP'),
    "no such word": save("filter", 'INPUT -p tcp -m string --algo kmp ! --string "GET /" -j DROP'),
    "the least segment": save("filter", "INPUT -p tcp -m tcpmss --mss 1:500 -j DROP"),
    "u32 behind the header": save("filter", 'INPUT -p tcp -m u32 --u32 "0>>22&0x3C@0&0xFFFF=80" -j DROP'),
    "u32 at the end": save("filter", 'INPUT -p udp -m u32 --u32 "24=0:0xFFFFFFFF" -j DROP'),
    "u32 beyond the end": save("filter", 'INPUT -p udp -m u32 ! --u32 "2000=0:0xFFFFFFFF" -j DROP'),
    "u32 of a byte that may be anything": save("filter", 'INPUT -m u32 --u32 "8>>24=65:128" -j DROP'),
    "bpf over the ports": save(
        "filter", 'INPUT -p tcp -m bpf --bytecode "5,177 0 0 0,72 0 0 2,21 0 1 80,6 0 0 1,6 0 0 0" -j DROP'
    ),
    "bpf over arithmetic": save(
        "filter",
        'INPUT -p tcp -m bpf --bytecode "7,48 0 0 9,20 0 0 2,36 0 0 3,84 0 0 15,21 0 1 12,6 0 0 1,6 0 0 0" -j DROP',
    ),
    "bpf over a jump": save(
        "filter", 'INPUT -p tcp -m bpf --bytecode "6,48 0 0 8,37 0 1 63,6 0 0 0,5 0 0 0,6 0 0 1,6 0 0 1" -j DROP'
    ),
    "a list that nobody is in": save("filter", "INPUT -m recent --rcheck --name none -j DROP"),
    "NETMAP": save("nat", "PREROUTING -j NETMAP --to 10.78.0.0/24"),
    "a socket that is there": save("mangle", "PREROUTING -p tcp -m socket --nowildcard -j DROP"),
    "the way back": save("raw", "PREROUTING -m rpfilter --invert -j DROP"),
    "no bridge": save("filter", "INPUT -m physdev ! --physdev-is-bridged -j DROP"),
}
IPSETS = {
    "two addresses of a net": (
        "create s hash:net\nadd s 10.77.0.2/31\n",
        save("filter", "INPUT -m set --match-set s src -j DROP"),
    ),
    "one of them excepted": (
        "create s hash:net\nadd s 10.77.0.2/31\nadd s 10.77.0.3 nomatch\n",
        save("filter", "INPUT -m set --match-set s src -j DROP"),
    ),
    "a net and the device": (
        "create s hash:net,iface\nadd s 10.77.0.2/31,veth-s\n",
        save("filter", "INPUT -m set --match-set s src,src -j DROP"),
    ),
    "a net and a port": (
        "create s hash:net,port\nadd s 10.77.0.2/31,tcp:80\n",
        save("filter", "INPUT -m set --match-set s src,dst -j DROP"),
    ),
    "a range of addresses": (
        "create s bitmap:ip range 10.77.0.0/24\nadd s 10.77.0.3-10.77.0.80\n",
        save("filter", "INPUT -m set --match-set s src -j DROP"),
    ),
    "an address, a port and a net": (
        "create s hash:ip,port,net\nadd s 10.77.0.2,udp:80,10.77.0.0/31\n",
        save("filter", "INPUT -m set --match-set s src,dst,dst -j DROP"),
    ),
}


@pytest.fixture(scope="module")
def arena() -> Iterator[Arena]:
    with Arena() as made:
        yield made


def _agree(arena: Arena, *steps: tuple[str, str]) -> None:
    """Loads the steps, and compares packets of both families, here and behind."""
    arena.clear()
    for command, text in steps:
        try:
            arena.on_server(*command.split(), text=text)
        except RuntimeError as error:
            pytest.skip(f"this system does not load it: {error}")
    score = Score()
    ways = (IN4, IN6, BEHIND4, BEHIND6, ("10.77.0.3", "10.77.0.1"))
    asked = [arena.packet(*way, port, proto) for way in ways for port in (22, 80) for proto in ("tcp", "udp")]
    compare(arena, asked, score)
    assert not score.wrong, "\n".join(score.wrong)


@pytest.mark.needs("ip", "nft")
@pytest.mark.parametrize("case", [*NFT, *NFT_STEPS])
def test_nft(arena: Arena, case: str) -> None:
    _agree(arena, *(("nft -f -", text) for text in NFT_STEPS.get(case) or [NFT[case]]))


@pytest.mark.needs("ip", "iptables")
@pytest.mark.parametrize("case", IPTABLES)
def test_iptables(arena: Arena, case: str) -> None:
    """By turns in nft's tables and in those of its own: the words are the same."""
    text = IPTABLES[case]
    flavour = ("", "-legacy")[list(IPTABLES).index(case) % 2]
    six = f"ip6tables{flavour}-restore"
    _agree(arena, (f"iptables{flavour}-restore", text), *(() if case == "NETMAP" else ((six, text),)))


@pytest.mark.needs("ip", "iptables", "ipset")
@pytest.mark.parametrize("case", IPSETS)
def test_ipset(arena: Arena, case: str) -> None:
    sets, rules = IPSETS[case]
    _agree(arena, ("ipset restore", sets), ("iptables-restore", rules))
