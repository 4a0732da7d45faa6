"""Reads `nft list ruleset` (and the configuration files that people write) into the model.

    table inet filter { # handle 1
            set blocked {
                    type ipv4_addr
                    flags interval
                    elements = { 10.0.0.0/8, 192.168.1.5 }
            }
            chain input {
                    type filter hook input priority filter; policy drop;
                    tcp dport { 22, 80 } accept # handle 4
            }
    }

Written for machines of which only the text listing is at hand; the JSON says the same more plainly. Each object becomes
what the JSON would show, and goes through the same reader.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from msgspec.structs import replace

from wizard.firewalls import values
from wizard.firewalls.nftables import read as json_reader
from wizard.firewalls.nftables.grammar import RuleParser
from wizard.firewalls.nftables.statements import statement
from wizard.firewalls.nftables.tokens import split, unquoted
from wizard.model.capture import Origin
from wizard.model.ruleset import Engine, Rule, Ruleset, Table

SOURCE = "nft list ruleset"
_FAMILIES = frozenset(("ip", "ip6", "inet", "arp", "bridge", "netdev"))
_PRIORITY_WORDS = ("priority", "policy", "device", "devices", "flags", "type")


def read(text: str, elsewhere: Collection[tuple[str, str]] = (), source: str = SOURCE) -> Ruleset:
    """The ruleset in `text`; tables in `elsewhere` (family, name) are left out. What fits nothing is unread."""
    reader = _FileReader(split(text), source)
    reader.read()
    for place, table in enumerate((item["table"] for item in reader.items if "table" in item), start=1):
        # The kernel lists its tables as they came.
        table["handle"] = place
    found = json_reader.assemble(reader.items, elsewhere, source)
    return replace(found, engine=Engine.NFTABLES, unread=(*found.unread, *reader.unread))


def rule(text: str, table: Table | str = "inet", index: int = 1) -> Rule:
    """One rule in nft's own words (`tcp dport 22 accept`), for a rule that is about to be written."""
    family = table if isinstance(table, str) else str(table.family)
    parser = RuleParser(split(text))
    expressions = parser.rule()
    statements = tuple(statement(raw, family) for raw in expressions)
    return Rule(statements, text.strip(), index, parser.handle, parser.comment, Origin("nft", 0, text.strip()))


class _FileReader:
    """Goes through the words of a whole file."""

    def __init__(self, words: list[str], source: str) -> None:
        self._words = words
        self._place = 0
        self._source = source
        self._variables: dict[str, list[str]] = {}
        self.items: list[Any] = []
        self.unread: list[Origin] = []

    def read(self) -> None:
        """Everything at the top of the file."""
        while self._place < len(self._words):
            word = self._next()
            if word in ("\n", ";") or word.startswith("#"):
                continue
            if word == "table":
                self._table()
            elif word in ("define", "redefine"):
                self._define()
            elif word in ("add", "create", "insert"):
                self._command()
            elif word in ("flush", "include", "delete", "destroy", "undefine", "reset", "list"):
                self._line()
            else:
                self._give_up(word)

    def _next(self) -> str:
        word = self._words[self._place] if self._place < len(self._words) else ""
        self._place += 1
        return word

    def _peek(self) -> str:
        return self._words[self._place] if self._place < len(self._words) else ""

    def _line(self) -> list[str]:
        """The words up to the end of the line (or `;`), with whatever braces they open."""
        found: list[str] = []
        depth = 0
        while self._place < len(self._words):
            word = self._words[self._place]
            if depth == 0 and word in ("\n", ";", "}"):
                break
            depth += (word == "{") - (word == "}")
            found.append(word)
            self._place += 1
        return found

    def _block(self) -> list[str]:
        """The words of a `{ ... }` block, which starts here."""
        while self._peek() == "\n" or self._peek().startswith("#"):
            self._place += 1
        if self._peek() != "{":
            return []
        self._place += 1
        found: list[str] = []
        depth = 1
        while self._place < len(self._words):
            word = self._next()
            depth += (word == "{") - (word == "}")
            if depth == 0:
                break
            found.append(word)
        return found

    def _give_up(self, word: str) -> None:
        words = [word, *self._line()]
        self.unread.append(Origin(self._source, 0, " ".join(words)))
        if self._peek() == "}":
            self._place += 1

    def _define(self) -> None:
        words = [word for word in self._line() if word != "\n"]
        if len(words) >= 3 and words[1] == "=":
            self._variables[words[0]] = self._substituted(words[2:])

    def _substituted(self, words: list[str]) -> list[str]:
        found: list[str] = []
        for word in words:
            found.extend(self._variables.get(word[1:], [word]) if word.startswith("$") else [word])
        return found

    def _family_and_name(self, words: list[str]) -> tuple[str, str, list[str]]:
        words = self._substituted(words)
        family = words.pop(0) if words and words[0] in _FAMILIES else "ip"
        return family, unquoted(words[0]) if words else "", words[1:]

    def _table(self) -> None:
        head: list[str] = []
        while self._peek() not in ("{", "\n", ";", ""):
            head.append(self._next())
        family, name, _ = self._family_and_name(head)
        table: dict[str, Any] = {"family": family, "name": name}
        self.items.append({"table": table})
        if self._peek() == "{":
            self._in_table(_FileReader(self._block(), self._source), table)

    def _in_table(self, inner: _FileReader, table: dict[str, Any]) -> None:
        inner._variables = self._variables
        inner.items, inner.unread = self.items, self.unread
        while inner._place < len(inner._words):
            word = inner._next()
            if word.startswith("#"):
                table.setdefault("handle", int(word[1:]))
            elif word in ("chain", "set", "map", "meter"):
                inner._object(word, table)
            elif word == "flags":
                table["flags"] = [flag for flag in inner._line() if flag != ","]
            elif word in ("\n", ";"):
                continue
            elif word in ("define", "redefine"):
                inner._define()
            elif word == "comment":
                inner._line()
            elif word in ("flowtable", "counter", "quota", "limit", "secmark", "synproxy", "ct", "tunnel"):
                inner._other_object(word, table)
            else:
                inner._give_up(word)

    def _other_object(self, kind: str, table: Mapping[str, Any]) -> None:
        """Objects that rules refer to by name, and that decide nothing themselves."""
        words = [kind]
        while self._peek() not in ("{", "\n", ""):
            words.append(self._next())
        self._block()

    def _object(self, kind: str, table: Mapping[str, Any]) -> None:
        name = unquoted(self._substituted([self._next()])[0])
        while self._peek() not in ("{", "\n", ""):
            self._place += 1
        words = self._block()
        if kind == "chain":
            self._chain(name, words, table)
        else:
            self._set("map" if kind == "map" else "set", name, words, table)

    def _chain(self, name: str, words: list[str], table: Mapping[str, Any]) -> None:
        chain: dict[str, Any] = {"family": table["family"], "table": table["name"], "name": name}
        item = {"chain": chain}
        self.items.append(item)
        inner = _FileReader(words, self._source)
        rules: list[list[str]] = []
        while inner._place < len(inner._words):
            line = inner._line()
            inner._place += 1
            if not line:
                continue
            if len(line) == 1 and line[0].startswith("#"):
                chain.setdefault("handle", int(line[0][1:]))
            elif line[0] in ("policy", "device", "devices", "flags") or (line[0] == "type" and "hook" in line):
                self._base(chain, line)
            elif line[0] == "comment" and len(line) == 2:
                continue
            else:
                rules.append(line)
        for line in rules:
            self._rule(chain, line)

    def _base(self, chain: dict[str, Any], words: list[str]) -> None:
        """`type filter hook input device "eth0" priority filter + 10`, `policy drop`."""
        words = self._substituted(words)
        for place, word in enumerate(words):
            following = words[place + 1 :]
            if word == "type" and following:
                chain["type"] = following[0]
            elif word == "hook" and following:
                chain["hook"] = following[0]
            elif word == "policy" and following:
                chain["policy"] = following[0]
            elif word == "device" and following:
                chain["dev"] = unquoted(following[0])
            elif word == "devices":
                chain["dev"] = [unquoted(w) for w in following if w not in ("=", "{", "}", ",")]
                break
            elif word == "priority" and following:
                chain["prio"] = _priority(following)

    def _rule(self, chain: Mapping[str, Any], words: list[str]) -> None:
        text = " ".join(word for word in words if word != "\n" and not word.startswith("#"))
        parser = RuleParser([word for word in words if word != "\n"], self._variables)
        raw: dict[str, Any] = {
            "family": chain["family"],
            "table": chain["table"],
            "chain": chain["name"],
            "expr": parser.rule(),
            "text": _tidy(text),
        }
        if parser.handle is not None:
            raw["handle"] = parser.handle
        if parser.comment:
            raw["comment"] = parser.comment
        self.items.append({"rule": raw})

    def _set(self, kind: str, name: str, words: list[str], table: Mapping[str, Any]) -> None:
        found: dict[str, Any] = {"family": table["family"], "table": table["name"], "name": name, "type": "integer"}
        inner = _FileReader(words, self._source)
        pending: list[str] = []
        while inner._place < len(inner._words):
            line = inner._line()
            inner._place += 1
            if line[:1] in (["type"], ["typeof"]):
                is_map = self._set_type(found, line)
                kind = "map" if is_map else kind
            elif line[:1] == ["flags"]:
                found["flags"] = [flag for flag in line[1:] if flag != ","]
            elif line[:1] == ["elements"]:
                pending = line[2:]
            elif line[:1] == ["limit"]:
                found["stmt"] = [{"limit": {"inv": "over" in line}}]
        if pending:
            self._elements(found, kind, pending)
        self.items.append({kind: found})

    def _set_type(self, found: dict[str, Any], line: list[str]) -> bool:
        """`type ipv4_addr . inet_service : verdict`; for `typeof` the expressions' own types. True for a map."""
        words = self._substituted(line[1:])
        place = next((n for n, word in enumerate(words) if word == ":"), len(words))
        key = words[:place]
        if line[0] == "typeof":
            found["type"] = list(_typeof(key))
        else:
            found["type"] = [word for word in key if word != "."]
        return place < len(words)

    def _elements(self, found: dict[str, Any], kind: str, words: list[str]) -> None:
        types = tuple(found["type"]) if isinstance(found["type"], list) else (found["type"],)
        parser = RuleParser([word for word in words if not word.startswith("#")], self._variables)
        try:
            found["elem"] = parser.elements(types if len(types) > 1 else types[0], kind == "map")
        except (ValueError, IndexError, KeyError, RecursionError):
            found["elem"] = [{"unread": " ".join(words)}]

    def _command(self) -> None:
        """`add rule inet filter input tcp dport 22 accept` and the like."""
        words = self._line()
        kind = words.pop(0) if words else ""
        family, table, rest = self._family_and_name(words)
        where = {"family": family, "table": table}
        if kind == "table":
            self.items.append({"table": {"family": family, "name": table}})
        elif kind == "rule" and rest:
            chain = {**where, "name": unquoted(rest[0])}
            body = rest[1:]
            while body[:1] in (["handle"], ["position"], ["index"]):
                body = body[2:]
            self._rule(chain, body)
        elif kind == "chain" and rest:
            inner = _FileReader(rest[1:], self._source)
            self._chain(unquoted(rest[0]), inner._block(), {"family": family, "name": table})
        elif kind in ("set", "map") and rest:
            inner = _FileReader(rest[1:], self._source)
            self._set(kind, unquoted(rest[0]), inner._block(), {"family": family, "name": table})
        elif kind == "element" and rest:
            self._add_elements(where, unquoted(rest[0]), rest[1:])
        elif kind not in ("flowtable", "counter", "quota", "limit", "ct", "synproxy", "secmark"):
            self.unread.append(Origin(self._source, 0, " ".join(("add", kind, *words))))

    def _add_elements(self, where: Mapping[str, str], name: str, words: list[str]) -> None:
        for item in self.items:
            for kind in ("set", "map"):
                found = item.get(kind)
                if found and (found["family"], found["table"], found["name"]) == (
                    where["family"],
                    where["table"],
                    name,
                ):
                    before = found.get("elem", [])
                    self._elements(found, kind, words)
                    found["elem"] = [*before, *found["elem"]]


def _typeof(words: list[str]) -> tuple[str, ...]:
    from wizard.firewalls.nftables.expressions import expression

    parser = RuleParser(list(words))
    try:
        kind = expression(parser.expression())[1]
    except (ValueError, IndexError, KeyError):
        return ("integer",)
    return kind if isinstance(kind, tuple) else (kind,)


def _priority(words: list[str]) -> int:
    """`filter`, `0`, `-150`, `filter + 10`, `dstnat -5`, `srcnat+1`."""
    text = "".join(words[:3]).replace("mangle-", "mangle -") if words else "0"
    for name, base in values.PRIORITIES.items():
        if text.startswith(name):
            rest = text[len(name) :].strip()
            return base + (_signed(rest) if rest[:1] in "+-" and rest else 0)
    return _signed(words[0] if words[0] not in "+-" else "".join(words[:2]))


def _signed(text: str) -> int:
    digits = ""
    for place, character in enumerate(text):
        if character.isdigit() or (place == 0 and character in "+-"):
            digits += character
        else:
            break
    try:
        return int(digits)
    except ValueError:
        return 0


def _tidy(text: str) -> str:
    return text.replace(" ,", ",")
