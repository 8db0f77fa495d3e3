"""The candidates of both sides as records tell of them: where they are, who is near whom."""

from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final, TypeAlias

from frazil.explain.story import Path, fact
from frazil.trace import TraceRecord

Ip: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_PRIVATE: Final = tuple(
    ip_network(each)
    for each in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "127.0.0.0/8",
        "fc00::/7",
        "fe80::/10",
        "::1/128",
    )
)
_LISTED: Final = 4


def host_of(candidate: TraceRecord) -> str:
    """The IP address or the name in a candidate."""
    return str(fact(candidate, "address")).rpartition(":")[0]


def resolved_in(path: Path) -> dict[str, str]:
    """The IP addresses of the names in candidates of the peer that were looked up, by name."""
    found = path.attempt.of("ice", "name-resolved")
    return {str(fact(each, "host")): str(fact(each, "address")) for each in found}


def ips_of(path: Path, candidates: Sequence[TraceRecord]) -> list[Ip]:
    """The IP addresses of candidates; names that have none are left out."""
    resolved = resolved_in(path)
    hosts = map(host_of, candidates)
    found = (_ip(resolved.get(host, host)) for host in hosts)
    return [each for each in found if each is not None]


def _ip(text: str) -> Ip | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def is_private(ip: Ip) -> bool:
    """Whether the address is of no use in the internet."""
    return any(ip in network for network in _PRIVATE)


def neighbourhood(ip: Ip) -> Network:
    """The network that the address is probably of, with its neighbours."""
    return ip_network((ip, 24 if ip.version == 4 else 64), strict=False)


def scope(ip: Ip) -> tuple[int, str]:
    """Of which IP it is, and how far packets to it get: pairs are formed within one scope only."""
    if ip.is_loopback:
        return ip.version, "machine"
    return ip.version, "link" if ip.version == 6 and ip.is_link_local else ""


def listed(candidates: Sequence[TraceRecord], detail: str = "type") -> str:
    """Candidates for people, each with one more fact: the first, and how many more there are."""
    shown = [f"{fact(each, 'address')} ({fact(each, detail)})" for each in candidates[:_LISTED]]
    more = len(candidates) - len(shown)
    return (", ".join(shown) or "nowhere") + (f" and {more} more" if more else "")
