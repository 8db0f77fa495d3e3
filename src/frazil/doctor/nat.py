"""What a NAT does, found out with the help of a STUN server (RFC 5780 4)."""

import asyncio
from collections.abc import Sequence
from typing import Final

from frazil.aio.network import Network
from frazil.doctor.asker import CHANGE_ADDRESS, CHANGE_PORT, Asker
from frazil.doctor.behaviour import Behaviour
from frazil.doctor.packet_size import measure_packet_size
from frazil.doctor.report import NatReport, StunReport
from frazil.types import Address

_HAIRPIN_SENDS: Final = 4
_HAIRPIN_PAUSE_S: Final = 0.15
_HAIRPIN_SIZE: Final = 16


async def examine_nat(network: Network, answered: Sequence[StunReport]) -> NatReport | None:
    """What is between one local address and the world.

    Args:
        network: Of this host.
        answered: The servers that answered a socket of this address. One with a second address
            tells everything; two of different addresses tell at least whether the mapping depends
            on the destination. Those on this side of the NAT tell nothing of it.

    Returns:
        None if no server answers any more.

    Raises:
        OSError: The address is not there any more.
    """
    best = min(answered, key=lambda each: (not _is_beyond(each), _second_address(each) is None))
    local = best.local
    second = _second_address(best)
    with Asker(network, local) as asker:
        first = await asker.ask(best.server)
        if first is None or first.mapped is None:
            return None
        mapped = first.mapped
        socket = asker.local
        mapping = None
        if second is not None:
            mapping = await _mapping(asker, best.server, second, mapped)
        if mapping is None:
            second = None
            mapping = await _compared(asker, best.server, mapped, answered)
    is_translated = mapped != socket
    if not is_translated:
        mapping = Behaviour.ENDPOINT_INDEPENDENT
    filtering, hairpin, packet_size = await asyncio.gather(
        _filtering(network, local, best.server, second),
        _hairpin(network, local, best.server),
        measure_packet_size(network, local, best.server),
    )
    return NatReport(
        local=local,
        url=best.url,
        mapped=mapped,
        is_translated=is_translated,
        mapping=mapping,
        filtering=filtering,
        keeps_port=mapped[1] == socket[1],
        hairpin=hairpin if is_translated else None,
        packet_size=packet_size,
    )


def _is_beyond(server: StunReport) -> bool:
    """Whether there is a NAT on the way to the server, as far as the addresses tell."""
    return server.mapped is not None and server.mapped[0] != server.local


def _second_address(server: StunReport) -> Address | None:
    """The other address that the server names, if it is one: another port would not do."""
    other = server.other
    return other if other is not None and other[0] != server.server[0] else None


async def _mapping(
    asker: Asker, primary: Address, other: Address, first: Address
) -> Behaviour | None:
    """What the public port depends on (RFC 5780 4.3).

    None if the other address does not answer: servers also name what only their neighbours reach.
    """
    answers = await asyncio.gather(asker.ask((other[0], primary[1])), asker.ask(other))
    by_address, by_port = (each.mapped if each is not None else None for each in answers)
    if by_address is None or by_port is None:
        return None
    if by_address == first:
        return Behaviour.ENDPOINT_INDEPENDENT
    if by_address == by_port:
        return Behaviour.ADDRESS_DEPENDENT
    return Behaviour.ADDRESS_AND_PORT_DEPENDENT


async def _compared(
    asker: Asker, primary: Address, first: Address, answered: Sequence[StunReport]
) -> Behaviour | None:
    """The same as far as two unrelated servers can tell.

    Only those are compared that see the same IP address: there is one NAT in front of both. If
    they see different ports, whether the destination's port counts too stays open; RFC 4787 has
    no name for that, and for connecting it makes no difference: the stricter one is assumed.
    """
    others = {each.server[0]: each.server for each in answered if each.server[0] != primary[0]}
    answers = await asyncio.gather(*(asker.ask(each) for each in others.values()))
    seen = {each.mapped for each in answers if each is not None and each.mapped is not None}
    comparable = {mapped for mapped in seen if mapped[0] == first[0]}
    if not comparable:
        return None
    if comparable == {first}:
        return Behaviour.ENDPOINT_INDEPENDENT
    return Behaviour.ADDRESS_AND_PORT_DEPENDENT


async def _filtering(
    network: Network, local: str, server: Address, second: Address | None
) -> Behaviour | None:
    """Who may write to us (RFC 5780 4.4); a socket is needed that has written to one address only.

    That no answer comes must not be due to a server that cannot answer from elsewhere: only one
    whose second address answers is asked. An answer that was not sent from elsewhere tells nothing.
    """
    if second is None:
        return None
    with Asker(network, local) as asker:
        if await asker.ask(server) is None:
            return None
        from_all, from_port = await asyncio.gather(
            asker.ask(server, CHANGE_ADDRESS | CHANGE_PORT),
            asker.ask(server, CHANGE_PORT),
        )
    answers = [each for each in (from_all, from_port) if each is not None]
    if any(each.refusal is not None or each.source == server for each in answers):
        return None
    if from_all is not None:
        return Behaviour.ENDPOINT_INDEPENDENT
    if from_port is not None:
        return Behaviour.ADDRESS_DEPENDENT
    return Behaviour.ADDRESS_AND_PORT_DEPENDENT


async def _hairpin(network: Network, local: str, server: Address) -> bool | None:
    """Whether two sockets here reach each other by their public addresses (RFC 4787 6).

    Both write, as ICE would: the filter of each is then open for the other.
    """
    with Asker(network, local) as one, Asker(network, local) as two:
        ours, theirs = await asyncio.gather(one.ask(server), two.ask(server))
        if ours is None or theirs is None or ours.mapped is None or theirs.mapped is None:
            return None
        mark = b"\xff" + network.random_bytes(_HAIRPIN_SIZE)  # neither STUN nor anybody else's
        for _ in range(_HAIRPIN_SENDS):
            one.send(mark, theirs.mapped)
            two.send(mark, ours.mapped)
            await asyncio.sleep(_HAIRPIN_PAUSE_S)
            if mark in one.strangers or mark in two.strangers:
                return True
    return False
