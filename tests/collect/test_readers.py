"""The Python readers, each against what it reads: a container service's socket, /proc, psutil, the environment."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from wizard.collect import proc
from wizard.collect.readers import CannotLook, docker, platform, proxy, psutil_listeners, sysctls
from wizard.model.facts import Proto
from wizard.parse import psutil_listeners as reading
from wizard.parse import sysctl

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@contextmanager
def service(path: Path, answer: bytes) -> Iterator[list[bytes]]:
    """A container service that gives one answer."""
    asked: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def serve() -> None:
            connection = listening.accept()[0]
            with connection:
                asked.append(connection.recv(65536))
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield asked
        thread.join(2)


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the only service would be."""
    monkeypatch.setattr(docker, "SOCKETS", (str(tmp_path / "none.sock"), str(tmp_path / "d.sock")))
    return tmp_path / "d.sock"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n[]\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n2;x\r\n]\n\r\n0\r\n\r\n",
    ],
)
def test_a_container_service_answers(at: Path, answer: bytes) -> None:
    with service(at, answer) as asked:
        assert docker.read() == "[]\n"
    assert asked[0].startswith(b"GET /containers/json HTTP/1.0\r\n")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.0 500 Internal Server Error\r\n\r\n{}", 'answered "HTTP/1.0 500 Internal Server Error"'),
        (b"HTTP/1.0 200 OK\r\n\r\nnot json", "sent no JSON"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "sent a broken answer"),
        (b"", 'answered ""'),
    ],
)
def test_a_container_service_that_does_not_answer_properly(at: Path, answer: bytes, reason: str) -> None:
    with service(at, answer), pytest.raises(CannotLook, match=reason):
        docker.read()


def test_a_socket_that_nobody_serves_is_not_an_empty_list(at: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(at))
    with pytest.raises(CannotLook, match=r"d\.sock: Connection refused"):
        docker.read()


def test_no_service_has_no_containers(at: Path) -> None:
    assert docker.read() == "[]\n"


def test_psutil_tells_what_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        wanted = {(Proto.TCP, tcp.getsockname()[1]), (Proto.UDP, udp.getsockname()[1])}
        parsed = reading.parse(psutil_listeners.read())
    own = {(each.proto, each.port) for each in parsed.value if each.owners and each.owners[0].pid == os.getpid()}
    assert wanted <= own
    assert not parsed.unread


@linux
def test_the_settings_are_named_as_sysctl_names_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = sysctl.parse(sysctls.read()).value
    assert settings["net.ipv4.ip_forward"] in ("0", "1")
    assert "net.ipv4.conf.all.rp_filter" in settings
    folder = tmp_path / "ipv4" / "conf" / "eth0.100"
    folder.mkdir(parents=True)
    (folder / "rp_filter").write_text("2\n")
    monkeypatch.setattr(sysctls, "_ROOT", str(tmp_path))
    assert sysctls.read() == "net.ipv4.conf.eth0/100.rp_filter = 2\n"


def test_proxy_variables_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower() in proxy.NAMES]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HTTPS_PROXY", "http://10.0.0.1:3128\nEVIL=1")
    monkeypatch.setenv("no_proxy", "localhost")
    monkeypatch.setenv("my_proxy", "x")
    assert proxy.read() == "HTTPS_PROXY=http://10.0.0.1:3128 EVIL=1\nno_proxy=localhost\n"


@linux
def test_the_platform_names_the_system_and_who_asked() -> None:
    lines = platform.read().splitlines()
    assert lines[0] == "system=Linux"
    assert f"euid={os.geteuid()}" in lines


@linux
def test_what_proc_does_not_show_is_none() -> None:
    nobody = 2**22 + 1
    assert proc.read(f"/proc/{nobody}/stat") is None
    assert proc.link(f"/proc/{nobody}/exe") is None
    assert proc.names(f"/proc/{nobody}/fd") is None
    assert proc.user(nobody) is None
    assert proc.network_namespace(nobody) is None
    assert proc.read("/proc") is None
    assert proc.name_of(b"7 (a) (b) R) S 1 2") == b"a) (b) R"
