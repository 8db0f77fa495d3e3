"""What the user decides about candidates and checks: :class:`IceOptions`."""

import ssl
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from frazil.aio.address_map import AddressMap
from frazil.aio.port_range import check_ports
from frazil.aio.selection import InterfaceFilter, IpHandlingPolicy, Selection
from frazil.ice import CandidateFilter, IcePolicy, Renomination

E = TypeVar("E", bound=StrEnum)


class AddressMapMode(StrEnum):
    """What becomes of a local address whose public ones are known."""

    REPLACE = "replace"
    """The peer learns the public addresses, and nowhere the local one."""
    ADD = "add"
    """The peer learns the public addresses besides the local one."""


class MdnsMode(StrEnum):
    """What multicast DNS is used for."""

    OFF = "off"
    """Nothing: candidates of the peer with a name are of no use."""
    RESOLVE = "resolve"
    """The names in candidates of the peer are looked up, once there are any."""
    PUBLISH = "publish"
    """The same, and host candidates have a random name in place of the address."""


class TcpGathering(StrEnum):
    """Which TCP candidates are gathered."""

    OFF = "off"
    ACTIVE = "active"
    PASSIVE = "passive"
    BOTH = "both"

    @property
    def connects(self) -> bool:
        """Whether streams are opened."""
        return self in (TcpGathering.ACTIVE, TcpGathering.BOTH)

    @property
    def listens(self) -> bool:
        """Whether streams are let in."""
        return self in (TcpGathering.PASSIVE, TcpGathering.BOTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class IceOptions:
    """How a connection gathers candidates; an extension of the W3C configuration.

    It is given once, to the constructor, and holds for the life of the connection::

        pc = RTCPeerConnection(ice=IceOptions(interfaces=["eth*", "!eth1"], families=[4]))

    Attributes:
        include_loopback: Whether 127.0.0.1 and ::1 are candidates too. They always are if there
            is no other address. For two programs on one machine; a remote peer has no use for them.
        interfaces: Which network interfaces to use: names with the wildcards ``*``, ``?`` and
            ``[]``, where a leading ``!`` excludes, or a function that gets an :class:`Interface`.
            One that raises has refused. All unless told. For hosts with bridges of containers or
            virtual machines, whose addresses lead nowhere: ``["!docker*", "!veth*"]``.
        addresses: Which local addresses to use: IP addresses and networks, where a leading ``!``
            excludes, for example ``["!10.8.0.0/16"]``. All unless told.
        families: Which versions of IP to use, 4 and 6 unless told.
        ip_handling: How much of this host's addresses to use and tell, by the names that browsers
            give the modes of RFC 8828: ``"default"``, ``"default_public_and_private_interfaces"``,
            ``"default_public_interface_only"``, ``"disable_non_proxied_udp"``.
        ports: Bind every UDP socket, and every TCP port that listens, to a port of this range, in
            random order, so that a firewall can be opened for it: ``range(40000, 40100)``. A
            connection needs one port on each address, or two if it listens; if none can be had,
            ``icecandidateerror`` with an empty ``url`` says why. Any port unless told.
        address_map: Public addresses of local ones behind a one-to-one NAT that keeps the ports,
            as cloud providers have them: ``{"10.0.0.5": "198.51.100.7"}``. The local side may be
            a network, such as ``"0.0.0.0/0"`` for whatever IPv4 address there is; the most
            specific entry counts. The public side may be several addresses.
        address_map_mode: ``"replace"`` tells the peer host candidates with the public addresses
            in place of the local ones, which no ``raddr`` betrays. ``"add"`` tells the local ones
            as they are, and the public ones as server-reflexive candidates; then peers on the
            same network need not go through the NAT.
        mdns: ``"resolve"``, the default, looks up the ``.local`` names that browsers put in place
            of their addresses; a port for it is opened when the first one comes. ``"publish"``
            does the same to the addresses of this host: only peers on the same link, and who gets
            a check of ours, learn them. ``"off"`` uses no multicast at all.
        tcp: Which TCP candidates to gather (RFC 6544), for networks where UDP does not pass.
            ``"active"``, as browsers: connect to a peer that lets itself be connected, and cost
            nothing if it does not. ``"passive"``: let the peer connect, by listening on one more
            port of each address, as a server for browsers behind such firewalls does. ``"both"``
            for two programs of which none is a server; ``"off"`` for none. UDP is preferred
            wherever it works.
        lite: Be an ICE-lite agent (RFC 8445 2.5): answer the peer's checks and send none, with host
            candidates only. For servers at public addresses: the peer chooses the path and does
            the work. ICE servers cannot be used with it, and a lost peer is noticed later.
        renomination: When the controlling side moves from a path that works to another one
            (``a=ice-options:renomination``). ``"priority"``: to one of higher priority as soon as
            it works, for example from a relay to a direct path. ``"rtt"``: to a clearly quicker
            one; the others are measured every 5 s, and ``completed`` waits until all were checked.
            ``"off"``: never; the first pair that works is kept until it is lost.
        remote_candidate_filter: Gets each signalled :class:`~frazil.Candidate` of the peer and says
            whether packets may be sent there: for programs that must not be made to knock at
            arbitrary addresses. A candidate with an mDNS name comes twice: with the name, and, once
            that was looked up, with the IP address. It should only look; one that raises has
            refused. Where the peer's own authenticated checks come from needs no permission.
        allow_privileged_ports: Also take candidates of the peer at ports below 1024. Without it
            only 80 and 443 of public addresses are taken, as in browsers, and no TCP candidates
            at other ports that ``fetch`` may not use.
        tls_context: What to trust when a TURN server is reached by TLS (``turns:``); what the
            operating system trusts, unless told. For a certificate authority of your own
            ``ssl.create_default_context(cafile="ca.pem")``; for a laboratory where nobody has
            proper certificates :func:`frazil.unverified_tls`.
        selection: Which addresses of a host these options choose.
        policy: The part that concerns the ICE agents.

    Raises:
        TypeError: A value has the wrong type.
        ValueError: A value is out of range; the message says what would do.
    """

    include_loopback: bool = False
    lite: bool = False
    renomination: Renomination | str = Renomination.PRIORITY
    remote_candidate_filter: CandidateFilter | None = None
    allow_privileged_ports: bool = False
    tcp: TcpGathering | str = TcpGathering.ACTIVE
    tls_context: ssl.SSLContext | None = None
    interfaces: InterfaceFilter | Sequence[str] | None = None
    addresses: Sequence[str] | None = None
    families: Collection[int] = (4, 6)
    ip_handling: IpHandlingPolicy | str = IpHandlingPolicy.ALL
    ports: range | None = None
    address_map: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    address_map_mode: AddressMapMode | str = AddressMapMode.REPLACE
    mdns: MdnsMode | str = MdnsMode.RESOLVE
    selection: Selection = field(init=False, repr=False, compare=False)
    policy: IcePolicy = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("include_loopback", "lite", "allow_privileged_ports"):
            value = getattr(self, name)
            if not isinstance(value, bool):
                raise TypeError(f"{name} must be a bool, not {value!r}")
        for member, kind in (
            ("ip_handling", IpHandlingPolicy),
            ("address_map_mode", AddressMapMode),
            ("mdns", MdnsMode),
            ("tcp", TcpGathering),
            ("renomination", Renomination),
        ):
            object.__setattr__(self, member, choice(member, kind, getattr(self, member)))
        if self.ports is not None:
            check_ports(self.ports)
        accepts = self.remote_candidate_filter
        if accepts is not None and not callable(accepts):
            raise TypeError(f"remote_candidate_filter must be callable, not {accepts!r}")
        if not isinstance(self.tls_context, ssl.SSLContext | None):
            raise TypeError(f"tls_context must be an ssl.SSLContext, not {self.tls_context!r}")
        AddressMap(self.address_map)
        selection = Selection(
            include_loopback=self.include_loopback,
            interfaces=self.interfaces,
            addresses=self.addresses,
            families=self.families,
            policy=IpHandlingPolicy(self.ip_handling),
        )
        object.__setattr__(self, "selection", selection)
        policy = IcePolicy(
            lite=self.lite,
            renomination=Renomination(self.renomination),
            allow_privileged_ports=self.allow_privileged_ports,
            remote_candidate_filter=self.remote_candidate_filter,
        )
        object.__setattr__(self, "policy", policy)


def unverified_tls() -> ssl.SSLContext:
    """A TLS context that believes any certificate, and so anybody: for laboratories only.

    It is for :attr:`IceOptions.tls_context`. What is relayed stays secret all the same, but
    whoever is in the way learns the TURN username and can be the relay.
    """
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def choice(member: str, kind: type[E], value: object) -> E:
    """The member of ``kind`` that the argument ``member`` was given.

    Raises:
        ValueError: There is none with this value.
    """
    for each in kind:
        if each == value:
            return each
    raise ValueError(f"{member} must be one of {', '.join(kind)}, not {value!r}")
