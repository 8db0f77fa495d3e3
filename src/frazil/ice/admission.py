"""Which remote candidates are let in: a signalled address is a request to send packets there."""

from enum import StrEnum
from ipaddress import ip_address
from typing import Final

from frazil.address import is_public
from frazil.ice.candidate import Candidate, TcpType

FIRST_UNPRIVILEGED_PORT: Final = 1024
WEB_PORTS: Final = (80, 443)
"""Where servers in public listen, because firewalls let packets to these ports through."""
BAD_TCP_PORTS: Final = frozenset(
    (
        *(1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566),
        *(6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080),
    )
)
"""Services above the privileged ports that a stream could talk to ("bad port" of WHATWG Fetch)."""


class Admission(StrEnum):
    """What became of a signalled remote candidate."""

    TAKEN = "taken"
    KNOWN = "known"
    TOO_MANY = "too-many"
    PRIVILEGED_PORT = "privileged-port"
    FILTERED = "filtered"


def has_privileged_port(candidate: Candidate) -> bool:
    """Whether the candidate asks us to knock at a port of a system service.

    The rule of browsers: nothing below 1024, but for the web ports of public addresses, and no
    stream to any port that ``fetch`` may not use. An active TCP candidate names a port at which
    nobody will be called.
    """
    host, port = candidate.address
    if candidate.tcp_type is TcpType.ACTIVE:
        return False
    if port >= FIRST_UNPRIVILEGED_PORT:
        return candidate.tcp_type is not None and port in BAD_TCP_PORTS
    return port not in WEB_PORTS or not _is_public(host)


def _is_public(host: str) -> bool:
    try:
        return is_public(ip_address(host))
    except ValueError:
        return False  # a name that stands for a host on the local network
