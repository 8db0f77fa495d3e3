"""Pseudonyms for IP addresses: always the same one for an address, and of the same kind."""

import ipaddress
import re
from collections.abc import Iterator
from itertools import count
from typing import Final

from frazil.address import (
    STAND_IN_IPV4,
    STAND_IN_IPV6,
    Ip,
    IpNetwork,
    is_private,
    neighbourhood,
)
from frazil.record.payload import is_dtls
from frazil.record.proof import Place, places, proof_of, restore_fingerprint
from frazil.record.value import RecordingError
from frazil.stun import Attribute
from frazil.turn.channel_data import is_channel_data

_IPV4: Final = re.compile(r"(?<![\w.])(?<!webrtc-pc )(?<!RFC \d{4} )\d{1,3}(?:\.\d{1,3}){3}(?!\w)")
_IPV6: Final = re.compile(r"(?<![\w.:])[0-9A-Fa-f]*:[0-9A-Fa-f:.]+(?!\w)")
"""What may be an address in a text; whether it is one is for the parser to say.

The number of a section that a reason names, as in "webrtc-pc 4.4.1.5", is none.
"""
_FOUNDATION: Final = re.compile(r"(?m)^(\s*(?:a=)?candidate: *)(\S+)(?= +\d)")
"""The foundation in a candidate line: a checksum of the address, for many implementations."""
_MASKED: Final = frozenset(
    {
        Attribute.XOR_MAPPED_ADDRESS,
        Attribute.XOR_PEER_ADDRESS,
        Attribute.XOR_RELAYED_ADDRESS,
        0x8020,  # XOR-MAPPED-ADDRESS of the drafts of RFC 5389, sent by old servers
    }
)
_PLAIN: Final = frozenset(
    {
        Attribute.MAPPED_ADDRESS,
        Attribute.ALTERNATE_SERVER,
        Attribute.RESPONSE_ORIGIN,
        Attribute.OTHER_ADDRESS,
        *(0x0002, 0x0004, 0x0005, 0x000B),  # where RFC 3489 sends responses to and from
    }
)
_PROOFS: Final = (0x0008, 0x001C)
_CHANNEL_HEADER_SIZE: Final = 4


class Pseudonyms:
    """Gives each address another one: private for private, link-local for link-local, and so on.

    Neighbours stay neighbours, and nobody else becomes one. Loopback addresses and those that name
    no host stay.
    """

    def __init__(self) -> None:
        self._known: dict[Ip, Ip] = {}
        self._foundations: dict[str, int] = {}
        self._networks: dict[IpNetwork, Iterator[IpNetwork]] = {}
        self._hosts: dict[IpNetwork, Iterator[Ip]] = {}

    def of(self, ip: Ip) -> Ip:
        """The pseudonym of an address.

        Raises:
            RecordingError: There are too many networks.
        """
        if ip.is_loopback or ip.is_unspecified or ip.is_multicast:
            return ip
        found = self._known.get(ip)
        if found is None:
            found = self._known[ip] = next(self._hosts_near(ip))
        return found

    def _hosts_near(self, ip: Ip) -> Iterator[Ip]:
        """The pseudonyms of the neighbours of an address."""
        network = neighbourhood(ip)
        hosts = self._hosts.get(network)
        if hosts is None:
            space = _space(ip)
            networks = self._networks.setdefault(space, space.subnets(new_prefix=network.prefixlen))
            hosts = self._hosts[network] = _hosts(networks)
        return hosts

    def learn(self, text: str) -> None:
        """Know the addresses that stand in a text as words, so that they are told from others."""
        for word in text.split():
            ip = _parse(word)
            if ip is not None:
                self.of(ip)

    def text(self, text: str) -> str:
        """The text with all its addresses replaced, and the foundations of candidates."""
        return self.computed_text(_FOUNDATION.sub(self._replace_foundation, text))

    def computed_text(self, text: str) -> str:
        """The text with all its addresses replaced: no foundation in it is that of a peer."""
        return _IPV4.sub(self._replace_ipv4, _IPV6.sub(self._replace_ipv6, text))

    def _replace_foundation(self, match: re.Match[str]) -> str:
        """A number of the same length; foundations are equal exactly where they were."""
        before, foundation = match.groups()
        number = self._foundations.setdefault(foundation, len(self._foundations) + 1)
        return f"{before}{str(number).zfill(len(foundation))}"

    def _replace_ipv4(self, match: re.Match[str]) -> str:
        ip = _parse(match.group())
        return match.group() if ip is None else str(self.of(ip))

    def _replace_ipv6(self, match: re.Match[str]) -> str:
        token = match.group()
        stripped = token.rstrip(".:")
        whole, rest = _parse(stripped), token[len(stripped) :]
        if whole is None or whole not in self._known:  # it may be an address with a port
            head, colon, port = stripped.rpartition(":")
            ip = _parse(head)
            if ip is not None and ip in self._known:
                return f"{self.of(ip)}{colon}{port}{rest}"
        return token if whole is None else f"{self.of(whole)}{rest}"

    # --- datagrams ----------------------------------------------------------------------------

    def datagram(self, data: bytes, keys: list[bytes]) -> bytes:
        """A datagram with other addresses in it; what one of ``keys`` proved stays proven."""
        if not data or is_dtls(data):
            return data
        if is_channel_data(data):
            stop = _CHANNEL_HEADER_SIZE + int.from_bytes(data[2:4])
            inner = self.datagram(data[_CHANNEL_HEADER_SIZE:stop], keys)
            return data[:_CHANNEL_HEADER_SIZE] + inner + data[stop:]
        return self._message(data, keys) if data[0] < 4 else data

    def _message(self, message: bytes, keys: list[bytes]) -> bytes:
        found = bytearray(message)
        attributes = list(places(message))
        for place in attributes:
            value = message[place.start : place.stop]
            if place.type in _MASKED or place.type in _PLAIN:
                mask = message[4:20] if place.type in _MASKED else bytes(16)
                found[place.start : place.stop] = self._address(value, mask)
            elif place.type == Attribute.DATA:
                found[place.start : place.stop] = self.datagram(value, keys)
        for place in attributes:
            if place.type in _PROOFS:
                _prove(found, message, place, keys)
        restore_fingerprint(found, message)
        return bytes(found)

    def _address(self, value: bytes, mask: bytes) -> bytes:
        """The value of an address attribute with another address (RFC 8489 14.1, 14.2)."""
        packed = value[4:]
        if len(packed) not in (4, 16):
            return value
        pseudonym = self.of(ipaddress.ip_address(_xor(packed, mask)))
        return value[:4] + _xor(pseudonym.packed, mask)


def without_foundations(text: str) -> str:
    """The text with none of the foundations of candidates."""
    return _FOUNDATION.sub(r"\1", text)


def _prove(found: bytearray, message: bytes, place: Place, keys: list[bytes]) -> None:
    for key in keys:
        if message[place.start : place.stop] == proof_of(message, place, key):
            found[place.start : place.stop] = proof_of(bytes(found), place, key)
            return


def _parse(text: str) -> Ip | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _space(ip: Ip) -> IpNetwork:
    """Where pseudonyms of such an address come from."""
    if isinstance(ip, ipaddress.IPv4Address):
        if ip.is_link_local:
            return ipaddress.IPv4Network("169.254.0.0/16")
        return ipaddress.IPv4Network("10.0.0.0/8") if is_private(ip) else STAND_IN_IPV4
    if ip.is_link_local:
        return ipaddress.IPv6Network("fe80::/10")
    return ipaddress.IPv6Network("fd00::/8") if is_private(ip) else STAND_IN_IPV6


def _hosts(networks: Iterator[IpNetwork]) -> Iterator[Ip]:
    """The addresses of the next network, the very first one last."""
    network = next(networks, None)
    if network is None:
        raise RecordingError("there are more networks in it than there are pseudonyms for them")
    return (network[number % network.num_addresses] for number in count(1))


def _xor(data: bytes, mask: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(data, mask, strict=False))
