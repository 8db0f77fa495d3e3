"""Candidates: the transport addresses at which an agent may be reached (RFC 8445 5.1)."""

import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from frazil.address import canonical_ip as _canonical_ip
from frazil.compiled import mypyc_attr
from frazil.errors import ProtocolError
from frazil.turn import RelayProtocol
from frazil.types import Address


class CandidateType(StrEnum):
    """RFC 8445 5.1.1."""

    HOST = "host"
    SERVER_REFLEXIVE = "srflx"
    PEER_REFLEXIVE = "prflx"
    RELAYED = "relay"


class CandidateProtocol(StrEnum):
    """The transport between agent and peer."""

    UDP = "udp"
    TCP = "tcp"


_TCP: Final = CandidateProtocol.TCP


class TcpType(StrEnum):
    """Who opens the TCP connection (RFC 6544 4.5)."""

    ACTIVE = "active"
    PASSIVE = "passive"
    SIMULTANEOUS_OPEN = "so"


_TYPES: Final = {str(each): each for each in CandidateType}
_PROTOCOLS: Final = {str(each): each for each in CandidateProtocol}
_TCP_TYPES: Final = {str(each): each for each in TcpType}

ACTIVE_PORT: Final = 9
"""What an active candidate is signalled with: it has no port before it connects (RFC 6544 4.5)."""


class CandidateSyntaxError(ProtocolError):
    """A candidate line does not follow the grammar of RFC 8839 5.1."""


MAX_LINE_LENGTH: Final = 512
_MAX_FOUNDATION_LENGTH: Final = 32


@mypyc_attr(acyclic=True)
@dataclass(slots=True, unsafe_hash=True, init=False)
class Candidate:
    """One candidate.

    Attributes:
        address: Where checks for it are sent; a host name ending in ``.local`` when unresolved.
        base: The address of the local socket behind it; equals ``address`` for remote candidates.
        priority: 1 to 2**31 - 1 (RFC 8445 5.1.2).
        related: ``raddr``/``rport`` of reflexive and relayed candidates.
        url: The server it came from, for local reflexive and relayed candidates.
        relay_protocol: How messages get to that server, for local relayed candidates.
        line: The line as it was received, without ``a=``; empty for our own and for prflx.
    """

    foundation: str
    component: int
    protocol: CandidateProtocol
    priority: int
    address: Address
    type: CandidateType
    base: Address
    related: Address | None
    tcp_type: TcpType | None
    url: str | None
    relay_protocol: RelayProtocol | None
    line: str
    ufrag: str | None

    # Written out, it is compiled; that of a dataclass is run by the interpreter.
    def __init__(
        self,
        foundation: str,
        component: int,
        protocol: CandidateProtocol,
        priority: int,
        address: Address,
        type: CandidateType,  # noqa: A002 - the word of the grammar
        base: Address,
        related: Address | None = None,
        tcp_type: TcpType | None = None,
        url: str | None = None,
        relay_protocol: RelayProtocol | None = None,
        line: str = "",
        ufrag: str | None = None,
    ) -> None:
        self.foundation = foundation
        self.component = component
        self.protocol = protocol
        self.priority = priority
        self.address = address
        self.type = type
        self.base = base
        self.related = related
        self.tcp_type = tcp_type
        self.url = url
        self.relay_protocol = relay_protocol
        self.line = line
        self.ufrag = ufrag

    @property
    def is_tcp(self) -> bool:
        """Whether streams lead there rather than datagrams."""
        return self.protocol is _TCP

    @property
    def is_ipv6(self) -> bool:
        """Whether the address is an IPv6 literal."""
        return ":" in self.address[0]

    @property
    def is_base(self) -> bool:
        """Whether the address is that of a socket or relay: from there checks are sent."""
        return self.address == self.base

    @property
    def is_resolved(self) -> bool:
        """Whether the address is an IP literal rather than a name."""
        return canonical_ip(self.address[0]) is not None

    @property
    def mdns_name(self) -> str | None:
        """The name to look up by multicast DNS: one label and ``.local``; ``None`` if none."""
        host = self.address[0]
        return host if host.endswith(".local") and host.count(".") == 1 else None

    def to_line(self) -> str:
        """The ``candidate:...`` line (RFC 8839 5.1), as received if it was received."""
        if self.line:
            return self.line
        host, port = self.address
        parts = [
            f"candidate:{self.foundation} {self.component} {self.protocol} {self.priority}",
            f"{host} {port} typ {self.type}",
        ]
        if self.related is not None:
            parts.append(f"raddr {self.related[0]} rport {self.related[1]}")
        if self.tcp_type is not None:
            parts.append(f"tcptype {self.tcp_type}")
        if self.ufrag is not None:
            parts.append(f"ufrag {self.ufrag}")
        return " ".join(parts)

    @staticmethod
    def from_line(line: str) -> "Candidate":
        """Parse ``candidate:...``, with or without a leading ``a=``.

        Unknown extension attributes are skipped.

        Raises:
            CandidateSyntaxError: If the line breaks the grammar or a value is out of range.
        """
        text = line.strip().removeprefix("a=")
        if len(text) > MAX_LINE_LENGTH:
            raise CandidateSyntaxError(f"candidate line longer than {MAX_LINE_LENGTH} characters")
        if not text.isprintable():
            raise CandidateSyntaxError("a candidate line is one line of printable characters")
        if not text.startswith("candidate:"):
            raise CandidateSyntaxError("a candidate line must start with 'candidate:'")
        words = text.removeprefix("candidate:").split()
        if len(words) < 8 or words[6] != "typ":
            raise CandidateSyntaxError(
                "a candidate line needs foundation, component, transport, priority, address, port "
                "and 'typ'"
            )
        foundation = words[0]
        if len(foundation) > _MAX_FOUNDATION_LENGTH:
            raise CandidateSyntaxError("the foundation is longer than 32 characters")
        host = canonical_ip(words[4]) or _host_name(words[4])
        address = (host, _number(words[5], 0, 65535, "port"))
        extensions = dict(zip(words[8::2], words[9::2], strict=False))
        related = None
        if "raddr" in extensions and "rport" in extensions:
            raddr = canonical_ip(extensions["raddr"]) or extensions["raddr"]
            related = (raddr, _number(extensions["rport"], 0, 65535, "rport"))
        try:
            protocol = _PROTOCOLS[words[2].lower()]
            kind = _TYPES[words[7]]
            tcp_type = _TCP_TYPES[extensions["tcptype"]] if "tcptype" in extensions else None
        except KeyError as error:
            raise CandidateSyntaxError(f"{error} is no transport or type of candidates") from None
        if protocol is CandidateProtocol.TCP and tcp_type is None:
            raise CandidateSyntaxError("a TCP candidate needs a tcptype")
        return Candidate(
            foundation=foundation,
            component=_number(words[1], 1, 256, "component"),
            protocol=protocol,
            priority=_number(words[3], 1, 2**32 - 1, "priority"),
            address=address,
            type=kind,
            base=address,
            related=related,
            tcp_type=tcp_type,
            line=text,
            ufrag=extensions.get("ufrag"),
        )


def foundation(
    kind: CandidateType, base: Address, protocol: CandidateProtocol, server: str | None
) -> str:
    """Equal for candidates of equal type, base address, protocol and server (RFC 8445 5.1.1.3).

    Args:
        kind: The type.
        base: The address behind it.
        protocol: Its own transport.
        server: The address of the server that gave it, and for relays how it was asked.
    """
    text = f"{kind} {base[0]} {protocol} {server or ''}"
    return str(zlib.crc32(text.encode()))


def canonical_ip(host: str) -> str | None:
    """The canonical text of an IP literal, v4-mapped IPv6 as IPv4; ``None`` for a name."""
    if "%" in host:
        return None  # a zone means nothing to the other side, so no candidate may carry one
    try:
        return _canonical_ip(host)
    except ValueError:
        return None


def _host_name(word: str) -> str:
    if not word.isascii() or not all(char.isalnum() or char in "-._" for char in word):
        raise CandidateSyntaxError(f"{word!r} is neither an IP address nor a host name")
    return word.lower()


def _number(word: str, low: int, high: int, what: str) -> int:
    if word.isascii() and word.isdigit() and len(word) <= 10:
        number = int(word)
        if low <= number <= high:
            return number
    raise CandidateSyntaxError(f"{what} {word!r} is not a number from {low} to {high}")
