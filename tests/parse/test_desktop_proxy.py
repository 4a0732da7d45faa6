"""A desktop's proxy settings as text, and what is in force."""

from __future__ import annotations

import pytest

from wizard.parse.desktop_proxy import parse

GNOME = """org.gnome.system.proxy autoconfig-url ''
org.gnome.system.proxy ignore-hosts ['localhost', '127.0.0.0/8', '::1']
org.gnome.system.proxy mode '{mode}'
org.gnome.system.proxy.http host '10.0.0.1'
org.gnome.system.proxy.http port 3128
org.gnome.system.proxy.https host ''
org.gnome.system.proxy.https port 0
org.gnome.system.proxy.socks host '10.0.0.2'
org.gnome.system.proxy.socks port 1080
"""


@pytest.mark.parametrize(
    ("text", "proxies", "bypass", "pac"),
    [
        ("", {}, (), ""),
        (GNOME.format(mode="none"), {}, (), ""),
        (
            GNOME.format(mode="manual"),
            {"http": "http://10.0.0.1:3128", "all": "socks5://10.0.0.2:1080"},
            ("localhost", "127.0.0.0/8", "::1"),
            "",
        ),
        (GNOME.format(mode="auto"), {}, (), "wpad"),
        ("kioslaverc ProxyType=0\nkioslaverc httpProxy=http://10.0.0.1 3128\n", {}, (), ""),
        (
            "kioslaverc ProxyType=1\nkioslaverc httpProxy=http://10.0.0.1 3128\nkioslaverc NoProxyFor=.lan,10.0.0.0/8\n",
            {"http": "http://10.0.0.1:3128"},
            (".lan", "10.0.0.0/8"),
            "",
        ),
        ("kioslaverc ProxyType=2\nkioslaverc Proxy Config Script=http://p/x.pac\n", {}, (), "http://p/x.pac"),
        (
            '/etc/environment http_proxy="http://10.0.0.1:3128"\n/etc/environment no_proxy=.lan\n',
            {"http": "http://10.0.0.1:3128"},
            (".lan",),
            "",
        ),
    ],
    ids=["nothing", "gnome-off", "gnome", "gnome-script", "kde-off", "kde", "kde-script", "environment"],
)
def test_what_is_in_force(text: str, proxies: dict[str, str], bypass: tuple[str, ...], pac: str) -> None:
    found = parse(text)
    assert (dict(found.value.proxies), found.value.bypass, found.value.pac) == (proxies, bypass, pac)
    assert not found.unread


def test_a_strange_line_is_kept() -> None:
    assert [each.text for each in parse("org.gnome.something else\n").unread] == ["org.gnome.something else"]
