"""Whole error texts, as people paste them, and the cause that must come first."""

from __future__ import annotations

import re

import pytest

from wizard.cli.explain import everything
from wizard.knowledge import frameworks
from wizard.knowledge.browser_words import browser_words, words_in
from wizard.knowledge.pages import pages
from wizard.knowledge.search import Entry, error_texts, frameworks_in, search, usual_causes

KNOWN = [Entry(page.ref, page.title, page.text) for page in everything()]
REFS = {entry.ref for entry in KNOWN}

FIRST = (
    # browsers
    ("This site can’t be reached 192.168.1.100 refused to connect. ERR_CONNECTION_REFUSED", "loopback-only-bind"),
    ("localhost refused to connect. Try: Checking the connection ERR_CONNECTION_REFUSED", "nothing-listening"),
    ("0.0.0.0 refused to connect. ERR_CONNECTION_REFUSED", "wildcard-address-in-url"),
    ("This site can't be reached\n192.168.1.100 took too long to respond.\nERR_CONNECTION_TIMED_OUT", "firewall-drops-port"),
    ("This site can't be reached. The webpage at http://192.168.1.5:8000/ is unreachable ERR_ADDRESS_UNREACHABLE",
     "host-does-not-answer"),
    ("Your Internet access is blocked. Firewall or antivirus software may have blocked the connection. "
     "ERR_NETWORK_ACCESS_DENIED", "own-firewall-blocks-outgoing"),
    ("192.168.1.20 didn’t send any data. ERR_EMPTY_RESPONSE", "closes-without-answer"),
    ("The connection was reset. ERR_CONNECTION_RESET", "closes-without-answer"),
    ("This site can’t provide a secure connection 192.168.1.20 sent an invalid response. ERR_SSL_PROTOCOL_ERROR",
     "https-asked-of-http"),
    ("Your connection is not private. NET::ERR_CERT_AUTHORITY_INVALID", "certificate-not-trusted"),
    ("NET::ERR_CERT_COMMON_NAME_INVALID", "certificate-for-another-name"),
    ("NET::ERR_CERT_DATE_INVALID Your clock is behind", "certificate-out-of-date"),
    ("raspberrypi.local’s server IP address could not be found. DNS_PROBE_FINISHED_NXDOMAIN", "mdns-name-does-not-resolve"),
    ("Check if there is a typo in shop.lan. DNS_PROBE_FINISHED_NXDOMAIN ERR_NAME_NOT_RESOLVED", "name-does-not-resolve"),
    ("The webpage at http://192.168.1.5:6000/ might be temporarily down. ERR_UNSAFE_PORT", "browser-blocks-port"),
    ("No internet. There is something wrong with the proxy server. ERR_PROXY_CONNECTION_FAILED", "proxy-takes-lan-address"),
    ("192.168.1.4 redirected you too many times. ERR_TOO_MANY_REDIRECTS", "redirects-to-localhost"),
    ("is blocked. This page has been blocked by an extension ERR_BLOCKED_BY_CLIENT", "browser-extension-blocks"),
    ("net::ERR_CLEARTEXT_NOT_PERMITTED", "app-forbids-plain-http"),
    ("ERR_INVALID_HTTP_RESPONSE", "not-a-web-service"),
    ("Unable to connect. Firefox can’t establish a connection to the server at 192.168.1.100:5000.", "loopback-only-bind"),
    ("The connection has timed out. The server at 192.168.1.100 is taking too long to respond.", "firewall-drops-port"),
    ("Secure Connection Failed. Error code: SSL_ERROR_RX_RECORD_TOO_LONG", "https-asked-of-http"),
    ("This address is restricted. This address uses a network port which is normally used for other purposes.",
     "browser-blocks-port"),
    ("Safari can’t open the page because Safari can’t connect to the server “192.168.1.100”.", "loopback-only-bind"),
    ("Safari can't open the page because the server unexpectedly dropped the connection.", "closes-without-answer"),
    # programs
    ("curl: (7) Failed to connect to 192.168.1.100 port 5000 after 1 ms: Couldn't connect to server", "loopback-only-bind"),
    ("curl: (7) Failed to connect", "loopback-only-bind"),
    ("curl: (28) Failed to connect to 192.168.1.100 port 5000 after 130122 ms: Couldn't connect to server",
     "firewall-drops-port"),
    ("curl: (52) Empty reply from server", "closes-without-answer"),
    ("curl: (35) error:0A00010B:SSL routines::wrong version number", "https-asked-of-http"),
    ("curl: (60) SSL certificate problem: self-signed certificate", "certificate-not-trusted"),
    ("curl: (6) Could not resolve host: shop.lan", "name-does-not-resolve"),
    ("curl: (1) Received HTTP/0.9 when not allowed", "not-a-web-service"),
    ("Error: connect ECONNREFUSED ::1:5000", "localhost-other-family"),
    ("ConnectionRefusedError: [Errno 111] Connection refused", "loopback-only-bind"),
    ("OSError: [Errno 113] No route to host", "host-does-not-answer"),
    ("ssh: connect to host 192.168.1.5 port 22: Network is unreachable", "interface-down"),
    ("requests.exceptions.ConnectTimeout: HTTPConnectionPool(host='192.168.1.5', port=5000): Max retries exceeded",
     "firewall-drops-port"),
    ("No connection could be made because the target machine actively refused it. 192.168.1.5:5000", "loopback-only-bind"),
    # a server that cannot start
    ("Error: listen EADDRINUSE: address already in use :::3000", "port-taken-by-another-program"),
    ("OSError: [Errno 98] Address already in use", "port-taken-by-another-program"),
    ("Address already in use\nPort 5000 is in use by another program. Either identify and stop that program, or start the "
     "server with a different port.\nOn macOS, try disabling the 'AirPlay Receiver' service", "airplay-holds-port"),
    ("Bind for 0.0.0.0:8080 failed: port is already allocated", "port-taken-by-another-program"),
    ("WinError 10013", "windows-excluded-port-range"),
    ("An attempt was made to access a socket in a way forbidden by its access permissions", "windows-excluded-port-range"),
    ("PermissionError: [Errno 13] error while attempting to bind on address ('0.0.0.0', 80): permission denied",
     "privileged-port"),
    ("nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)", "privileged-port"),
    ("OSError: [Errno 99] Cannot assign requested address", "bind-address-gone"),
    ("accept4() failed (24: Too many open files)", "too-many-open-files"),
    # a program that says no
    ('Blocked request. This host ("x") is not allowed.\nTo allow this host, add "x" to `server.allowedHosts` in '
     "vite.config.js.", "host-header-refused"),
    ("DisallowedHost", "host-header-refused"),
    ("DisallowedHost at / Invalid HTTP_HOST header: '192.168.1.100:8000'. You may need to add '192.168.1.100' to "
     "ALLOWED_HOSTS.", "host-header-refused"),
    ("Invalid Host header", "host-header-refused"),
    ("Blocked hosts: myapp.local:3000 To allow requests to these hosts, add to config.hosts", "host-header-refused"),
    ("Blocked cross-origin request from 192.168.1.5 to /_next/* resource. configure \"allowedDevOrigins\" in next.config",
     "dev-origin-blocked"),
    ("502 Bad Gateway nginx/1.22.1", "bad-gateway"),
    ("Access to localhost was denied. You don't have authorization to view this page. HTTP ERROR 403",
     "airplay-holds-port"),
    ("400 Bad Request The plain HTTP request was sent to HTTPS port nginx", "http-asked-of-https"),
    ('code 400, message Bad request version (\'\\x00\\x02\\x01\')', "https-asked-of-http"),
    ("WebSocket connection to 'ws://192.168.1.5:8501/_stcore/stream' failed", "websocket-fails"),
    # a server's own line, a log's, and plain words
    (" * Running on http://127.0.0.1:5000", "loopback-only-bind"),
    ("[UFW BLOCK] IN=wlan0 OUT= MAC= SRC=192.168.1.23 DST=192.168.1.100 PROTO=TCP SPT=50000 DPT=5000", "firewall-drops-port"),
    ("fail2ban.actions [1]: NOTICE [sshd] Ban 192.168.1.23", "client-address-banned"),
    ("port forward router", "router-port-forward-missing"),
    ("cgnat carrier grade", "carrier-grade-nat"),
    ("hairpin", "no-nat-loopback"),
    ("captive portal", "captive-portal"),
    ("wifi isolation guest", "client-isolation"),
    ("wsl other devices", "wsl-forwards-localhost-only"),
    ("airplay", "airplay-holds-port"),
    ("vite", "loopback-only-bind"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "ref"), FIRST, ids=lambda value: value[:40])
def test_a_pasted_text_finds_its_cause_first(text: str, ref: str) -> None:
    hits = search(text, KNOWN)
    assert hits and hits[0].ref == ref, [(hit.ref, round(hit.score), hit.why) for hit in hits[:4]]
    assert all(hit.why and hit.title for hit in hits)


def test_what_fits_nothing_finds_nothing() -> None:
    assert search("qqqzzz", KNOWN) == ()
    assert search("", KNOWN) == ()
    assert search("\x1b[2J [red]", KNOWN) is not None


def test_a_framework_is_found_by_its_name() -> None:
    assert [entry.name for entry in frameworks_in("vite does not load on my phone")] == ["vite"]
    for entry in frameworks():
        assert set(usual_causes(entry)) <= REFS
        if entry.kind != "system":
            assert entry in frameworks_in(entry.name), entry.name


def test_every_cause_that_an_error_text_names_has_a_page() -> None:
    for each in error_texts():
        assert each.refs and set(each.refs) <= REFS, each.refs
        assert each.why and not each.why.endswith(".")
        assert all(re.compile(pattern) for pattern in each.match)


def test_every_browser_code_is_found_from_a_page_that_names_it() -> None:
    assert [words.code for words in words_in("`ERR_EMPTY_RESPONSE` or NS_ERROR_NET_TIMEOUT")] == [
        "ERR_EMPTY_RESPONSE",
        "ERR_CONNECTION_TIMED_OUT",
    ]
    codes = [code for words in browser_words() for code in (words.code, *words.also)]
    assert len(codes) == len(set(codes))


def test_no_two_pages_have_one_name() -> None:
    refs = [page.ref for page in pages()]
    assert len(refs) == len(set(refs))
