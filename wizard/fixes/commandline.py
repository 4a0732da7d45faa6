"""Rewrites a server's command line so that it listens elsewhere, and leaves every other word as it stands.

    flask run --host 127.0.0.1        ->  flask run --host 0.0.0.0
    gunicorn -b127.0.0.1:8000 app     ->  gunicorn -b0.0.0.0:8000 app
    manage.py runserver               ->  manage.py runserver 0.0.0.0:8000

What wins today is what is replaced: an option over a variable, a variable over a configuration file.
"""

from __future__ import annotations

import re
import shlex

from msgspec import Struct
from msgspec.structs import replace

from wizard.fixes.start import Start
from wizard.knowledge import Framework
from wizard.knowledge.recognise import Recognised
from wizard.knowledge.values import OptionValue, is_loopback, join_address, option_values, split_address
from wizard.model.facts import Address

_DJANGO_PLACE = re.compile(r"(?:(?:[\w.-]+|\[[0-9a-fA-F:.]+\]):)?\d+")


class Binding(Struct, frozen=True):
    """Where a program listens now (`address`, `port`) and where it shall (`to`, `to_port`)."""

    address: Address
    port: int
    to: Address
    to_port: int

    @property
    def moves(self) -> bool:
        """Whether the port changes."""
        return self.port != self.to_port


def rewrite(start: Start, recognised: Recognised, binding: Binding) -> Start | None:
    """The start that listens where `binding` says; None where no word or variable of this program sets it."""
    framework, after = recognised.framework, recognised.word_at + 1
    match framework.address_form:
        case "host":
            alone = _without_unix_socket(start, after)
            if alone != start:  # there is no port yet, so it has to be said
                start, binding = alone, replace(binding, port=0)
            return _debugger_off(_port(_host(start, framework, after, binding), framework, after, binding), recognised)
        case "host:port":
            return _host_and_port(start, framework, after, binding)
        case "positional":
            return _positional(start, framework, after, binding)
        case "environment":
            return _variable(start, framework, binding)
        case _:
            return None


def _without_unix_socket(start: Start, after: int) -> Start:
    """uvicorn's `--uds PATH` comes before any `--host`."""
    for value in option_values(start.argv, ("--uds",), after):
        alone = value.prefix == 0
        return start.without_words(value.at - 1 if alone else value.at, value.at + 1)
    return start


def replace_loopback_word(start: Start, after: int, binding: Binding) -> Start | None:
    """For a program that nobody knows: the one argument that names the present address, replaced where it stands."""
    found = [
        value
        for at, word in enumerate(start.argv)
        if at >= after and (value := _address_in(at, word)) is not None and _names(value.text, binding)
    ]
    if len(found) != 1 or (binding.moves and split_address(found[0].text)[1] is None):
        return None
    return _put(start, found[0], _same_form(found[0].text, binding))


def _address_in(at: int, word: str) -> OptionValue | None:
    """The word, or what follows `--option=`."""
    name, equals, value = word.partition("=")
    if equals and name.startswith("-"):
        return OptionValue(at, len(name) + 1, value)
    return None if word.startswith("-") else OptionValue(at, 0, word)


def _names(text: str, binding: Binding) -> bool:
    address, port = split_address(text)
    if port not in (None, binding.port) or not address:
        return False
    return address == str(binding.address) or (binding.address.is_loopback and is_loopback(address))


def _same_form(text: str, binding: Binding) -> str:
    """The new address written as `text` is: with a port if that has one."""
    return join_address(str(binding.to), None if split_address(text)[1] is None else binding.to_port)


def _host(start: Start, framework: Framework, after: int, binding: Binding) -> Start:
    given = option_values(start.argv, framework.address_options, after, abbreviates=framework.abbreviates)
    address = str(binding.to)
    if given and not given[-1].text.startswith("-"):
        return _put(start, given[-1], address)
    bare = next((at for at in range(after, len(start.argv)) if start.argv[at] in framework.address_options), None)
    if bare is not None:  # `vite --host`, with no address after it
        return start.with_words_at(bare + 1, address)
    if framework.address_environment and framework.address_environment in start.variables():
        return start.with_variable(framework.address_environment, address)
    return _with_option(start, framework, framework.address_options[0], address)


def _port(start: Start, framework: Framework, after: int, binding: Binding) -> Start:
    if not binding.moves:
        return start
    port = str(binding.to_port)
    if given := option_values(start.argv, framework.port_options, after, abbreviates=framework.abbreviates):
        return _put(start, given[-1], port)
    if framework.port_positional:
        return _port_word(start, framework, after, port)
    if framework.port_environment and framework.port_environment in start.variables():
        return start.with_variable(framework.port_environment, port)
    return _with_option(start, framework, framework.port_options[0], port) if framework.port_options else start


def _with_option(start: Start, framework: Framework, option: str, value: str) -> Start:
    return start.with_options(f"{option}={value}") if framework.joined else start.with_options(option, value)


def _port_word(start: Start, framework: Framework, after: int, port: str) -> Start:
    """http.server's port, which stands alone among the arguments."""
    taken = {value.at for value in option_values(start.argv, (*framework.address_options, "-d", "--directory"), after)}
    for at in range(after, len(start.argv)):
        if start.argv[at].isdigit() and at not in taken:
            return start.with_word(at, port)
    return start.with_words_at(after, port)


def _host_and_port(start: Start, framework: Framework, after: int, binding: Binding) -> Start | None:
    given = option_values(start.argv, framework.address_options, after, abbreviates=framework.abbreviates)
    if given:
        return _rebound(start, framework, given, binding)
    if framework.name == "waitress" and any(word.startswith(("--host", "--port")) for word in start.argv[after:]):
        return _waitress_apart(start, after, binding)
    name = framework.arguments_environment
    if name and name in start.variables():
        inner = Start(tuple(shlex.split(start.variables()[name])), "")
        values = option_values(inner.argv, framework.address_options, abbreviates=framework.abbreviates)
        if values and (changed := _rebound(inner, framework, values, binding)) is not None:
            return start.with_variable(name, shlex.join(changed.argv))
    return start.with_options(framework.address_options[0], join_address(str(binding.to), binding.to_port))


def _waitress_apart(start: Start, after: int, binding: Binding) -> Start:
    """waitress-serve --host=ADDRESS --port=PORT: the older pair of options."""
    given = option_values(start.argv, ("--host",), after)
    changed = _put(start, given[-1], str(binding.to)) if given else start.with_options(f"--host={binding.to}")
    ports = option_values(changed.argv, ("--port",), after)
    return _put(changed, ports[-1], str(binding.to_port)) if ports else changed


def _rebound(start: Start, framework: Framework, given: tuple[OptionValue, ...], binding: Binding) -> Start | None:
    """The option that makes the present listener, replaced; those that would then be in its way, taken out."""
    mine = [value for value in given if _same_place(value.text, framework, binding)]
    text = join_address(str(binding.to), binding.to_port)
    if all(value.text.startswith("unix:") for value in given):
        # Whoever else asks it through that socket (nginx, say) goes on doing so.
        return (
            start.with_options(framework.address_options[0], text) if framework.repeats else _put(start, given[0], text)
        )
    if not mine:
        return None
    changed = _put(start, mine[0], text)
    for value in reversed(mine[1:] if framework.repeats else ()):
        if binding.to.is_unspecified or value.text == mine[0].text:
            alone = value.prefix == 0
            changed = changed.without_words(value.at - 1 if alone else value.at, value.at + 1)
    return changed


def _same_place(text: str, framework: Framework, binding: Binding) -> bool:
    if text.startswith(("unix:", "fd:")):
        return False
    port = split_address(text)[1]
    return (framework.default_port if port is None else port) == binding.port


def _positional(start: Start, framework: Framework, after: int, binding: Binding) -> Start:
    """django: `[address:]port` among the words after `runserver`."""
    place = join_address(str(binding.to), binding.to_port)
    options = {value.at for value in option_values(start.argv, framework.value_options, after)}
    for at in range(after, len(start.argv)):
        if at not in options and _DJANGO_PLACE.fullmatch(start.argv[at]):
            return start.with_word(at, place)
    return start.with_words_at(after, place)


def _variable(start: Start, framework: Framework, binding: Binding) -> Start:
    name = framework.address_environment
    before = start.variables().get(name, "")
    start = start.with_variable(name, _same_form(before, binding) if before else str(binding.to))
    if binding.moves and framework.port_environment:
        return start.with_variable(framework.port_environment, str(binding.to_port))
    return start


def _debugger_off(start: Start, recognised: Recognised) -> Start:
    """flask run: no debug mode and no debugger, whatever variables and dotenv files say.

    `--no-debug` exists after `run` only from Flask 2.2.3 on, so where no `--debug` stands, FLASK_DEBUG=0 says it
    (dotenv files never overrule it); `--no-debugger` exists in every version.
    """
    if recognised.framework.debugger != "werkzeug":
        return start
    switches = {"--debug": "--no-debug", "--debugger": "--no-debugger"}
    at_first = recognised.line.at + 1
    words = tuple(switches.get(word, word) for word in start.argv[at_first:])
    changed = Start((*start.argv[:at_first], *words), start.cwd, start.environment)
    if "--no-debugger" not in words:
        changed = changed.with_options("--no-debugger")
    # FLASK_ENV=development switches debug mode on before Flask 2.3; FLASK_DEBUG overrules it.
    return changed.with_variable("FLASK_DEBUG", "0") if "--no-debug" not in words else changed


def _put(start: Start, value: OptionValue, text: str) -> Start:
    word = start.argv[value.at]
    return start.with_word(value.at, word[: value.prefix] + text)
