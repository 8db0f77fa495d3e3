"""ICE servers of a configuration (webrtc-pc 4.2.4 and "validate an ICE server URL")."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from frazil.errors import InvalidAccessError, InvalidSyntaxError, NotSupportedError
from frazil.turn import RelayFamily, RelayProtocol, TurnConfig

_DEFAULT_PORTS: Final = {"stun": 3478, "turn": 3478, "stuns": 5349, "turns": 5349}
_UNUSABLE: Final = {
    ("stuns", None): (
        "a STUN server that is asked over TLS sees the address of that connection, which no "
        "candidate can use: name it as stun:, or a TURN server as turns:"
    ),
    ("turns", "udp"): (
        "TURN over DTLS is not supported: use turns: without a transport, which is TLS, or "
        "turn:...?transport=udp, whose relayed data is encrypted all the same"
    ),
}
"""What is well formed but leads nowhere, and what to configure instead."""
_FORBIDDEN_IN_HOST: Final = frozenset(" #%/:<>?@[\\]^|") | {chr(code) for code in range(33)}


@dataclass(frozen=True, slots=True)
class ServerUrl:
    """One URL of an ICE server, taken apart (RFC 7064, RFC 7065).

    Attributes:
        url: As configured.
        scheme: ``"stun"``, ``"stuns"``, ``"turn"`` or ``"turns"``.
        host: A name, or an IP literal without brackets.
        port: 1 to 65535.
        transport: ``"udp"`` or ``"tcp"`` if the URL says so.
    """

    url: str
    scheme: str
    host: str
    port: int
    transport: str | None

    @property
    def is_turn(self) -> bool:
        """Whether the server relays."""
        return self.scheme.startswith("turn")

    @property
    def is_stream(self) -> bool:
        """Whether TCP leads there; ``turns`` means TLS over it (RFC 7065)."""
        return self.relay_protocol is not RelayProtocol.UDP

    @property
    def relay_protocol(self) -> RelayProtocol:
        """How messages get to the server."""
        if self.scheme == "turns":
            return RelayProtocol.TLS
        return RelayProtocol.TCP if self.transport == "tcp" else RelayProtocol.UDP

    @classmethod
    def parse(cls, url: str) -> "ServerUrl":
        """Take ``url`` apart.

        Raises:
            InvalidSyntaxError: If it is not a STUN or TURN URL.
        """
        scheme, colon, rest = url.strip().partition(":")
        scheme = scheme.lower()
        if not colon or scheme not in _DEFAULT_PORTS:
            raise _malformed(url, "it must begin with stun:, stuns:, turn: or turns:")
        path, question, query = rest.partition("?")
        if "/" in path or "@" in path or "#" in rest:
            raise _malformed(url, "only a host and a port may follow the scheme")
        if question and scheme.startswith("stun"):
            raise _malformed(url, "a STUN URL has no query; leave out everything from the '?'")
        host, port = _authority(url, path)
        return cls(url, scheme, host, port or _DEFAULT_PORTS[scheme], _transport(url, query))


@dataclass(frozen=True, slots=True)
class IceServer:
    """webrtc-pc, RTCIceServer, validated.

    Attributes:
        urls: At least one.
        username: For TURN.
        credential: For TURN; not part of ``repr``.
    """

    urls: tuple[ServerUrl, ...]
    username: str | None = None
    credential: str | None = None

    def check(self) -> None:
        """Accept a server that can be asked.

        Raises:
            InvalidAccessError: If a TURN URL comes without username or credential, or they break
                the rules of RFC 8489 9.2.
            NotSupportedError: If the transport of a URL is not implemented.
        """
        for url in self.urls:
            incomplete = self.username is None or self.credential is None
            if url.scheme.startswith("turn") and incomplete:
                raise InvalidAccessError(f"{url.url} needs both username and credential")
            advice = _UNUSABLE.get((url.scheme, url.transport))
            if advice is not None:
                raise NotSupportedError(f"{url.url} cannot be used: {advice}")
            if url.is_turn:
                self._check_credentials(url)

    def _check_credentials(self, url: ServerUrl) -> None:
        try:
            self.turn_config(url.relay_protocol)
        except ValueError as error:
            raise InvalidAccessError(f"{url.url} cannot be used: {error}") from None

    def turn_config(self, protocol: RelayProtocol = RelayProtocol.UDP) -> TurnConfig:
        """How to ask its TURN servers for a relay, of both address families if they can."""
        return TurnConfig(
            self.username or "",
            self.credential or "",
            family=RelayFamily.BOTH,
            protocol=protocol,
        )

    def __repr__(self) -> str:
        urls = ", ".join(url.url for url in self.urls)
        return f"IceServer({urls!r}, username={self.username!r})"


class Server(NamedTuple):
    """A URL and the entry of the configuration that it stands in."""

    url: ServerUrl
    entry: IceServer


def servers_of(entries: Sequence[IceServer]) -> list[Server]:
    """The servers to ask, each URL once, as the first entry says that has it."""
    found: dict[str, Server] = {}
    for entry in entries:
        for url in entry.urls:
            found.setdefault(url.url, Server(url, entry))
    return list(found.values())


def _authority(url: str, path: str) -> tuple[str, int | None]:
    if path.startswith("["):
        literal, bracket, tail = path[1:].partition("]")
        if not bracket or (tail and not tail.startswith(":")):
            raise _malformed(url, "the brackets of the IPv6 address do not match")
        return _ipv6(url, literal), _port(url, tail[1:])
    host, _, port = path.partition(":")
    if not host or _FORBIDDEN_IN_HOST.intersection(host):
        raise _malformed(url, f"{host!r} is no host name")
    return host.lower(), _port(url, port)


def _ipv6(url: str, literal: str) -> str:
    try:
        return str(ipaddress.IPv6Address(literal))
    except ValueError:
        raise _malformed(url, f"{literal!r} is no IPv6 address") from None


def _port(url: str, text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) <= 65535):
        raise _malformed(url, f"{text!r} is no port from 1 to 65535")
    return int(text)


def _transport(url: str, query: str) -> str | None:
    if not query:
        return None
    if query not in ("transport=udp", "transport=tcp"):
        raise _malformed(url, "the query must be transport=udp or transport=tcp")
    return query.removeprefix("transport=")


def _malformed(url: str, why: str) -> InvalidSyntaxError:
    return InvalidSyntaxError(f"{url!r} is not a valid ICE server URL: {why}")
