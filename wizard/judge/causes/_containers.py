"""What causes share about containers: which one has an address, publishes a port, or hides behind a proxy process."""

from __future__ import annotations

from wizard.judge import answers
from wizard.model.capture import Unknown
from wizard.model.facts import Address, Container, Facts, Listener, Proto, PublishedPort

PROXIES = ("docker-proxy", "rootlessport", "rootlesskit", "conmon", "slirp4netns", "pasta")
"""Processes that hold a published port on behalf of a container."""


def containers(facts: Facts) -> tuple[Container, ...]:
    """The running containers, or none where they could not be asked for."""
    return () if isinstance(facts.containers, Unknown) else facts.containers


def container_at(facts: Facts, address: Address) -> Container | None:
    """The container that has this address."""
    return next((each for each in containers(facts) if address in each.addresses), None)


def published(facts: Facts, proto: Proto, port: int) -> tuple[tuple[Container, PublishedPort], ...]:
    """Every container that publishes this port of the host, with how."""
    return tuple(
        (container, each)
        for container in containers(facts)
        for each in container.published
        if (each.host_port, each.proto) == (port, proto)
    )


def is_proxy(facts: Facts, listener: Listener) -> bool:
    """Whether a container's proxy process holds the socket."""
    process = answers.owner(facts, listener)
    names = {each.name for each in listener.owners or ()} | ({process.name} if process else set())
    return any(name.startswith(PROXIES) for name in names)


def inner_port(facts: Facts, proto: Proto, port: int, listener: Listener | None) -> int | None:
    """The container's own port behind a published one: as the container says, or as docker-proxy's command line does."""
    for _, each in published(facts, proto, port):
        return each.container_port
    process = answers.owner(facts, listener)
    words = process.argv if process else ()
    if "-container-port" in words[:-1]:
        text = words[words.index("-container-port") + 1]
        return int(text) if text.isdigit() else None
    return None


def inside(facts: Facts, proto: Proto, port: int) -> tuple[Listener, ...]:
    """The sockets on this port in other network namespaces of the machine."""
    if isinstance(facts.foreign_listeners, Unknown):
        return ()
    return tuple(each for each in facts.foreign_listeners if (each.port, each.proto) == (port, proto))
