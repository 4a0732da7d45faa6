"""One rule of nft's text syntax as the JSON that `nft -j` would give: one reader then serves both.

    ip saddr 10.0.0.0/8 tcp dport { 22, 80-90 } ct state new limit rate 5/second accept
    iifname "eth*" ct state vmap { invalid : drop, established : accept } dnat to 10.0.0.5:80

What is not understood becomes `{"unread": "the words"}`, which the reader keeps as opaque.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from wizard.firewalls import values
from wizard.firewalls.nftables import types
from wizard.firewalls.nftables.expressions import expression as read_expression
from wizard.firewalls.nftables.tokens import is_string, unquoted

_PAYLOADS = frozenset(
    "ip ip6 tcp udp th icmp icmpv6 ether arp vlan sctp dccp ah esp comp udplite igmp gre".split()  # noqa: SIM905
)
_EXTENSIONS = frozenset(("frag", "hbh", "rt", "dst", "mh"))
_BARE_META = frozenset(
    "iif oif iifname oifname iiftype oiftype iifgroup oifgroup mark skuid skgid cgroup cpu nftrace rtclassid"  # noqa: SIM905
    " pkttype ibrname obrname ibriport obriport".split()
)
_OPERATORS = {"==": "==", "!=": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "!": "!"} | {
    "eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=",
}  # fmt: skip
_BITS = {"&": "&", "|": "|", "^": "^", "and": "&", "or": "|", "xor": "^", "<<": "<<", ">>": ">>"}
_FLAG_TYPES = frozenset(("ct_state", "ct_status", "tcp_flag"))
_RANGE_TYPES = frozenset(
    ("ipv4_addr", "ipv6_addr", "address", "inet_service", "integer", "mark", "hour", "ether_addr", "time")
)
_NUMERIC_TYPES = _RANGE_TYPES | {"inet_proto", "dscp"}
_STATEMENT_WORDS = frozenset(
    "accept drop continue return jump goto queue reject log counter limit quota dnat snat redirect masquerade notrack"  # noqa: SIM905
    " synproxy tproxy dup fwd flow add update delete set comment meter vmap map xt last".split()
)


_VARIABLE = re.compile(r"\$(\w+)")


class NotUnderstood(ValueError):
    """The words do not fit the grammar that is known here."""


class RuleParser:
    """Reads the words of one rule from left to right. `variables` are `define`d values by name, as words."""

    def __init__(self, words: list[str], variables: Mapping[str, list[str]] | None = None) -> None:
        self._words = words
        self._place = 0
        self._variables = variables or {}
        self.comment = ""
        self.handle: int | None = None

    def rule(self) -> list[Any]:
        """The statements of the whole rule."""
        found: list[Any] = []
        while self._more():
            start = self._place
            try:
                statement = self._statement()
            except (NotUnderstood, ValueError, IndexError, KeyError, RecursionError):
                found.append({"unread": " ".join(self._words[start:])})
                return found
            if statement is not None:
                found.append(statement)
        return found

    # Words

    def _more(self) -> bool:
        return self._place < len(self._words)

    def _peek(self, ahead: int = 0) -> str:
        place = self._place + ahead
        return self._words[place] if place < len(self._words) else ""

    def _next(self) -> str:
        if not self._more():
            raise NotUnderstood("the rule ends too early")
        word = self._words[self._place]
        self._place += 1
        if word.startswith("$") and word[1:] in self._variables:
            self._words[self._place - 1 : self._place] = self._variables[word[1:]]
            self._place -= 1
            return self._next()
        return _VARIABLE.sub(self._inside, word) if "$" in word and not is_string(word) else word

    def _inside(self, match: re.Match[str]) -> str:
        """A variable within a word (`:$port`), where it stands for one word."""
        found = self._variables.get(match[1], [])
        return unquoted(found[0]) if len(found) == 1 else match[0]

    def _take(self, word: str) -> bool:
        self._expand()
        if self._peek() == word:
            self._place += 1
            return True
        return False

    def _expand(self) -> None:
        word = self._peek()
        if word.startswith("$") and word[1:] in self._variables:
            self._words[self._place : self._place + 1] = self._variables[word[1:]]

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise NotUnderstood(f"{word} is missing")

    # Statements

    def _statement(self) -> Any:
        self._expand()
        word = self._peek()
        if word.startswith("#"):
            self.handle = int(self._next()[1:])
            return None
        reader = _STATEMENTS.get(word)
        if reader is not None and not (word in ("add", "update", "delete") and not self._peek(1).startswith("@")):
            self._place += 1
            return reader(self)
        if word == "ct" and self._peek(1) in ("helper", "timeout", "expectation", "count"):
            return self._ct_statement()
        return self._match_or_change()

    def _match_or_change(self) -> Any:
        left = self.expression()
        if self._take("set"):
            return {"mangle": {"key": left, "value": self._assigned(left)}}
        if self._take("vmap"):
            return {"vmap": {"key": left, "data": self._content(left)}}
        kind = read_expression(left)[1]
        operator = _OPERATORS.get(self._peek())
        if operator is not None:
            self._place += 1
        right = self._right(kind)
        if self._take("/"):
            # `tcp flags syn / syn,ack`: the mask stands behind.
            mask = self._list(kind)
            left, operator = {"&": [left, mask]}, operator or "=="
        if operator is None:
            operator = "in" if _is_flags(kind, left) and not isinstance(right, dict) else "=="
        return {"match": {"op": operator, "left": left, "right": right}}

    def _assigned(self, left: Any) -> Any:
        kind = read_expression(left)[1]
        if self._starts_expression():
            return self.expression()
        value = self._right(kind)
        while self._peek() in _BITS:
            value = {_BITS[self._next()]: [value, self._right(kind)]}
        return value

    def _ct_statement(self) -> Any:
        self._place += 1
        word = self._next()
        if word == "count":
            over = self._take("over")
            return {"ct count": {"val": int(self._next()), "inv": over}}
        self._take("set")
        return {f"ct {word}": unquoted(self._next())}

    def verdict(self) -> Any:
        """accept, drop, jump c, ..."""
        word = self._next()
        if word in ("jump", "goto"):
            return {word: {"target": unquoted(self._next())}}
        if word in ("accept", "drop", "continue", "return"):
            return {word: None}
        if word == "queue":
            return self.queue()
        raise NotUnderstood(word)

    def queue(self) -> Any:
        flags: list[str] = []
        while self._more() and self._peek() not in (",", "}") and not self._peek().startswith("#"):
            if self._peek() in _STATEMENT_WORDS:
                break
            word = self._next()
            flags.extend(flag for flag in ("bypass", "fanout") if flag in word)
            if self._peek() == "," and self._peek(1) in ("fanout", "bypass"):
                self._place += 1
        return {"queue": {"flags": flags}}

    # Expressions

    def _starts_expression(self) -> bool:
        self._expand()
        word, following = self._peek(), self._peek(1)
        if word in _PAYLOADS:
            return following not in ("", ",", "}", ")", ":", ".") and following not in _STATEMENT_WORDS
        if word == "mark" or word in _BARE_META:
            return True
        return word in (
            "meta",
            "ct",
            "fib",
            "socket",
            "numgen",
            "jhash",
            "symhash",
            "exthdr",
            "(",
            "osf",
            "rt",
        ) or word.startswith("@")

    def expression(self) -> Any:
        """An expression with its concatenations, bit arithmetic and maps."""
        parts = [self._term()]
        while self._take("."):
            parts.append(self._term())
        found = {"concat": parts} if len(parts) > 1 else parts[0]
        if self._take("map"):
            return {"map": {"key": found, "data": self._content(found)}}
        return found

    def _term(self) -> Any:
        found = self._primary()
        while self._peek() in _BITS:
            operator = _BITS[self._next()]
            kind = read_expression(found)[1]
            flags = self._peek() == "(" and kind in _FLAG_TYPES
            right = self._primary() if self._starts_expression() and not flags else self._list(kind)
            found = {operator: [found, right]}
        return found

    def _primary(self) -> Any:
        word = self._next()
        if word == "(":
            found = self.expression()
            self._expect(")")
            return found
        if word.startswith("@"):
            return self._raw(word)
        reader = _EXPRESSIONS.get(word)
        if reader is not None:
            return reader(self)
        if word in _BARE_META:
            return {"meta": {"key": word}}
        if word in _EXTENSIONS:
            return self._extension(word)
        if word in _PAYLOADS:
            return self._payload(word)
        raise NotUnderstood(word)

    def _raw(self, word: str) -> Any:
        """`@th,16,16`."""
        self._expect(",")
        offset = int(self._next())
        self._expect(",")
        return {"payload": {"base": word[1:], "offset": offset, "len": int(self._next())}}

    def _payload(self, protocol: str) -> Any:
        if self._peek() == "option" and protocol in ("tcp", "ip"):
            self._place += 1
            return self._option(protocol)
        return {"payload": {"protocol": protocol, "field": self._next()}}

    def _option(self, protocol: str) -> Any:
        name = self._next()
        if self._take("exists") or self._take("missing"):
            self._place -= 1
            return {f"{protocol} option": {"name": name}}
        return {f"{protocol} option": {"name": name, "field": self._next()}}

    def _extension(self, name: str) -> Any:
        if self._peek() in ("exists", "missing"):
            return {"exthdr": {"name": name}}
        return {"exthdr": {"name": name, "field": self._next()}}

    def meta(self) -> Any:
        return {"meta": {"key": self._next()}}

    def ct(self) -> Any:
        found: dict[str, Any] = {}
        if self._peek() in ("original", "reply"):
            found["dir"] = self._next()
        if self._peek() in ("ip", "ip6"):
            found["family"] = self._next()
        return {"ct": {**found, "key": self._next()}}

    def fib(self) -> Any:
        flags = [self._next()]
        while self._take("."):
            flags.append(self._next())
        return {"fib": {"flags": flags, "result": self._next()}}

    def socket(self) -> Any:
        found: dict[str, Any] = {"socket": {"key": self._next()}}
        if found["socket"]["key"] == "cgroupv2":
            self._expect("level")
            self._next()
        return found

    def unknowable(self, name: str) -> Any:
        """numgen, jhash and the like: their value is not foreseeable, so only the words are passed over."""
        while self._more() and self._peek() not in ("vmap", "map", "==", "!=", "<", ">", "<=", ">=", "set"):
            word = self._next()
            if word in ("mod", "offset", "seed") and self._more():
                self._next()
                if self._peek() not in ("mod", "offset", "seed"):
                    break
        return {name: {}}

    # Values

    def _content(self, key: Any) -> Any:
        """What a map is looked up in."""
        self._expand()
        if self._peek().startswith("@"):
            return self._next()
        return {"set": self.pairs(read_expression(key)[1])}

    def pairs(self, kind: Any) -> list[Any]:
        """`{ 80 : accept, 10.0.0.1 . 22 : 5 }`."""
        found: list[Any] = []
        self._expect("{")
        self._part_colons()
        while not self._take("}"):
            if self._skip_separator():
                continue
            key = self._element(kind)
            self._colon()
            found.append([key, self._data()])
            self._element_options()
        return found

    def set(self, kind: Any) -> list[Any]:
        """`{ 22, 80-90 }`."""
        found: list[Any] = []
        self._expect("{")
        while not self._take("}"):
            if self._skip_separator():
                continue
            self._expand()
            if self._peek() == "{":
                # A variable that is a set of its own, inside another.
                found.extend(self.set(kind))
                continue
            found.append(self._element(kind))
            self._element_options()
        return found

    def elements(self, kind: Any, is_map: bool) -> list[Any]:
        """The elements of a named set or map."""
        return self.pairs(kind) if is_map else self.set(kind)

    def _skip_separator(self) -> bool:
        return self._take(",") or self._take("\n") or self._take(";")

    def _part_colons(self) -> None:
        """`{ new: accept }` is `{ new : accept }`."""
        place = self._place
        while place < len(self._words) and self._words[place] != "}":
            word = self._words[place]
            if len(word) > 1 and word.endswith(":") and not word.endswith("::") and not is_string(word):
                self._words[place : place + 1] = [word[:-1], ":"]
            place += 1

    def _colon(self) -> None:
        while self._take("\n"):
            pass
        if self._peek() == ":":
            self._place += 1
        elif self._peek().startswith(":"):
            self._words[self._place] = self._peek()[1:]
        else:
            while self._peek() and self._peek() not in (":", ",", "}"):
                self._place += 1
            self._expect(":")

    def _element_options(self) -> None:
        """timeout, expires, comment, counter: nothing that decides."""
        while self._more() and self._peek() not in (",", "}"):
            self._place += 1

    def _data(self) -> Any:
        while self._take("\n"):
            pass
        self._expand()
        if self._peek() in ("accept", "drop", "continue", "return", "jump", "goto", "queue"):
            return self.verdict()
        parts = [self._scalar("any")]
        while self._take("."):
            parts.append(self._scalar("any"))
        return {"concat": parts} if len(parts) > 1 else parts[0]

    def _element(self, kind: Any) -> Any:
        kinds = kind if isinstance(kind, tuple) else (kind,)
        parts = [self._list(kinds[0], single=True)]
        while self._take("."):
            parts.append(self._list(kinds[len(parts)] if len(parts) < len(kinds) else "any", single=True))
        return {"concat": parts} if len(parts) > 1 else parts[0]

    def _right(self, kind: Any) -> Any:
        """The right-hand side of a comparison."""
        self._expand()
        if self._peek() == "{":
            return {"set": self.set(kind)}
        if self._peek().startswith("@") and "," not in self._peek(1):
            return self._next()
        if isinstance(kind, tuple):
            return self._element(kind)
        return self._list(kind)

    def _list(self, kind: Any, single: bool = False) -> Any:
        """One value, or flags with commas between them (in a set, where commas part the elements, with `|`)."""
        single_kind = kind if isinstance(kind, str) else "any"
        if self._take("("):
            found = self._flags_in_parentheses(single_kind)
            self._expect(")")
            return found
        first = self._scalar(single_kind)
        if single_kind not in _FLAG_TYPES:
            return first
        items = [first]
        between = ("|",) if single else (",", "|")
        while self._peek() in between and self._is_flag(single_kind, self._peek(1)):
            self._place += 1
            items.append(self._scalar(single_kind))
        return items if len(items) > 1 else first

    def _flags_in_parentheses(self, kind: str) -> Any:
        items = [self._scalar(kind)]
        while self._peek() in ("|", ",", "or"):
            self._place += 1
            items.append(self._scalar(kind))
        return items

    def _is_flag(self, kind: str, word: str) -> bool:
        try:
            types.scalar(kind, word)
        except ValueError:
            return False
        return True

    def _scalar(self, kind: str) -> Any:
        """A value: `22`, `10.0.0.0/8`, `80-90`, `"eth0"`, `exists`."""
        word = self._next()
        if word in ("{", "}", ",", "(", ")", "\n", ";"):
            raise NotUnderstood(word)
        if word in ("exists", "missing"):
            return word == "exists"
        if is_string(word):
            return self._string(word)
        if kind in _FLAG_TYPES and self._peek() == "|":
            return word
        return _value(word, kind)

    def _string(self, word: str) -> Any:
        """A name, or a range of times: `"10:00"-"12:00"`."""
        if self._peek().startswith("-") and self._peek() == "-" and is_string(self._peek(1)):
            self._place += 1
            return {"range": [unquoted(word), unquoted(self._next())]}
        return unquoted(word)

    # Statements with words of their own

    def reject(self) -> Any:
        if not self._take("with"):
            return {"reject": None}
        kind = self._next()
        if kind == "tcp":
            self._expect("reset")
            return {"reject": {"type": "tcp reset"}}
        self._take("type")
        code: Any = self._next()
        return {"reject": {"type": kind, "expr": int(code) if code.isdigit() else code}}

    def log(self) -> Any:
        found: dict[str, Any] = {}
        while self._peek() in ("prefix", "level", "group", "snaplen", "queue-threshold", "flags"):
            option = self._next()
            if option == "flags":
                self._log_flags()
            else:
                found[option] = unquoted(self._next())
        return {"log": found or None}

    def _log_flags(self) -> None:
        word = self._next()
        if word in ("tcp", "ip"):
            self._next()
            while self._take(","):
                self._next()

    def counter(self) -> Any:
        if self._take("name"):
            return {"counter": unquoted(self._next())}
        if self._take("packets"):
            packets = int(self._next())
            self._expect("bytes")
            return {"counter": {"packets": packets, "bytes": int(self._next())}}
        return {"counter": None}

    def limit(self) -> Any:
        if self._take("name"):
            return {"limit": unquoted(self._next())}
        self._take("rate")
        over = self._take("over")
        self._take("until")
        word = self._next()
        if ("/" not in word and not self._peek().startswith("/")) or self._peek().startswith("/"):
            word += self._next()
        if word.endswith("/"):
            word += self._next()
        rate, _, per = word.partition("/")
        found: dict[str, Any] = {"rate": int("".join(c for c in rate if c.isdigit()) or 0), "per": per, "inv": over}
        if self._take("burst"):
            found["burst"] = int(self._next())
            if self._peek() in ("packets", "bytes", "kbytes", "mbytes"):
                found["burst_unit"] = self._next()
        return {"limit": found}

    def quota(self) -> Any:
        if self._take("name"):
            return {"quota": unquoted(self._next())}
        over = self._take("over")
        self._take("until")
        found: dict[str, Any] = {"val": int(self._next()), "val_unit": self._next(), "inv": over}
        if self._take("used"):
            found |= {"used": int(self._next()), "used_unit": self._next()}
        return {"quota": found}

    def nat(self, kind: str) -> Any:
        found: dict[str, Any] = {}
        if self._peek() in ("ip", "ip6"):
            found["family"] = self._next()
        if self._peek() in ("addr", "interval", "prefix"):
            while self._more() and self._peek() != "to":
                found.setdefault("type_flags", []).append(self._next())
        if self._take("to") or (self._peek()[:1].isdigit() or self._peek()[:1] in ("[", ":")):
            self._endpoint(found)
            if kind in ("redirect", "masquerade") and "addr" in found and "port" not in found:
                found["port"] = found.pop("addr")
        flags = []
        while self._peek() in ("random", "fully-random", "persistent", ","):
            flags.append(self._next())
        if flags:
            found["flags"] = [flag for flag in flags if flag != ","]
        return {kind: found or None}

    def _endpoint(self, found: dict[str, Any]) -> None:
        """`10.0.0.5:80-90`, `[fe80::1]:80`, `:80`, `10.0.0.1-10.0.0.9`, `ip saddr map @m`."""
        if self._starts_expression():
            found["addr"] = self.expression()
            return
        word = self._next()
        host, port = _host_and_port(word)
        if host:
            found["addr"] = _value(host, "address")
        if not port and self._peek() == ":":
            self._place += 1
            if self._starts_expression():
                found["port"] = self.expression()
                return
            port = self._next()
        elif not port and self._peek().startswith(":"):
            port = self._next()[1:]
        if port:
            found["port"] = _value(port, "inet_service")

    def tproxy(self) -> Any:
        found: dict[str, Any] = {}
        if self._peek() in ("ip", "ip6"):
            found["family"] = self._next()
        self._expect("to")
        self._endpoint(found)
        return {"tproxy": found}

    def change(self, operation: str) -> Any:
        """`add @s { ip saddr limit rate 5/second }`, `update @m { ip saddr : 5 }`."""
        name = self._next()
        self._expect("{")
        key = self.expression()
        statements: list[Any] = []
        while not self._take("}"):
            if self._peek() in ("timeout", "expires"):
                self._place += 2
            elif self._peek() == ":":
                self._element_options()
            elif self._peek() == "comment":
                self._place += 2
            else:
                statements.append(self._statement())
        found: dict[str, Any] = {"op": operation, "elem": key, "set": name}
        if statements:
            found["stmt"] = statements
        return {"set": found}

    def meter(self) -> Any:
        name = self._next()
        if self._take("size"):
            self._next()
        self._expect("{")
        key = self.expression()
        statements = []
        while not self._take("}"):
            if self._peek() == "timeout":
                self._place += 2
            else:
                statements.append(self._statement())
        return {"set": {"op": "add", "elem": key, "set": f"@{name}", "stmt": statements}}

    def older_change(self) -> Any:
        """`set add ip saddr @s`, as nft 0.8 printed it."""
        operation = self._next()
        key = self.expression()
        if self._take("timeout"):
            self._next()
        return {"set": {"op": operation, "elem": key, "set": self._next()}}

    def flow(self) -> Any:
        self._next()
        return {"flow": {"op": "add", "flowtable": self._next()}}

    def remark(self) -> None:
        self.comment = unquoted(self._next())

    def rest(self, kind: str) -> Any:
        """A statement whose own words do not decide: synproxy, dup, fwd."""
        words = []
        while (
            self._more()
            and not self._peek().startswith("#")
            and self._peek() not in ("accept", "drop", "counter", "comment")
        ):
            words.append(self._next())
        return {kind: None if not words else {"words": " ".join(words)}}

    def compat(self) -> Any:
        kind = self._next()
        return {"xt": {"type": kind, "name": unquoted(self._next())}}


def _is_flags(kind: Any, left: Any) -> bool:
    return kind in _FLAG_TYPES and not (isinstance(left, dict) and "&" in left)


def _host_and_port(word: str) -> tuple[str, str]:
    if word.startswith("["):
        host, _, rest = word[1:].partition("]")
        return host, rest.removeprefix(":")
    if word.count(":") == 1:
        host, _, port = word.partition(":")
        return host, port
    if word.startswith(":") and not word.startswith("::"):
        return "", word[1:]
    return word, ""


def _value(word: str, kind: str) -> Any:
    """A bare word as JSON has it: numbers, prefixes and ranges taken apart."""
    if kind in ("ifname", "iface_index"):
        return word
    base, slash, length = word.partition("/")
    if slash and length.isdigit() and (":" in base or "." in base):
        return {"prefix": {"addr": base, "len": int(length)}}
    low, dash, high = word.partition("-")
    if dash and low and high and kind in _NUMERIC_TYPES | {"any"} and _is_value(low) and _is_value(high):
        return {"range": [_number(low), _number(high)]}
    if word == "*":
        return word
    return _number(word)


def _is_value(text: str) -> bool:
    if text[:1].isdigit() or ":" in text:
        return True
    return text in values.SERVICES


def _number(text: str) -> Any:
    try:
        return int(text, 0)
    except ValueError:
        return int(text) if text.isdigit() else text


def _unknowable(name: str) -> Callable[[RuleParser], Any]:
    return lambda parser: parser.unknowable(name)


_EXPRESSIONS: Mapping[str, Callable[[RuleParser], Any]] = {
    "meta": RuleParser.meta,
    "ct": RuleParser.ct,
    "fib": RuleParser.fib,
    "socket": RuleParser.socket,
    "exthdr": lambda parser: parser._extension(parser._next()),
    **{name: _unknowable(name) for name in ("numgen", "jhash", "symhash", "osf", "ipsec")},
}


def _nat(kind: str) -> Callable[[RuleParser], Any]:
    return lambda parser: parser.nat(kind)


def _bare(kind: str) -> Callable[[RuleParser], Any]:
    return lambda parser: {kind: None}


def _jump(kind: str) -> Callable[[RuleParser], Any]:
    return lambda parser: {kind: {"target": unquoted(parser._next())}}


def _change(kind: str) -> Callable[[RuleParser], Any]:
    return lambda parser: parser.change(kind)


def _rest(kind: str) -> Callable[[RuleParser], Any]:
    return lambda parser: parser.rest(kind)


_STATEMENTS: Mapping[str, Callable[[RuleParser], Any]] = {
    **{kind: _bare(kind) for kind in ("accept", "drop", "continue", "return", "notrack", "last")},
    **{kind: _jump(kind) for kind in ("jump", "goto")},
    **{kind: _nat(kind) for kind in ("dnat", "snat", "redirect", "masquerade")},
    **{kind: _change(kind) for kind in ("add", "update", "delete")},
    **{kind: _rest(kind) for kind in ("synproxy", "dup", "fwd")},
    "queue": RuleParser.queue,
    "reject": RuleParser.reject,
    "log": RuleParser.log,
    "counter": RuleParser.counter,
    "limit": RuleParser.limit,
    "quota": RuleParser.quota,
    "tproxy": RuleParser.tproxy,
    "meter": RuleParser.meter,
    "set": RuleParser.older_change,
    "flow": RuleParser.flow,
    "comment": RuleParser.remark,
    "xt": RuleParser.compat,
}
