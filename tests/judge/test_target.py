"""What people paste, and what is wrong with what they paste."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.errors import ExitCode, WizardError
from wizard.judge.target import read

UNDERSTOOD = [
    ("5000", "", 5000, "http"),
    (":5000", "", 5000, "http"),
    ("5000/tcp", "", 5000, "http"),
    (" 5000 ", "", 5000, "http"),
    ("127.0.0.1:5000", "127.0.0.1", 5000, "http"),
    ("[::1]:5000", "::1", 5000, "http"),
    ("::1", "::1", None, "http"),
    ("[fe80::1%25eth0]:80", "fe80::1%eth0", 80, "http"),
    ("http://192.168.1.100:5000/x", "192.168.1.100", 5000, "http"),
    ("https://192.168.1.100", "192.168.1.100", 443, "https"),
    ("http://192.168.1.100/x", "192.168.1.100", 80, "http"),
    ("ws://shop.local:3000/socket", "shop.local", 3000, "http"),
    ("http:/192.168.1.5:80", "192.168.1.5", 80, "http"),
    ("https://user:secret@host.example:8443/", "host.example", 8443, "https"),
    ("raspberrypi.local:8000", "raspberrypi.local", 8000, "http"),
    ("localhost:5000", "localhost", 5000, "http"),
    ("192.168.1.100", "192.168.1.100", None, "http"),
    (" * Running on http://127.0.0.1:5000", "", 5000, "http"),
    (" * Running on http://127.0.0.1:5000 (Press CTRL+C to quit)", "", 5000, "http"),
    ("[INFO] Listening at: http://0.0.0.0:8000 (123)", "", 8000, "http"),
    ("http://127.0.0.1:5000 refused to connect", "127.0.0.1", 5000, "http"),
    (" * Running on http://192.168.1.5:5000", "192.168.1.5", 5000, "http"),
    ("192.168.1.100 refused to connect. ERR_CONNECTION_REFUSED", "192.168.1.100", None, "http"),
    (
        "curl: (7) Failed to connect to 10.0.0.7 port 5000 after 0 ms: Couldn't connect to server",
        "10.0.0.7",
        5000,
        "http",
    ),
    ("can't establish a connection to the server at 192.168.1.100:5000.", "192.168.1.100", 5000, "http"),
    ("shop.lan took too long to respond", "shop.lan", None, "http"),
    ("ERR_CONNECTION_REFUSED", "", None, "http"),
]


@pytest.mark.parametrize(("text", "host", "port", "scheme"), UNDERSTOOD)
def test_it_reads_what_people_paste(text: str, host: str, port: int | None, scheme: str) -> None:
    pasted = read(text)
    assert (pasted.host, pasted.port, pasted.scheme) == (host, port, scheme)


MALFORMED = [
    ("", "target-missing"),
    ("   ", "target-missing"),
    ("0", "bad-port"),
    ("65536", "bad-port"),
    ("-1", "bad-port"),
    ("http://x:abc", "bad-port"),
    ("192.168.1.100:", "bad-port"),
    ("192.168.1.100:99999999999999999999", "bad-port"),
    ("300.1.1.1:80", "bad-address"),
    ("192.168.1:80", "bad-address"),
    ("http://[::1", "bad-address"),
    ("[not-an-address]:80", "bad-address"),
    ("1:2:3:4:5:6:7:8:9", "bad-address"),
    ("http://", "target-without-host"),
    ("ftp://x", "scheme-not-supported"),
    ("hello world", "target-not-understood"),
    ("$(reboot)", "target-not-understood"),
]


@pytest.mark.parametrize(("text", "ref"), MALFORMED)
def test_each_malformed_target_has_its_error_and_next_step(text: str, ref: str) -> None:
    with pytest.raises(WizardError) as caught:
        read(text)
    assert (caught.value.ref, caught.value.code) == (ref, ExitCode.USAGE)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "transport"),
    [
        ("192.168.1.100 refused to connect. ERR_CONNECTION_REFUSED", "refused"),
        ("This site can't be reached. 10.0.0.1 took too long to respond. ERR_CONNECTION_TIMED_OUT", "timeout"),
        ("Unable to connect. Firefox can't establish a connection to the server at 10.0.0.1:80.", "refused"),
        ("curl: (52) Empty reply from server 10.0.0.1", "empty"),
        ("10.0.0.1 errno 113", "unreachable"),
        ("connect to 10.0.0.1 port 80: No route to host", "unreachable"),
    ],
)
def test_the_symptom_is_read_along_with_the_target(text: str, transport: str) -> None:
    symptom = read(text).symptom
    assert symptom is not None
    assert symptom.transport == transport


@given(st.text(max_size=200))
def test_no_text_is_anything_but_understood_or_refused(text: str) -> None:
    try:
        pasted = read(text)
    except WizardError:
        return
    assert pasted.port is None or 1 <= pasted.port <= 65535
