"""NATs and firewalls as rules for the packet filter of a Linux router (nftables).

The kernel keeps a mapping for each inside socket, whatever the destination, and lets in what
belongs to a connection that it knows: that is a port-restricted cone. The other kinds take more.
"""

from enum import StrEnum


class NatKind(StrEnum):
    """What stands between a home and the Internet; the first four are NATs (RFC 4787)."""

    FULL_CONE = "full cone"
    """Endpoint-independent mapping and filtering."""
    ADDRESS_RESTRICTED = "address-restricted cone"
    """Endpoint-independent mapping, address-dependent filtering."""
    PORT_RESTRICTED = "port-restricted cone"
    """Endpoint-independent mapping, address- and port-dependent filtering."""
    SYMMETRIC = "symmetric"
    """Address- and port-dependent mapping and filtering."""
    UDP_BLOCKED = "UDP blocked"
    """A NAT that loses UDP."""
    ONLY_443 = "TCP 443 only"
    """A NAT that loses everything but TCP to port 443."""


def nat_rules(kind: NatKind, inside: str, first_port: int) -> str:
    """A complete rule set for a router between ``lan`` and ``wan``.

    Args:
        kind: What to be.
        inside: The address of the only host inside.
        first_port: Mappings take one of the 10,000 ports from here on.
    """
    ports = f"{first_port}-{first_port + 9_999}"
    if kind is NatKind.SYMMETRIC:
        ports += " fully-random"
    chains = (
        _chain(
            "nat hook postrouting priority srcnat",
            f'oifname "wan" meta l4proto {{ tcp, udp }} masquerade to :{ports}',
        ),
        _chain("filter hook postrouting priority srcnat + 1", *_REMEMBER.get(kind, ())),
        _chain(
            "nat hook prerouting priority dstnat",
            *(f"{rule} dnat to {inside} : udp dport map @mapping" for rule in _ADMIT.get(kind, ())),
        ),
        _chain("filter hook forward priority filter", *_LOSE.get(kind, ())),
        # What nobody inside has asked for must not reach the router itself: it would take it for
        # the start of a connection of its own, and what the host then sends to the same peer would
        # find its port taken.
        _chain("filter hook input priority filter", 'iifname "wan" meta l4proto { tcp, udp } drop'),
    )
    body = "".join(f"chain chain{number} {chain}" for number, chain in enumerate(chains))
    return f"flush ruleset\ntable ip nat {{\n{_TABLES}{body}}}\n"


def _chain(place: str, *rules: str) -> str:
    return "\n".join(("{", f"type {place}", *rules, "}", ""))


_TABLES = """
map mapping { type inet_service : inet_service; size 4096; flags dynamic; }
set contact { type inet_service . ipv4_addr; size 4096; flags dynamic; }
"""
"""The inside port behind each outside port, and the addresses to which each outside port sent."""

_OUTGOING_UDP = 'oifname "wan" ct direction original meta l4proto udp'
_LEARN = f"{_OUTGOING_UDP} update @mapping {{ udp sport : ct original proto-src }}"
_REMEMBER = {
    NatKind.FULL_CONE: (_LEARN,),
    NatKind.ADDRESS_RESTRICTED: (
        _LEARN,
        f"{_OUTGOING_UDP} update @contact {{ udp sport . ip daddr }}",
    ),
}
_ADMIT = {
    NatKind.FULL_CONE: ('iifname "wan" meta l4proto udp',),
    NatKind.ADDRESS_RESTRICTED: ('iifname "wan" udp dport . ip saddr @contact',),
}
_LOSE = {
    NatKind.UDP_BLOCKED: ('oifname "wan" meta l4proto udp drop',),
    NatKind.ONLY_443: (
        'oifname "wan" meta l4proto udp drop',
        'oifname "wan" tcp dport != 443 drop',
    ),
}
