"""The candidates of both sides as records tell of them: where they are, who is near whom."""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Final

from frazil.address import Ip
from frazil.explain.story import Path, fact
from frazil.trace import TraceRecord

_LISTED: Final = 4


def host_of(candidate: TraceRecord) -> str:
    """The IP address or the name in a candidate."""
    return str(fact(candidate, "address")).rpartition(":")[0]


def resolved_in(path: Path) -> dict[str, str]:
    """The IP addresses of the names in candidates of the peer that were looked up, by name."""
    found = path.attempt.of("ice", "name-resolved")
    return {str(fact(each, "host")): str(fact(each, "address")) for each in found}


def place_of(candidate: TraceRecord, resolved: dict[str, str]) -> str:
    """Address and port of a candidate, where that of its name is known."""
    host, _, port = str(fact(candidate, "address")).rpartition(":")
    return f"{resolved.get(host, host)}:{port}"


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


def sources_of(checks: Sequence[TraceRecord]) -> dict[str, Ip | None]:
    """Where checks were sent from: the IP address of each place."""
    places = (str(fact(each, "pair")).partition("->")[0] for each in checks)
    return {place: _ip(place.rpartition(":")[0]) for place in places}


def scope(ip: Ip) -> tuple[int, str]:
    """Of which IP it is, and how far packets to it get: pairs are formed within one scope only."""
    if ip.is_loopback:
        return ip.version, "machine"
    return ip.version, "link" if ip.version == 6 and ip.is_link_local else ""


def listed(candidates: Sequence[TraceRecord], detail: str = "type") -> str:
    """Candidates for people, each with one more fact."""
    return shortened([f"{fact(each, 'address')} ({fact(each, detail)})" for each in candidates])


def shortened(places: Sequence[str]) -> str:
    """A list for people: the first, and how many more there are."""
    shown = places[:_LISTED]
    more = len(places) - len(shown)
    return (", ".join(shown) or "nowhere") + (f" and {more} more" if more else "")
