"""Reads the containers that Docker's or podman's API lists (GET /containers/json).

    [{"Id": "0123...", "Names": ["/web"], "Image": "nginx", "State": "running",
      "Ports": [{"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"}, {"PrivatePort": 443, "Type": "tcp"}],
      "NetworkSettings": {"Networks": {"bridge": {"IPAddress": "172.17.0.2", "GlobalIPv6Address": ""}}}}]

A port without PublicPort is exposed, not published. The API lists no process; assemble finds it by its control group.
"""

from __future__ import annotations

import json
from ipaddress import ip_address
from typing import Any

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Container, Proto, PublishedPort


def parse(text: str, source: str = "docker ps") -> Parsed[tuple[Container, ...]]:
    """The running containers; an empty text has none."""
    try:
        listed = json.loads(text) if text.strip() else []
    except (ValueError, RecursionError):
        return Parsed((), (Origin(source, 1, text[:200]),))
    containers: list[Container] = []
    unread: list[Origin] = []
    for told in listed if isinstance(listed, list) else [listed]:
        try:
            containers.append(_container(told, source))
        except (AttributeError, KeyError, TypeError, ValueError):
            unread.append(Origin(source, 0, json.dumps(told)[:400]))
    return Parsed(tuple(containers), tuple(unread))


def _container(told: dict[str, Any], source: str) -> Container:
    name = str((told.get("Names") or [""])[0]).removeprefix("/")
    published = tuple(dict.fromkeys(_port(each) for each in told.get("Ports") or () if _is_published(each)))
    ports = ", ".join(f"{port.host_address}:{port.host_port}->{port.container_port}/{port.proto}" for port in published)
    return Container(
        identifier=str(told["Id"]),
        name=name,
        image=str(told.get("Image", "")),
        addresses=_addresses(told),
        published=published,
        origin=Origin(source, 0, f"{name} ({told.get('Image', '')}) {ports}".strip()),
    )


def _is_published(told: dict[str, Any]) -> bool:
    return bool(told.get("PublicPort")) and told.get("Type", "tcp") in ("tcp", "udp")


def _port(told: dict[str, Any]) -> PublishedPort:
    host = ip_address(told.get("IP") or "0.0.0.0")
    return PublishedPort(host, int(told["PublicPort"]), int(told["PrivatePort"]), Proto(told.get("Type", "tcp")))


def _addresses(told: dict[str, Any]) -> tuple[Any, ...]:
    networks = ((told.get("NetworkSettings") or {}).get("Networks") or {}).values()
    texts = (network.get(key) for network in networks for key in ("IPAddress", "GlobalIPv6Address"))
    return tuple(ip_address(text) for text in texts if text)
