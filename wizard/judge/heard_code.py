"""The code that carries what one device saw to the other end: four or five groups that can be read over the phone.

    GH4M-0C9K-7TPA-2W6Q

Crockford's base 32 (no I, L, O, U; case, spaces and dashes do not matter, `O` is read as 0, `I` and `L` as 1, `U` as V). The
first 14 symbols hold the fields of `_FIELDS` (18 where the device lives in another network: its whole IPv4 address comes
with it), the last two are check symbols of a Reed-Solomon code over GF(32): of one wrong symbol they tell which it is.
"""

from __future__ import annotations

from ipaddress import IPv4Address

from msgspec.structs import replace

from wizard.errors import WizardError
from wizard.model.heard import DETAILS, DURATIONS, TRANSPORTS, WHO, Heard

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans("OILU", "011V")
_GROUP = 4
_LENGTHS = (16, 20)
_CHECKS = 2
_NEAR, _FAR = 0, 1
"""The first field: a code without, or with, the upper half of the device's IPv4 address."""
_FIELDS = (
    ("version", 2), ("transport", 4), ("by", 3), ("detail", 5), ("took", 3), ("family", 1), ("tls", 1), ("same", 1),
    ("prefix", 6), ("port", 16), ("target", 12), ("client", 16),
)  # fmt: skip
_UPPER = (("upper", 16), ("spare", 4))

# The field GF(32), by x^5 + x^2 + 1: powers of its generator, and their logarithms.
_POWERS = [1]
for _ in range(30):
    _POWERS.append((_POWERS[-1] << 1) ^ (0x25 if _POWERS[-1] & 16 else 0))
_LOGARITHM = {power: place for place, power in enumerate(_POWERS)}


def encode(heard: Heard) -> str:
    """The code, in groups with dashes."""
    far = isinstance(heard.client, IPv4Address) and not heard.same_network
    values = {
        "version": _FAR if far else _NEAR,
        "transport": _index(TRANSPORTS, heard.transport, TRANSPORTS.index("error")),
        "by": _index(WHO, heard.by),
        "detail": _index(DETAILS, heard.detail),
        "took": _index(DURATIONS, heard.took),
        "family": int(heard.family == 6),
        "tls": int(bool(heard.tls)),
        "same": int(bool(heard.same_network)),
        "prefix": (heard.prefix or 0) // (4 if heard.family == 6 else 1),
        "port": heard.port or 0,
        "target": heard.target_bits or 0,
        "client": heard.client_bits or 0,
    }
    fields: tuple[tuple[str, int], ...] = _FIELDS
    if far and heard.client is not None:
        values |= {"upper": int(heard.client) >> 16, "spare": 0}
        fields += _UPPER
    symbols = _with_checks(_packed(values, fields))
    text = "".join(_ALPHABET[each] for each in symbols)
    return "-".join(text[place : place + _GROUP] for place in range(0, len(text), _GROUP))


def _index(words: tuple[str, ...], word: str, otherwise: int = 0) -> int:
    return words.index(word) if word in words else otherwise


def _packed(values: dict[str, int], fields: tuple[tuple[str, int], ...]) -> list[int]:
    number = 0
    for name, bits in fields:
        number = number << bits | values[name]
    width = sum(bits for _, bits in fields)
    return [number >> shift & 31 for shift in range(width - 5, -1, -5)]


def decode(text: str) -> Heard:
    """What a code says; a WizardError (usage) where it is none, naming the group that is off where that can be told."""
    symbols = _symbols(text)
    first, second = _syndromes(symbols)
    if first or second:
        raise _off(symbols, first, second)
    data = symbols[:-_CHECKS]
    fields = _FIELDS if len(symbols) == _LENGTHS[0] else _FIELDS + _UPPER
    values = _unpacked(data, fields)
    if (values["version"] == _FAR) != (len(symbols) == _LENGTHS[1]) or values["version"] > _FAR:
        raise _bad("The code was made by another version of the wizard.", "use the same version on both machines")
    return replace(_heard(values), code=_grouped(symbols))


def _heard(values: dict[str, int]) -> Heard:
    family = 6 if values["family"] else 4
    far = IPv4Address(values["upper"] << 16 | values["client"]) if "upper" in values else None
    return Heard(
        transport=_word(TRANSPORTS, values["transport"], "error"),
        by=_word(WHO, values["by"]),
        detail=_word(DETAILS, values["detail"]),
        took=_word(DURATIONS, values["took"]),
        family=family,
        tls=bool(values["tls"]),
        same_network=bool(values["same"]),
        prefix=(values["prefix"] * (4 if family == 6 else 1)) or None,
        port=values["port"] or None,
        target_bits=values["target"],
        client_bits=values["client"],
        client=far,
    )


def _word(words: tuple[str, ...], index: int, otherwise: str = "") -> str:
    return words[index] if index < len(words) else otherwise


def _unpacked(symbols: list[int], fields: tuple[tuple[str, int], ...]) -> dict[str, int]:
    number = 0
    for each in symbols:
        number = number << 5 | each
    values: dict[str, int] = {}
    for name, bits in reversed(fields):
        values[name] = number & (1 << bits) - 1
        number >>= bits
    return values


def _symbols(text: str) -> list[int]:
    """The numbers behind the characters; dashes, spaces and dots between them do not count."""
    bare = "".join(text.upper().split()).translate(_LOOKALIKES)
    bare = "".join(each for each in bare if each not in "-.,:;/_–—")
    if wrong := next((each for each in bare if each not in _ALPHABET), ""):
        raise _bad(f"The code has the character {wrong!r}, which no code has.", "letters and digits in groups of four")
    if len(bare) not in _LENGTHS:
        raise _bad(
            f"The code has {len(bare)} characters{_short_group(text)}; four or five groups of four are a whole one.",
            "as in GH4M-0C9K-7TPA-2W6Q; it stands in the last lines that `wizard check` prints on the other device",
        )
    return [_ALPHABET.index(each) for each in bare]


def _short_group(text: str) -> str:
    groups = text.replace("-", " ").split()
    wrong = [number for number, each in enumerate(groups, start=1) if len(each) != _GROUP]
    return f" (look at group {wrong[0]}: {groups[wrong[0] - 1][:20]!r})" if 3 <= len(groups) <= 5 and wrong else ""


def _grouped(symbols: list[int]) -> str:
    text = "".join(_ALPHABET[each] for each in symbols)
    return "-".join(text[place : place + _GROUP] for place in range(0, len(text), _GROUP))


# The check symbols


def _times(one: int, other: int) -> int:
    return _POWERS[(_LOGARITHM[one] + _LOGARITHM[other]) % 31] if one and other else 0


def _syndromes(symbols: list[int]) -> tuple[int, int]:
    """The sum of all symbols, and the sum weighted by place: both 0 for a whole code."""
    plain = weighted = 0
    for place, each in enumerate(symbols):
        plain ^= each
        weighted ^= _times(each, _POWERS[place])
    return plain, weighted


def _with_checks(data: list[int]) -> list[int]:
    """Two symbols behind the data that make both sums 0."""
    last = len(data)
    for check in range(32):
        symbols = [*data, check]
        plain, weighted = _syndromes(symbols)
        if _times(plain, _POWERS[last + 1]) == weighted:
            return [*symbols, plain]
    raise AssertionError("two equations with two unknowns have an answer")


def _off(symbols: list[int], plain: int, weighted: int) -> WizardError:
    """Which group does not fit: of a single wrong symbol the two sums give the place, of two neighbours in the wrong order
    the pairs that come into question."""
    hint = "have it read out again, group by group"
    mended = _mended(symbols, plain, weighted)
    if len(mended) != 1:
        return _bad("The code is not right: more than one character does not fit.", hint)
    pairs = zip(_grouped(symbols).split("-"), _grouped(mended[0]).split("-"), strict=True)
    wrong = [(number, said, meant) for number, (said, meant) in enumerate(pairs, start=1) if said != meant]
    if len(wrong) > 1:
        return _bad(f"The code is not right where groups {wrong[0][0]} and {wrong[1][0]} meet.", hint)
    number, said, meant = wrong[0]
    return _bad(f"The code is not right in group {number}: {said} does not fit.", f"perhaps {meant}? If not, {hint}")


def _mended(symbols: list[int], plain: int, weighted: int) -> list[list[int]]:
    """The whole codes that differ by one symbol, or by one swap of neighbours."""
    if plain and weighted:
        place = (_LOGARITHM[weighted] - _LOGARITHM[plain]) % 31
        if place >= len(symbols):
            return []
        return [[*symbols[:place], symbols[place] ^ plain, *symbols[place + 1 :]]]
    if plain:
        return []
    swaps = ([*symbols[:n], symbols[n + 1], symbols[n], *symbols[n + 2 :]] for n in range(len(symbols) - 1))
    return [each for each in swaps if _syndromes(each) == (0, 0)]


def _bad(what: str, hint: str) -> WizardError:
    return WizardError("bad-code", what, hint=hint)
