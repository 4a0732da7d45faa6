"""What the random rulesets of `random_rules` leave out: rarer matches, targets and sets, and tables that grow.

Apart from it, so that its seeds keep their meaning.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.live.differential import (
    BACKEND4,
    BACKEND6,
    CLIENT_MAC,
    PORTS,
    SECOND4,
    SECOND6,
    SERVER4,
    SERVER6,
    SOURCES4,
    SOURCES6,
)
from tests.live.random_rules import NETS4, NETS6, Iptables, Nft


class MoreNft(Nft):
    """Rulesets with hidden families, rarer fields, sets that rules fill, and chains that come later."""

    def __init__(self, random: Random, tables: int = 2, shift: int = 0) -> None:
        super().__init__(random, tables, shift)
        self.later = self._later(tables) if random.random() < 0.5 else ""
        """Commands for a second transaction."""

    def _table(self, number: int) -> str:
        text = super()._table(number)
        extra = [f"table {self.family} t{number} {{"]
        if self.family != "ip6":
            # Its elements hold a source port, which no two packets share.
            extra.append("set seen { type ipv4_addr . inet_service; size 65535; flags dynamic; }")
            extra.append(f"set wide {{ type ipv4_addr . inet_service; flags interval; {self._wide()} }}")
        return "\n".join([*extra, "}", text])

    def _wide(self) -> str:
        nets = self.random.sample(("10.77.0.0/26", "192.168.0.0/16", "172.16.9.9", "8.8.8.8"), 2)
        spans = (self._pick("1-1024", "22", "400-6000", "1000-65535") for _ in nets)
        return f"elements = {{ {', '.join(f'{net} . {span}' for net, span in zip(nets, spans, strict=True))} }};"

    def _later(self, tables: int) -> str:
        """A chain of its own for a table that is already there, mostly at another chain's priority."""
        lines = []
        number = self.random.randrange(tables)
        self.family = self.text.split(f" t{number} ")[0].split()[-1]
        self.sets = {"addr": [], "port": [], "pair": [], "if": [], "vport": [], "vaddr": []}
        self.set_family, self.number = "ip", number
        hook, priority = self._pick("input", "input", "forward", "prerouting"), self._pick("0", "0", "-10", "-150")
        lines.append(f"table {self.family} t{number} {{ chain later {{")
        lines.append(f"type filter hook {hook} priority {int(priority) + self.shift}; policy accept;")
        lines += self._rules(self.random.randint(1, 5), [], hook)
        return "\n".join([*lines, "}", "}", ""])

    def _verdict(self, targets: list[str], where: str, before: str) -> str:
        r = self.random
        if where in ("input", "forward", "prerouting") and r.random() < 0.15:
            if self.family == "inet" and self.proto == "tcp":
                only = self._pick("meta nfproto ipv4 ", "meta nfproto ipv6 ", "meta protocol ip ", "")
                clash = any(word in before for word in ("nfproto", "meta protocol", "ip ", "ip6 "))
                return f"{'' if clash else only}reject with tcp reset"
            if self.family == "inet" and "ip6 " not in before and "ip " not in before and "proto" not in before:
                return self._pick("reject with icmp type host-prohibited", "reject with icmpv6 type no-route")
        return super()._verdict(targets, where, before)

    def _nat(self) -> str:
        r = self.random
        if r.random() < 0.6 or self.family == "ip6" or not self.four or self.proto == "th":
            return super()._nat()
        word, family = f"{self.proto} dport", "ip " if self.family == "inet" else ""
        pairs = f"22 : {BACKEND4} . 80, 80 : {SECOND4} . 5000, 443 : {SERVER4} . 22"
        return r.choice(
            (
                f"{word} {r.choice(PORTS)} dnat {family}to {BACKEND4}:{r.choice(PORTS)}",
                f"dnat {family}addr . port to {word} map {{ {pairs} }}",
                f"dnat {family}prefix to ip daddr map {{ 10.77.0.0/24 : 10.78.0.0/24 }}",
                f"{word} 1-1000 redirect to :{r.choice(PORTS)}",
                f"redirect to :{word} map {{ 22 : 80, 80 : 5000, 443 : 8080 }}",
            )
        )

    def _condition(self, where: str) -> str:
        r = self.random
        if r.random() < 0.7:
            return super()._condition(where)
        port, proto, four = r.choice(PORTS), self.proto, self.four
        hosts = SOURCES4 if four else SOURCES6
        ip = "ip" if four else "ip6"
        named = proto != "th"
        # `ct l3proto` is left out: nft does not show it in its listings (it takes it for implied).
        choices: list[Callable[[], str]] = [
            lambda: "" if named else f"{'ip protocol' if four else 'ip6 nexthdr'} {self._pick('tcp', 'udp', '!= tcp')}",
            lambda: f"meta l4proto tcp @th,16,16 {port}" if not named else "",
            lambda: f"{ip} saddr {r.choice(hosts)} counter",
            lambda: f"limit rate over {self._pick('100000/second', '1000000/minute')}",
            lambda: "limit rate 100000/second burst 100000 packets",
            lambda: "ct count over 100000",
            lambda: f"quota over {self._pick('10 mbytes', '1000 mbytes')}",
            lambda: f"{ip} saddr & {self._mask(four)} == {self._masked(four)}",
            lambda: f"{proto} dport & 0xff00 == {self._pick('0', '0x1300', '0x0300')}" if named else "",
            lambda: f"ct {self._pick('original', 'reply')} {ip} saddr {self._pick(*hosts)}",
            lambda: f"{proto} dport {port} ct original proto-src {self._pick('20000-40000', '1-100')}" if named else "",
            lambda: "ip frag-off & 0x1fff == 0" if four else "exthdr frag missing",
            lambda: f"meta skuid {self._pick('0', '!= 0')}" if where == "input" else "",
            lambda: f"tcp option maxseg size {self._pick('1-500', '>= 500', '< 400')}" if proto == "tcp" else "",
            # Most senders' hardware addresses are not known.
            lambda: f"ether saddr {CLIENT_MAC}" if where == "input" and r.random() < 0.2 else "",
            lambda: f"meta iifkind {self._pick('veth', 'dummy')}" if where in ("input", "prerouting") else "",
            lambda: (
                f"fib daddr . iif type {self._pick('local', 'unicast')}" if where in ("input", "prerouting") else ""
            ),
            lambda: f"{ip} saddr {self._pick(*hosts)} {ip} daddr != {SERVER4 if four else SERVER6}",
            lambda: f"ct mark & 0x7 == {self._pick('0', '7')}",
            lambda: f"meta mark {self._pick('!= 0', '> 1', '{ 1, 0x10, 0x22 }')}",
        ]
        if four and self.family != "ip6" and where != "nat":
            choices += [
                lambda: f"add @seen {{ ip saddr . {proto} sport }}" if named else "",
                lambda: f"ip saddr . {proto} sport {self._pick('', '!= ')}@seen" if named else "",
                lambda: f"ip saddr . {proto} dport @wide" if named else "",
            ]
        text = r.choice(choices)()
        return "" if where == "nat" and any(word in text for word in ("limit", "quota", "count")) else text

    def _mask(self, four: bool) -> str:
        return "255.255.0.0" if four else "ffff::"

    def _masked(self, four: bool) -> str:
        return self._pick("10.77.0.0", "192.168.0.0", "8.8.0.0") if four else self._pick("fd77::", "2001::")


class MoreIptables(Iptables):
    """Rulesets with the rarer matches, targets and ipsets, in all chains of all tables."""

    def _ipsets(self) -> str:
        r = self.random
        lines = [super()._ipsets()]
        for s, word, nets, hosts, targets in (
            ("4", "inet", NETS4, SOURCES4, (SERVER4, SECOND4, BACKEND4)),
            ("6", "inet6", NETS6, SOURCES6, (SERVER6, SECOND6, BACKEND6)),
        ):
            small = [each for each in nets if not each.endswith("/0")]
            lines.append(f"create three{s} hash:ip,port,ip family {word}")
            lines += [
                f"add three{s} {r.choice(hosts)},{self._pick('tcp', 'udp')}:{r.choice(PORTS)},{r.choice(targets)} -exist"
                for _ in range(6)
            ]
            lines.append(f"create mixed{s} hash:ip,port,net family {word}")
            lines += [
                f"add mixed{s} {r.choice(hosts)},{self._pick('tcp', 'udp')}:{r.choice(PORTS)},{r.choice(small)} -exist"
                for _ in range(6)
            ]
        lines += [
            "create range bitmap:ip range 10.77.0.0/24",
            f"add range 10.77.0.{self._pick('2', '3-10.77.0.80', '1-10.77.0.2')}",
        ]
        lines += ["create seen4 hash:ip,port", "create seen6 hash:ip,port family inet6"]
        lines += [f"create small4 hash:net family inet\nadd small4 {self._pick('10.77.0.2/31', '10.77.0.76/31')}"]
        return "\n".join(line.rstrip("\n") for line in lines) + "\n"

    def _rule(self, table: str, hook: str, chain: str, chains: list[str]) -> str:
        text = super()._rule(table, hook, chain, chains)
        return text if "TPROXY" not in text or " -p " in text else text.replace(f"-A {chain}", f"-A {chain} -p tcp", 1)

    def _target(self, table: str, hook: str, chains: list[str]) -> str:
        r = self.random
        if r.random() < 0.75:
            return super()._target(table, hook, chains)
        four = self.family == 4
        choices = ["-j NFLOG --nflog-group 3", f"-j SET --add-set seen{self.family} src,src", "-j RETURN", "-j ACCEPT"]
        if table == "mangle":
            choices += ["-j CONNMARK --save-mark", "-j MARK --and-mark 0xf", "-j DSCP --set-dscp 8"]
            # Whether the socket is transparent nobody can know.
            if hook == "PREROUTING" and r.random() < 0.2:
                choices += ["-j TPROXY --on-port 5000 --tproxy-mark 0x1/0x1"]
        if table == "nat" and four:
            choices = [
                "-j NETMAP --to 10.78.0.0/24",
                f"-j REDIRECT --to-ports {self._pick('22', '80', '5000')}",
                f"-j DNAT --to-destination {SECOND4}:{r.choice(PORTS)}",
                f"-j DNAT --to-destination {BACKEND4}",
            ]
        return r.choice(choices)

    def _condition(self, table: str, hook: str, proto: str) -> str:
        r = self.random
        if r.random() < 0.6:
            return super()._condition(table, hook, proto)
        four, s, port = self.family == 4, self.family, r.choice(PORTS)
        bang = self._pick("", "", "! ")
        choices: list[Callable[[], str]] = [
            lambda: f"-m u32 {bang}--u32 {chr(34)}{self._u32(four, port)}{chr(34)}",
            lambda: f"-m bpf --bytecode {chr(34)}{self._bpf(four, port)}{chr(34)}",
            lambda: (
                f"-m mac {bang}--mac-source {self._pick(CLIENT_MAC, '02:00:00:00:00:09')}" if hook == "INPUT" else ""
            ),
            lambda: (
                "-m hashlimit --hashlimit-upto 100000/sec --hashlimit-burst 100000 --hashlimit-name h"
                + " --hashlimit-mode srcip"
            ),
            lambda: "-m connlimit --connlimit-above 100000" if hook in ("INPUT", "FORWARD") else "",
            lambda: f"-m statistic --mode random {bang}--probability {self._pick('0', '1.0')}",
            lambda: f"-m set {bang}--match-set seen{s} src,src",
            lambda: f"-m set {bang}--match-set three{s} src,dst,dst",
            lambda: f"-m set {bang}--match-set mixed{s} src,dst,dst",
            lambda: f"-m set {bang}--match-set {self._pick('range', 'small4')} src" if four else "",
            lambda: f"-m conntrack {bang}--ctstatus {self._pick('NONE', 'CONFIRMED', 'SEEN_REPLY')}",
            lambda: (
                f"-m conntrack --ctstate {self._pick('INVALID', 'UNTRACKED', 'NEW', 'NEW,UNTRACKED')}"
                f" {bang}--ctorigdstport {self._pick('22', '1:1000')} --ctdir ORIGINAL"
            ),
            lambda: f"-m conntrack {bang}--ctreplsrc {self._pick(SERVER4, BACKEND4) if four else SERVER6}",
            lambda: "-m owner --uid-owner 0" if hook == "OUTPUT" and r.random() < 0.2 else "",
            lambda: "-m time --weekdays Mon,Tue,Wed,Thu,Fri,Sat,Sun",
            lambda: f"-m cpu {bang}--cpu 0" if r.random() < 0.05 else "",
            lambda: "-m addrtype --dst-type LOCAL --limit-iface-in" if hook in ("INPUT", "PREROUTING") and four else "",
            lambda: f"-m devgroup {bang}--src-group 0" if r.random() < 0.05 else "",
        ]
        if proto == "tcp":
            choices += [
                lambda: f"-m tcpmss {bang}--mss {self._pick('1:500', '0:100')}",
                lambda: f'-m string --algo bm {bang}--string "GET /index"',
                lambda: (
                    f"-m tcp {bang}--tcp-flags {self._pick('RST RST', 'SYN,FIN SYN,FIN', 'SYN SYN', 'URG,PSH NONE')}"
                ),
            ]
        return r.choice(choices)()

    def _u32(self, four: bool, port: int) -> str:
        if not four:
            return self._pick(f"40&0xFFFF={port}", "4&0xFF00=0x0600", "4>>8&0xFF=6,17", "8=0xfd770000")
        return self._pick(
            f"0>>22&0x3C@0&0xFFFF={port}",
            f"0>>22&0x3C@0&0xFFFF={port}:65535",
            "6&0xFF=6",
            "6&0xFF=6,17 && 12=0x0a4d0002",
            "4&0x1FFF=0 && 6&0xFF=17",
            "16=0x0a4d0001:0x0a4d00ff",
            "0>>22&0x3C@12>>16&0x3F=0x02",
        )

    def _bpf(self, four: bool, port: int) -> str:
        proto = "48 0 0 9" if four else "48 0 0 6"
        return self._pick(
            f"4,{proto},21 0 1 6,6 0 0 1,6 0 0 0",
            f"4,{proto},21 0 1 17,6 0 0 65535,6 0 0 0",
            f"5,177 0 0 0,72 0 0 2,21 0 1 {port},6 0 0 1,6 0 0 0"
            if four
            else f"4,40 0 0 42,21 0 1 {port},6 0 0 1,6 0 0 0",
            "4,32 0 0 12,21 0 1 172818434,6 0 0 1,6 0 0 0" if four else "4,32 0 0 8,37 0 1 1,6 0 0 1,6 0 0 0",
        )


def more_nft_commands(random: Random, shift: int = 0) -> list[str]:
    """A ruleset as one or two transactions."""
    made = MoreNft(random, shift=shift)
    return [text for text in (made.text, made.later) if text]
