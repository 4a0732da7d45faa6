"""The connection is made; the two programs do not understand one another."""

from __future__ import annotations

from tests.build import attempt, facts, listener
from tests.judge.cases.case import found, near_miss, unsure, without

NO_TLS = (attempt(sent="tls", tls="wrong version number", banner=b"", ended="closed"), attempt())
TLS = (attempt(banner=b"", ended="closed"), attempt(sent="tls", tls="ok"))
SSH = attempt(banner=b"SSH-2.0-OpenSSH_9.2\r\n", ended="open")
CLOSED = attempt(banner=b"", ended="closed")
DJANGO = attempt(banner=b"HTTP/1.1 400 Bad Request\r\n\r\n<title>DisallowedHost at /</title>")
BAD = attempt(banner=b"HTTP/1.1 400 Bad Request\r\n\r\nmissing field")
OLD_TLS = (
    attempt(sent="tls", tls="TLSV1_ALERT_PROTOCOL_VERSION", banner=b"", ended="closed"),
    attempt(sent="http", banner=b"", ended="closed"),
)
CUT_OFF = (
    attempt(sent="tls", tls="UNEXPECTED_EOF_WHILE_READING", banner=b"", ended="closed"),
    attempt(sent="http", banner=b"", ended="closed"),
)

CASES = (
    found("https-asked-of-http", "flask", facts(attempts=NO_TLS), scheme="https", says="does not speak TLS"),
    near_miss("https-asked-of-http", "speaks-it", facts(attempts=(attempt(sent="tls", tls="ok"),)), scheme="https"),
    near_miss("https-asked-of-http", "ssh", facts(attempts=(NO_TLS[0], SSH)), scheme="https"),
    near_miss("https-asked-of-http", "other-way-round", facts(attempts=TLS)),
    unsure("https-asked-of-http", "no-listeners-known", without("listeners"), scheme="https"),
    found("tls-not-agreed", "old", facts(attempts=OLD_TLS), scheme="https", says="PROTOCOL_VERSION"),
    near_miss("tls-not-agreed", "no-tls-at-all", facts(attempts=NO_TLS), scheme="https"),
    near_miss("tls-not-agreed", "cut-off", facts(attempts=CUT_OFF), scheme="https"),
    unsure("tls-not-agreed", "no-listeners-known", without("listeners"), scheme="https"),
    found("http-asked-of-https", "closes", facts(attempts=TLS), says="speaks TLS"),
    near_miss("http-asked-of-https", "just-closes", facts(attempts=(CLOSED,))),
    near_miss("http-asked-of-https", "not-tls-at-all", facts(attempts=(SSH,))),
    unsure("http-asked-of-https", "no-listeners-known", without("listeners")),
    found("host-header-refused", "django", facts(attempts=(DJANGO,)), says="HTTP 400"),
    found(
        "host-header-refused",
        "asked-from-here",
        facts(listeners=(listener("127.0.0.1"),), attempts=(attempt("127.0.0.1", banner=DJANGO.banner),)),
        host="127.0.0.1",
        addresses=("127.0.0.1",),
        vantage="127.0.0.1",
        says="requests for 127.0.0.1",
    ),
    near_miss("host-header-refused", "another-400", facts(attempts=(BAD,))),
    unsure("host-header-refused", "no-listeners-known", without("listeners")),
    found("closes-without-answer", "closes", facts(attempts=(CLOSED,)), says="closes it"),
    found("closes-without-answer", "resets", facts(attempts=(attempt(banner=b"", ended="reset"),)), says="resets it"),
    found("closes-without-answer", "ssh", facts(attempts=(SSH,)), says="SSH-2.0"),
    near_miss("closes-without-answer", "a-404", facts(attempts=(attempt(banner=b"HTTP/1.1 404 Not Found\r\n\r\n"),))),
    unsure("closes-without-answer", "no-listeners-known", without("listeners")),
)
