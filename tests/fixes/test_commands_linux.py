"""Process, service, address and route commands: the words, the way back, and the facts afterwards."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from msgspec.structs import replace

from tests.build import facts, interface, listener, process, route
from wizard.fixes import commands_linux
from wizard.fixes.written import Written
from wizard.model.facts import Attempt, AttemptOutcome, Facts, Owner
from wizard.model.remedy import AddRoute, BringUp, Do, Resume, Run, SetSysctl, StartProgram, StopProgram

PID = 4242


def words(piece: Written | None, undo: bool = False) -> list[str]:
    assert piece is not None
    return [
        " ".join(each.argv) or each.script for each in (piece.undo if undo else piece.steps) if isinstance(each, Run)
    ]


def stopped() -> Facts:
    """A debugging flask stopped with Ctrl-Z: both its processes, and a connection that waits."""
    argv = ("flask", "run", "--debug")
    both = {PID: process(argv=argv, state="T"), 4243: process(pid=4243, parent=PID, argv=argv, state="T")}
    door = listener("0.0.0.0", 5000, owners=(Owner("flask", PID), Owner("flask", 4243)), accept_queue=3)
    silent = Attempt(ip_address("127.0.0.1"), 5000, AttemptOutcome.CONNECTED, ended="open")
    return facts(processes=both, listeners=(door,), attempts=(silent,))


def test_resume_lets_the_whole_job_run_on() -> None:
    piece = commands_linux.resume(Resume(4243, "flask"), stopped())
    assert words(piece) == ["kill -CONT 4242 4243"]
    assert words(piece, undo=True) == ["kill -STOP 4242 4243"]
    assert piece is not None and isinstance(piece.facts.processes, dict) and isinstance(piece.facts.listeners, tuple)
    assert {each.state for each in piece.facts.processes.values()} == {"S"}
    assert piece.facts.listeners[0].accept_queue == 0 and piece.facts.attempts == ()


def test_a_process_that_a_debugger_holds_is_its_own() -> None:
    piece = commands_linux.resume(Resume(PID), facts(processes={PID: process(state="t")}))
    assert piece is not None and isinstance(piece.steps[0], Do)
    assert commands_linux.resume(Resume(99), facts()) is None


def test_stop_takes_the_program_and_its_sockets_away() -> None:
    known = stopped()
    assert isinstance(known.listeners, tuple)
    shared = replace(known.listeners[0], port=9000, owners=(Owner("flask", PID), Owner("other", 7)))
    piece = commands_linux.stop_program(
        StopProgram(4243, "flask"), replace(known, listeners=(*known.listeners, shared))
    )
    assert words(piece)[0] == "kill 4242"
    assert words(piece, undo=True) == ["flask run --debug"]
    assert piece is not None and isinstance(piece.facts.processes, dict) and isinstance(piece.facts.listeners, tuple)
    assert PID not in piece.facts.processes
    assert [(each.port, each.owners) for each in piece.facts.listeners] == [(9000, (Owner("other", 7),))]


def test_services_and_containers_are_stopped_by_name() -> None:
    known = facts(processes={PID: process(argv=("/usr/sbin/nginx",), name="nginx", unit="nginx.service", parent=1)})
    assert words(commands_linux.stop_program(StopProgram(PID, "nginx"), known)) == ["systemctl stop nginx.service"]
    piece = commands_linux.stop_program(StopProgram(PID, "nginx", container="0123456789ab"), known)
    assert words(piece) == ["docker stop 0123456789ab"] and words(piece, undo=True) == ["docker start 0123456789ab"]
    assert piece is not None and piece.facts == known


def test_what_holds_the_machine_is_never_stopped() -> None:
    for name, pid in (("systemd", 1), ("docker-proxy", 50), ("sshd", 60)):
        known = facts(processes={pid: process(pid=pid, argv=(f"/usr/sbin/{name}",), name=name, parent=0)})
        assert commands_linux.stop_program(StopProgram(pid, name), known) is None


def test_start_knows_a_unit_and_claims_nothing() -> None:
    piece = commands_linux.start_program(StartProgram(8000, "shop.service"), facts())
    assert words(piece) == ["systemctl start shop.service"] and words(piece, undo=True) == [
        "systemctl stop shop.service"
    ]
    assert piece is not None and piece.facts == facts()
    piece = commands_linux.start_program(StartProgram(8000), facts())
    assert piece is not None and isinstance(piece.steps[0], Do)


def test_sysctl_goes_back_to_what_was_read() -> None:
    intent = SetSysctl("net.ipv4.conf.eth0.rp_filter", "2", "1")
    piece = commands_linux.set_sysctl(intent, facts())
    assert words(piece) == ["sysctl -w net.ipv4.conf.eth0.rp_filter=2"]
    assert words(piece, undo=True) == ["sysctl -w net.ipv4.conf.eth0.rp_filter=1"]
    assert piece is not None and isinstance(piece.facts.sysctls, dict)
    assert piece.facts.sysctls["net.ipv4.conf.eth0.rp_filter"] == "2"


def test_an_interface_comes_up_with_its_own_routes() -> None:
    down = interface("eth1", "10.5.0.7/24", "fd05::7/64", up=False, carrier=False)
    known = facts(interfaces=(down,), routes=(route("10.9.0.0/24"),))
    piece = commands_linux.bring_up(BringUp("eth1"), known)
    assert words(piece) == ["ip link set dev eth1 up"] and words(piece, undo=True) == ["ip link set dev eth1 down"]
    assert piece is not None and isinstance(piece.facts.routes, tuple) and isinstance(piece.facts.interfaces, tuple)
    assert piece.facts.interfaces[0].up and piece.facts.interfaces[0].carrier is None
    added = {(str(each.destination), each.kind, each.table) for each in piece.facts.routes[1:]}
    assert added == {
        ("10.5.0.7/32", "local", "local"),
        ("10.5.0.0/24", "unicast", "main"),
        ("fd05::7/128", "local", "local"),
        ("fd05::/64", "unicast", "main"),
    }
    assert commands_linux.bring_up(BringUp("eth9"), known) is None


def test_a_route_is_added_and_deleted_with_the_same_words() -> None:
    intent = AddRoute(ip_network("10.88.0.0/24"), "eth0", ip_address("10.77.0.254"))
    piece = commands_linux.add_route(intent, facts(routes=()))
    assert words(piece) == ["ip route add 10.88.0.0/24 via 10.77.0.254 dev eth0"]
    assert words(piece, undo=True) == ["ip route del 10.88.0.0/24 via 10.77.0.254 dev eth0"]
    six = commands_linux.add_route(AddRoute(ip_network("fd88::/64"), "eth0"), facts(routes=()))
    assert words(six) == ["ip -6 route add fd88::/64 dev eth0"]
    assert six is not None and isinstance(six.facts.routes, tuple) and len(six.facts.routes) == 1
