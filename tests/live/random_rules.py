"""Random rulesets and packets aimed at them, for the differential tests. All comes from one `Random`: a seed is a case."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.live.differential import (
    BACK_LINK,
    BACKEND4,
    BACKEND6,
    PORTS,
    SECOND4,
    SECOND6,
    SERVER4,
    SERVER6,
    SERVER_LINK,
    SOURCES4,
    SOURCES6,
    Arena,
)
from wizard.model.packet import Packet

NETS4 = (
    "10.77.0.0/24",
    "10.77.0.0/26",
    "192.168.0.0/16",
    "172.16.9.9",
    "8.8.8.8",
    "10.0.0.0/8",
    "0.0.0.0/0",
    "10.77.0.2/31",
)
NETS6 = ("fd77::/64", "fd77::2", "2001:db8::/32", "fd99:1::9", "fd00::/8", "::/0")
CT_STATES = ("new", "established", "invalid", "new,established", "established,related", "untracked")
CTSTATES = ("NEW", "ESTABLISHED,RELATED", "INVALID", "NEW,UNTRACKED", "DNAT", "UNTRACKED")
TCP_FLAGS = ("syn", "== syn", "!= syn", "& (syn|ack) == syn", "& (fin|syn|rst|ack) == syn", "ack", "syn / syn,ack",
             "& (ack|rst) == 0")  # fmt: skip
FLAG_PAIRS = ("SYN,ACK SYN", "ALL SYN", "FIN,SYN,RST,ACK SYN", "ACK ACK", "ALL NONE")
LINKS = (SERVER_LINK, BACK_LINK, "lo", "eth9")


def packets(arena: Arena, random: Random, count: int) -> list[Packet]:
    """First packets of both families and protocols, from all kinds of sources, to the server and through it."""
    found = []
    for _ in range(count):
        six = random.random() < 0.35
        source = random.choice(SOURCES6 if six else SOURCES4)
        targets = (SERVER6, SERVER6, SECOND6, BACKEND6) if six else (SERVER4, SERVER4, SECOND4, BACKEND4)
        proto = "tcp" if random.random() < 0.6 else "udp"
        found.append(arena.packet(source, random.choice(targets), random.choice(PORTS), proto))
    return found


class Nft:
    """A random ruleset in nft's words."""

    def __init__(self, random: Random, tables: int = 2, shift: int = 0) -> None:
        """`shift` moves the priorities of the filter chains, away from those of another engine."""
        self.random = random
        self.shift = shift
        self.sets: dict[str, list[str]] = {}
        texts = [self._table(number) for number in range(tables)]
        if random.random() < 0.25:
            texts.append(self._ingress())
        self.text = "\n".join(texts)

    def _pick(self, *choices: str) -> str:
        return self.random.choice(choices)

    def _some(self, pool: tuple[str, ...] | tuple[int, ...], most: int = 4) -> list[str]:
        return [str(each) for each in self.random.sample(list(pool), self.random.randint(1, min(most, len(pool))))]

    def _table(self, number: int) -> str:
        self.family = self._pick("inet", "inet", "ip", "ip6")
        self.number = number
        lines = [f"table {self.family} t{number} {{"]
        lines += self._sets()
        self.regular = [f"r{each}" for each in range(self.random.randint(0, 3))]
        for place, name in enumerate(self.regular):
            body = self._rules(self.random.randint(1, 4), self.regular[place + 1 :], "any")
            lines += [f"chain {name} {{", *body, "}"]
        for name, hook, kind, place in self._bases():
            priority = place + self.shift * (kind != "nat")
            policy = (
                self._pick("accept", "accept", "drop")
                if kind == "filter" and hook in ("input", "forward")
                else "accept"
            )
            rules = self._rules(
                self.random.randint(1, 7), self.regular if kind == "filter" else [], kind if kind == "nat" else hook
            )
            lines += [f"chain {name} {{", f"type {kind} hook {hook} priority {priority}; policy {policy};", *rules, "}"]
        return "\n".join([*lines, "}"])

    def _ingress(self) -> str:
        """A chain on the device itself, in front of everything."""
        self.family = self._pick("netdev", "inet")
        lines = []
        for _ in range(self.random.randint(1, 4)):
            self.proto = self._pick("tcp", "udp")
            four = self.random.random() < 0.6
            ip, nets = ("ip", NETS4[:-1]) if four else ("ip6", NETS6[:-1])
            port = self.random.choice(PORTS)
            source, target = f"{ip} saddr {self.random.choice(nets)}", f"{self.proto} dport {port}"
            conditions = (source, target, f"{source} {target}", f"meta l4proto {self.proto}", f"iifname {SERVER_LINK}")
            lines.append(
                f"{self.random.choice(conditions)} {self._pick('accept', 'drop', 'drop', 'meta mark set 1', 'counter')}"
            )
        head = f"type filter hook ingress device {SERVER_LINK} priority {self._pick('0', '-10')}; policy accept;"
        return "\n".join([f"table {self.family} ingress {{", "chain first {", head, *lines, "}", "}"])

    def _bases(self) -> list[tuple[str, str, str, int]]:
        pool = [
            ("in0", "input", "filter", 0), ("in1", "input", "filter", -10), ("in2", "input", "filter", 20),
            ("fw0", "forward", "filter", 0), ("pre0", "prerouting", "filter", -300), ("pre1", "prerouting", "filter", -150),
            ("pre2", "prerouting", "filter", -50), ("post0", "postrouting", "filter", 0), ("nat0", "prerouting", "nat", -100),
            ("nat1", "prerouting", "nat", -90), ("out0", "output", "filter", 0),
        ]  # fmt: skip
        chosen = [pool[0], *self.random.sample(pool[1:], self.random.randint(0, 4))]
        return chosen

    def _sets(self) -> list[str]:
        lines = []
        self.sets = {"addr": [], "port": [], "pair": [], "if": [], "vport": [], "vaddr": []}
        four = self.family != "ip6" and (self.family == "ip" or self.random.random() < 0.6)
        self.set_family = "ip" if four else "ip6"
        pool = NETS4[:6] if four else NETS6[:5]
        kind = "ipv4_addr" if four else "ipv6_addr"
        hosts = SOURCES4 if four else SOURCES6
        if self.random.random() < 0.5:
            lines.append(
                f"set addr {{ type {kind}; flags interval; auto-merge; elements = {{ {', '.join(self._some(pool))} }}; }}"
            )
            self.sets["addr"].append("addr")
        if self.random.random() < 0.4:
            lines.append(
                f"set port {{ type inet_service; flags interval; auto-merge; elements = {{ {', '.join(self._ports())} }}; }}"
            )
            self.sets["port"].append("port")
        if self.random.random() < 0.4:
            pairs = ", ".join({f"{host} . {self.random.choice(PORTS)}" for host in self._some(hosts)})
            lines.append(f"set pair {{ type {kind} . inet_service; elements = {{ {pairs} }}; }}")
            self.sets["pair"].append("pair")
        if self.random.random() < 0.3:
            lines.append(f"set links {{ type ifname; elements = {{ {', '.join(self._some(LINKS))} }}; }}")
            self.sets["if"].append("links")
        if self.random.random() < 0.3:
            entries = ", ".join(f"{port} : {self._pick('accept', 'drop', 'return')}" for port in self._some(PORTS))
            lines.append(f"map vport {{ type inet_service : verdict; elements = {{ {entries} }}; }}")
            self.sets["vport"].append("vport")
        return lines

    def _ports(self) -> list[str]:
        single = self._some(PORTS, 3)
        if self.random.random() < 0.5:
            single.append(self._pick("1-79", "2000-6000", "9000-65000", "0-1023"))
            single = [each for each in single if "-" in each or not _inside(int(each), single)]
        return single

    def _rules(self, count: int, targets: list[str], where: str) -> list[str]:
        return [self._rule(targets, where) for _ in range(count)]

    def _rule(self, targets: list[str], where: str) -> str:
        r = self.random
        self.proto = self._pick("tcp", "tcp", "udp", "th")
        self.four = self.family != "ip6" and (self.family == "ip" or r.random() < 0.6)
        conditions = [self._condition(where) for _ in range(r.choice((0, 1, 1, 2, 2, 3)))]
        if where == "nat":
            return " ".join([*conditions, self._nat()])
        effects = []
        if r.random() < 0.12:
            effects.append(
                self._pick(
                    "meta mark set 1",
                    "meta mark set meta mark or 0x10",
                    "meta mark set 0x22",
                    "meta mark set tcp dport map { 22 : 1, 80 : 2 }" if self.proto == "tcp" else "meta mark set 2",
                )
            )
        if r.random() < 0.1:
            effects.append("counter")
        if r.random() < 0.06:
            effects.append("ct mark set 7" if where not in ("prerouting",) else "counter")
        if where == "prerouting" and r.random() < 0.04:
            effects.append("notrack")
        return " ".join([*conditions, *effects, self._verdict(targets, where, " ".join(conditions))])

    def _verdict(self, targets: list[str], where: str, before: str) -> str:
        r = self.random
        choices = ["accept"] * 5 + ["drop"] * 3 + ["return", "continue", "counter"]
        if where in ("input", "forward", "prerouting"):
            choices += ["reject", "reject with tcp reset", "reject with icmpx type admin-prohibited"]
            choices += [f"reject with icmpx type {self._pick('no-route', 'host-unreachable', 'port-unreachable')}"]
        if where == "output":
            choices = ["accept", "accept", "drop", "counter"]
        if targets:
            choices += [f"jump {r.choice(targets)}"] * 3 + [f"goto {r.choice(targets)}"]
        chosen = r.choice(choices)
        # nft 1.0.6 leaves `meta nfproto ipv4` out where it lists a rule that ends in `reject with tcp reset`.
        hidden = any(word in before for word in ("l4proto", "meta protocol", "meta nfproto"))
        if "tcp reset" in chosen and (self.proto in ("th", "udp") or hidden):
            chosen = "reject"
        if self.family != "inet":
            word = "icmp" if self.family == "ip" else "icmpv6"
            code = (
                self._pick(
                    "host-unreachable", "net-prohibited", "host-prohibited", "admin-prohibited", "port-unreachable"
                )
                if word == "icmp"
                else self._pick("no-route", "admin-prohibited", "addr-unreachable", "port-unreachable")
            )
            if "icmpx" in chosen:
                chosen = f"reject with {word} type {code}"
        return chosen

    def _nat(self) -> str:
        r = self.random
        port = r.choice(PORTS)
        word = self.proto if self.proto != "th" else "tcp"
        match = (
            f"{word} dport {r.choice(PORTS)}" if self.proto != "th" else f"meta l4proto tcp th dport {r.choice(PORTS)}"
        )
        choices = [f"{match} redirect to :{port}", "accept", "return", "counter", f"{match} redirect", "drop"]
        if self.family != "ip6" and self.four:
            word = "ip " if self.family == "inet" else ""
            only = "meta nfproto ipv4 " if self.family == "inet" else ""
            choices += [
                f"{only}{match} dnat {word}to {BACKEND4}:{port}",
                f"{only}{match} dnat {word}to {BACKEND4}",
                f"{only}{match} dnat {word}to {SECOND4}:{port}",
                f"{only}{match} dnat {word}to {self._key()}dport map {{ 22 : {BACKEND4}, 80 : {SECOND4}, 443 : {SERVER4} }}",
            ]
        if self.family != "ip" and not self.four:
            word = "ip6 " if self.family == "inet" else ""
            only = "meta nfproto ipv6 " if self.family == "inet" else ""
            choices += [f"{only}{match} dnat {word}to [{BACKEND6}]:{port}", f"{only}{match} dnat {word}to {SECOND6}"]
        return r.choice(choices)

    def _condition(self, where: str) -> str:
        r = self.random
        four = self.four
        ip, nets = ("ip", NETS4) if four else ("ip6", NETS6)
        hosts = SOURCES4 if four else SOURCES6
        targets = (SERVER4, SECOND4, BACKEND4, "10.77.0.0/24") if four else (SERVER6, SECOND6, BACKEND6, "fd77::/64")
        negated = "!= " if r.random() < 0.2 else ""
        proto = self.proto
        port = r.choice(PORTS)
        generators: list[Callable[[], str]] = [
            lambda: f"{ip} saddr {negated}{r.choice(nets[:-1])}",
            lambda: f"{ip} saddr {negated}{{ {', '.join(self._some(hosts))} }}",
            lambda: f"{ip} daddr {negated}{r.choice(targets)}",
            lambda: f"{self._th(proto)}dport {negated}{port}",
            lambda: f"{self._th(proto)}dport {negated}{{ {', '.join(self._ports())} }}",
            lambda: f"{self._th(proto)}dport {self._pick('<', '>', '<=', '>=')} {port}",
            lambda: f"{self._th(proto)}dport {negated}{self._pick('1-1024', '400-6000', '80-80')}",
            lambda: f"{self._th(proto)}sport {self._pick('> 30000', '<= 40000', '1-25000')}",
            lambda: (
                f"meta l4proto {negated}{self._pick(proto if proto != 'th' else 'tcp', '{ tcp, udp }', '{ tcp, icmp }')}"
                if proto == "th"
                else ""
            ),
            lambda: f"ct state {self._pick(*CT_STATES)}",
            lambda: f"ct state != {self._pick('new', 'established', 'invalid')}",
            lambda: (
                f"ct state {{ {', '.join(self._some(('new', 'established', 'related', 'invalid', 'untracked'), 3))} }}"
            ),
            lambda: f"ct status {self._pick('dnat', 'snat', '!= dnat')}",
            lambda: f"meta mark {negated}{self._pick('0', '1', '0x10', '0x22', '{ 1, 2 }', '0-5')}",
            lambda: (
                f"meta mark & {self._pick('0x1', '0x10', '0xff')} {self._pick('==', '!=')} {self._pick('0', '0x1', '0x10')}"
            ),
            lambda: f"ct mark {negated}{self._pick('0', '7', '{ 7, 8 }')}",
            lambda: "" if proto != "tcp" else f"tcp flags {self._pick(*TCP_FLAGS)}",
            lambda: f"meta pkttype {self._pick('host', 'broadcast', '!= host')}",
            lambda: (
                f"{self._before()}{ip} daddr . {self._key()}dport"
                f" {{ {targets[0]} . {port}, {targets[1]} . {r.choice(PORTS)} }}"
            ),
            lambda: f"{ip} saddr . {ip} daddr {{ {r.choice(hosts)} . {targets[0]}, {r.choice(hosts)} . {targets[1]} }}",
            lambda: f"ct direction {self._pick('original', 'reply')}",
            lambda: f"meta protocol {'ip' if four else 'ip6'}" if self.family == "inet" else "",
            lambda: f"meta nfproto {'ipv4' if four else 'ipv6'}" if self.family == "inet" else "",
            lambda: f"tcp dport {r.choice(PORTS)} ct original proto-dst {port}" if proto == "tcp" else "",
            lambda: (
                f"{self._th(proto)}dport vmap {{ {', '.join(f'{each} : {self._end()}' for each in self._some(PORTS))} }}"
            ),
        ]
        if where in ("input", "forward", "prerouting"):
            generators += [
                lambda: f"iifname {negated}{self._pick(*(chr(34) + each + chr(34) for each in (*LINKS, 'veth*')))}",
                lambda: f"iif {negated}{self._pick('lo', SERVER_LINK, BACK_LINK)}",
                lambda: f"iifname {{ {', '.join(self._some(LINKS))} }}",
            ]
        if where in ("input", "forward", "prerouting"):
            generators += [
                lambda: f"fib saddr . iif oif {self._pick('missing', 'exists')}",
                lambda: (
                    f"fib daddr type {negated}{self._pick('local', 'unicast', '{ local, broadcast }')}"
                    if where != "forward"
                    else ""
                ),
                lambda: f"fib saddr oif {self._pick('exists', 'missing')}",
            ]
        if where == "forward":
            generators += [lambda: f"oifname {negated}{self._pick(*LINKS)}"]
        set_four = self.set_family == "ip"
        if self.sets["addr"] and four == set_four:
            generators += [lambda: f"{self.set_family} saddr {negated}@addr"] * 2
        if self.sets["port"]:
            generators += [lambda: f"{self._th(proto)}dport {negated}@port"]
        if self.sets["pair"] and four == set_four:
            generators += [lambda: f"{self._before()}{self.set_family} saddr . {self._key()}dport {negated}@pair"] * 2
        if self.sets["if"] and where != "any" and where != "output":
            generators += [lambda: "iifname @links"]
        if self.sets["vport"] and where != "nat":
            generators += [lambda: f"{self._th(proto)}dport vmap @vport"]
        text = r.choice(generators)()
        if where == "nat" and "vmap" in text:
            return ""
        if where == "prerouting" and text.startswith("ct mark") and "set" in text:
            return ""
        return text

    def _end(self) -> str:
        return self._pick("accept", "drop")

    def _before(self) -> str:
        return "meta l4proto { tcp, udp } " if self.proto == "th" else ""

    def _key(self) -> str:
        return f"{self.proto} "

    def _th(self, proto: str) -> str:
        return "meta l4proto { tcp, udp } th " if proto == "th" else f"{proto} "


def _inside(port: int, ranges: list[str]) -> bool:
    for each in ranges:
        low, dash, high = each.partition("-")
        if dash and int(low) <= port <= int(high):
            return True
    return False


class Iptables:
    """A random ruleset for iptables-restore and ip6tables-restore, with the ipsets it names."""

    def __init__(self, random: Random, engine: str = "nft", ipsets: bool = True) -> None:
        self.random = random
        self.engine = engine
        self.ipsets = self._ipsets() if ipsets else ""
        self.four = self._family(4)
        self.six = self._family(6)

    def _pick(self, *choices: str) -> str:
        return self.random.choice(choices)

    def _ipsets(self) -> str:
        r = self.random
        lines = []
        for family, word, nets, hosts in ((4, "inet", NETS4, SOURCES4), (6, "inet6", NETS6, SOURCES6)):
            s = str(family)
            lines.append(f"create ip{s} hash:ip family {word}")
            lines += [f"add ip{s} {host}" for host in r.sample(hosts, 2)]
            lines.append(f"create net{s} hash:net family {word}")
            lines += [f"add net{s} {net} -exist" for net in r.sample(nets[:-2], 2)]
            if r.random() < 0.5:
                lines.append(f"add net{s} {r.choice(hosts)} nomatch -exist")
            lines.append(f"create pair{s} hash:ip,port family {word}")
            lines += [
                f"add pair{s} {r.choice(hosts)},{self._pick('tcp', 'udp')}:{r.choice(PORTS)} -exist" for _ in range(5)
            ]
            lines.append(f"create netif{s} hash:net,iface family {word}")
            lines += [f"add netif{s} {r.choice(nets[:-2])},{r.choice(LINKS)} -exist" for _ in range(3)]
            lines.append(f"create netport{s} hash:net,port family {word}")
            lines += [
                f"add netport{s} {r.choice(nets[:-2])},{self._pick('tcp', 'udp')}:{r.choice(PORTS)} -exist"
                for _ in range(4)
            ]
            lines.append(f"create list{s} list:set")
            lines += [f"add list{s} {name}{s}" for name in r.sample(("ip", "net", "pair"), 2)]
        lines.append("create ports bitmap:port range 0-65535")
        lines += [f"add ports {port}" for port in r.sample(PORTS, 3)]
        return "\n".join(lines) + "\n"

    def _family(self, family: int) -> str:
        self.family = family
        r = self.random
        lines = []
        for table, hooks in (
            ("raw", ("PREROUTING",)),
            ("mangle", ("PREROUTING", "INPUT")),
            ("nat", ("PREROUTING",)),
            ("filter", ("INPUT", "FORWARD", "OUTPUT")),
        ):
            if table != "filter" and r.random() < 0.55:
                continue
            lines.append(f"*{table}")
            for hook in hooks:
                drop = table == "filter" and hook != "OUTPUT" and r.random() < 0.4
                lines.append(f":{hook} {'DROP' if drop else 'ACCEPT'} [0:0]")
            chains = [f"c{number}" for number in range(r.randint(0, 3))] if table != "nat" else []
            lines += [f":{name} - [0:0]" for name in chains]
            for hook in hooks:
                for _ in range(r.randint(0, 6)):
                    lines.append(self._rule(table, hook, hook, chains))
            for place, name in enumerate(chains):
                for _ in range(r.randint(1, 3)):
                    lines.append(self._rule(table, "any", name, chains[place + 1 :]))
            lines.append("COMMIT")
        return "\n".join(lines) + "\n"

    def _rule(self, table: str, hook: str, chain: str, chains: list[str]) -> str:
        r = self.random
        proto = self._pick("tcp", "tcp", "udp", "")
        target = self._target(table, hook, chains)
        if "DNAT" in target or "REDIRECT" in target:
            proto = proto or "tcp"
        if "tcp-reset" in target:
            proto = "tcp"
        parts = [f"-A {chain}"]
        if proto:
            parts.append(f"-p {proto}")
        if r.random() < 0.25:
            targets = (SERVER4, SECOND4, BACKEND4) if self.family == 4 else (SERVER6, SECOND6, BACKEND6)
            parts.append(f"{self._pick('', '', '! ')}-d {r.choice(targets)}")
        # One match of a kind: iptables-nft merges two of them into something that says less.
        conditions: dict[str, str] = {}
        for _ in range(r.choice((0, 1, 1, 2, 2))):
            text = self._condition(table, hook, proto)
            conditions.setdefault(
                " ".join(text.split()[:2]) if text.startswith("-m") else text.removeprefix("! ")[:2], text
            )
        parts += conditions.values()
        if r.random() < 0.1:
            parts.append('-m comment --comment "a -j DROP \\" b"')
        return " ".join(each for each in [*parts, target] if each)

    def _target(self, table: str, hook: str, chains: list[str]) -> str:
        r = self.random
        choices = ["-j ACCEPT"] * 4 + ["-j DROP"] * 3 + ["-j RETURN", "", "-j LOG"]
        if table == "filter" and hook != "OUTPUT":
            codes: tuple[str, ...]
            if self.family == 4:
                codes = (
                    "icmp-net-unreachable",
                    "icmp-host-unreachable",
                    "icmp-port-unreachable",
                    "icmp-proto-unreachable",
                    "icmp-net-prohibited",
                    "icmp-host-prohibited",
                    "icmp-admin-prohibited",
                )
            else:
                codes = (
                    "icmp6-no-route",
                    "icmp6-adm-prohibited",
                    "icmp6-addr-unreachable",
                    "icmp6-port-unreachable",
                    "icmp6-policy-fail",
                    "icmp6-reject-route",
                )
            choices += ["-j REJECT", "-j REJECT --reject-with tcp-reset", f"-j REJECT --reject-with {r.choice(codes)}"]
        if table == "mangle":
            choices += [
                "-j MARK --set-mark 1",
                "-j MARK --set-xmark 0x10/0xf0",
                "-j MARK --or-mark 0x4",
                "-j CONNMARK --set-mark 7",
                "-j CONNMARK --restore-mark",
            ]
        if table == "raw":
            choices = ["-j ACCEPT"] * 3 + ["-j DROP", "-j CT --notrack", "-j RETURN"]
        if table == "nat":
            backend, second = (BACKEND4, SECOND4) if self.family == 4 else (f"[{BACKEND6}]", f"[{SECOND6}]")
            port = r.choice(PORTS)
            choices = [
                "-j ACCEPT",
                "-j RETURN",
                f"-j REDIRECT --to-ports {port}",
                f"-j DNAT --to-destination {backend}:{port}",
                f"-j DNAT --to-destination {second}:{port}",
                "-j REDIRECT",
                f"-j DNAT --to-destination {backend.strip('[]')}",
            ]
        if chains and table != "nat":
            choices += [f"-j {r.choice(chains)}"] * 3 + [f"-g {r.choice(chains)}"]
        return r.choice(choices)

    def _condition(self, table: str, hook: str, proto: str) -> str:
        r = self.random
        nets: tuple[str, ...] = NETS4 if self.family == 4 else NETS6
        hosts: tuple[str, ...] = SOURCES4 if self.family == 4 else SOURCES6
        targets = (SERVER4, SECOND4, BACKEND4) if self.family == 4 else (SERVER6, SECOND6, BACKEND6)
        s = self.family
        bang = "! " if r.random() < 0.2 else ""
        port = r.choice(PORTS)
        low, high = (hosts[0], hosts[2])
        generators: list[Callable[[], str]] = [
            lambda: f"{bang}-s {r.choice(nets[:-1])}",
            lambda: f"-m iprange {bang}--dst-range {targets[0]}-{targets[0]}",
            lambda: f"-m conntrack {bang}--ctstate {self._pick(*CTSTATES)}",
            lambda: f"-m state --state {self._pick('NEW', 'RELATED,ESTABLISHED')}",
            lambda: f"-m mark {bang}--mark {self._pick('0', '1', '0x10/0xf0', '0x4/0x4')}",
            lambda: f"-m connmark {bang}--mark {self._pick('0', '7')}",
            lambda: f"-m iprange {bang}--src-range {low}-{high}",
            lambda: f"-m pkttype {bang}--pkt-type {self._pick('unicast', 'broadcast')}",
            lambda: f"-m conntrack --ctorigdstport {port}",
            lambda: f"-m conntrack --ctdir {self._pick('ORIGINAL', 'REPLY')}",
            lambda: f"-m conntrack {bang}--ctorigsrc {r.choice(nets[:-1])}",
            lambda: "-m physdev --physdev-is-bridged" if hook == "FORWARD" else "",
            lambda: "-m limit --limit 10000/sec --limit-burst 10000" if r.random() < 0.3 else "",
            lambda: (
                f"-m policy --dir in --pol {self._pick('none', 'ipsec')}"
                if hook in ("INPUT", "FORWARD", "PREROUTING")
                else ""
            ),
        ]
        if hook != "OUTPUT" and hook != "any":
            generators += [lambda: f"{bang}-i {self._pick(*LINKS, 'veth+')}"]
            generators += (
                [lambda: f"-m addrtype {bang}--src-type {self._pick('UNICAST', 'LOCAL', 'BROADCAST')}"]
                if s == 4
                else []
            )
            generators += (
                [lambda: f"-m addrtype {bang}--dst-type {self._pick('UNICAST', 'LOCAL', 'LOCAL,BROADCAST')}"]
                if s == 4
                else []
            )
        if hook == "FORWARD":
            generators += [lambda: f"{bang}-o {self._pick(*LINKS)}"]
        if hook == "PREROUTING" and table in ("raw", "mangle"):
            generators += [lambda: f"-m rpfilter {self._pick('', '--loose', '--invert', '--loose --invert')}"]
        if hook in ("INPUT", "PREROUTING") and r.random() < 0.3:
            generators += [lambda: "-m socket --nowildcard"]
        if proto:
            generators += [
                lambda: f"-m {proto} {bang}--dport {self._pick(str(port), '1:1024', ':500', '5000:')}",
                lambda: f"-m {proto} {bang}--sport {self._pick('1024:65535', '20000:30000')}",
                lambda: f"-m multiport {bang}--dports {','.join(str(each) for each in r.sample(PORTS, 3))}",
                lambda: f"-m multiport {bang}--ports 22,400:6000",
                lambda: f"-m multiport {bang}--dports 22,400:6000",
            ]
        if proto == "tcp":
            generators += [
                lambda: f"-m tcp {bang}--syn",
                lambda: f"-m tcp {bang}--tcp-flags {self._pick(*FLAG_PAIRS)}",
            ]
        if self.ipsets:
            generators += [
                lambda: f"-m set {bang}--match-set {self._pick('ip', 'net')}{s} src",
                lambda: f"-m set {bang}--match-set {self._pick('pair', 'netport')}{s} src,dst",
                lambda: f"-m set {bang}--match-set netif{s} src,src",
                lambda: f"-m set {bang}--match-set list{s} src,dst",
                lambda: f"-m set {bang}--match-set ports dst",
            ]
        return r.choice(generators)()
