"""The address that another device opens: the one it was told, or this machine's own as that device dials it."""

from __future__ import annotations

from ipaddress import ip_address

from wizard.model.diagnosis import Target

_DEFAULT = {"http": 80, "https": 443}


def url_of(target: Target) -> str:
    """`http://192.168.1.100:5000/`; empty where no address is known that means this machine to others.

    A name that was asked for stays; `localhost` and wildcards, which mean "itself" to every device, give way to the
    address that the diagnosis aimed at (a LAN's: never a container's or a tunnel's).
    """
    host = target.host if target.host and not _means_itself(target.host) else ""
    if not host:
        host = next((str(each) for each in target.addresses if not (each.is_loopback or each.is_unspecified)), "")
    if not host:
        return ""
    shown = f"[{host}]" if ":" in host else host
    port = "" if _DEFAULT.get(target.scheme) == target.port else f":{target.port}"
    return f"{target.scheme}://{shown}{port}{target.path or '/'}"


def _means_itself(host: str) -> bool:
    if host.lower().rstrip(".") == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
