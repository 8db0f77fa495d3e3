"""Channels: four bytes instead of thirty-six for each datagram to a peer (RFC 8656 12)."""

from typing import Final

from frazil.stun import Attribute, Method
from frazil.trace import Trace
from frazil.turn.channel_data import FIRST_CHANNEL
from frazil.turn.config import MAX_CHANNELS
from frazil.turn.lease import RETRY_PAUSE_S, Lease
from frazil.turn.request import Answer, RequestTable
from frazil.types import Address

CHANNEL_LIFETIME_S: Final = 600.0
"""How long a channel stands for a peer (RFC 8656 12)."""
CHANNEL_RENEWAL_S: Final = 500.0
"""When it is bound again."""


class Channel:
    """One peer and its number.

    Attributes:
        number: What stands for the peer on the way to and from the server.
        peer: Its address.
        local: The relayed address that it sends to.
        lease: How long the server keeps the binding.
        is_wanted: Whether it is to be used and renewed.
    """

    __slots__ = ("is_wanted", "lease", "local", "number", "peer")

    def __init__(self, number: int, peer: Address, local: Address) -> None:
        self.number = number
        self.peer = peer
        self.local = local
        self.lease = Lease()
        self.is_wanted = True


class ChannelTable:
    """The channels of one allocation. A peer keeps its number for the life of the allocation.

    Attributes:
        bound: The channels that data can be sent on, by peer.
        by_number: All channels: the server may use one before its answer gets here.
    """

    __slots__ = ("_channels", "_requests", "_trace", "bound", "by_number")

    def __init__(self, requests: RequestTable, trace: Trace) -> None:
        self._requests = requests
        self._trace = trace
        self._channels: dict[Address, Channel] = {}
        self.bound: dict[Address, Channel] = {}
        self.by_number: dict[int, Channel] = {}

    def bind(self, peer: Address, local: Address, now: float) -> None:
        """Want a channel to ``peer``, unless all of them are taken."""
        channel = self._channels.get(peer)
        if channel is None:
            number = FIRST_CHANNEL + len(self._channels)
            if len(self._channels) >= MAX_CHANNELS:
                self._trace.record(now, "turn", "channels-exhausted", peer=peer[0])
                return
            channel = self._channels[peer] = self.by_number[number] = Channel(number, peer, local)
            self._ask(channel, now)
        elif not channel.is_wanted:
            channel.is_wanted = True
            self._ask(channel, now)

    def drop(self, ip: str) -> None:
        """Want no channel to this address any more: the server forgets them by itself."""
        for channel in self._channels.values():
            if channel.peer[0] == ip:
                self._abandon(channel)

    def confirm(self, now: float) -> None:
        """Ask once more for what is bound, as far as we know, and not being asked for."""
        for channel in self._channels.values():
            if channel.lease.is_at_rest:
                self._ask(channel, now)

    def clear(self) -> None:
        """Forget all."""
        self._channels.clear()
        self.bound.clear()
        self.by_number.clear()

    def _ask(self, channel: Channel, now: float) -> None:
        channel.lease.renew_at = None
        attributes: dict[Attribute, object] = {
            Attribute.CHANNEL_NUMBER: channel.number,
            Attribute.XOR_PEER_ADDRESS: channel.peer,
        }
        self._requests.send(Method.CHANNEL_BIND, attributes, now)

    def _abandon(self, channel: Channel) -> None:
        channel.is_wanted = False
        channel.lease.renew_at = None
        self.bound.pop(channel.peer, None)

    def receive(self, answer: Answer, now: float) -> None:
        """Take the answer to a request."""
        channel = self._channels.get(answer.request.peer)
        if channel is None or not channel.is_wanted:
            return
        failure = answer.failure
        if failure is None:
            channel.lease.grant(answer.request.started_at, CHANNEL_LIFETIME_S, CHANNEL_RENEWAL_S)
            if channel.peer not in self.bound:
                self.bound[channel.peer] = channel
                self._trace.record(
                    now, "turn", "channel-bound", number=channel.number, peer=channel.peer[0]
                )
        elif failure.is_passing and channel.lease.is_granted:
            channel.lease.renew_at = now if answer.message is None else now + RETRY_PAUSE_S
        else:
            self._abandon(channel)
            self._trace.record(
                now,
                "turn",
                "channel-failed",
                number=channel.number,
                peer=channel.peer[0],
                code=failure.code,
                text=failure.text,
            )

    # --- time ---------------------------------------------------------------------------------

    def next_timeout(self) -> float | None:
        """The earliest renewal or expiry."""
        times = [channel.lease.next_timeout() for channel in self._channels.values()]
        return min((at for at in times if at is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        """Renew what is due; use no channel that has expired."""
        for channel in self._channels.values():
            if channel.lease.lapse(now):
                self.bound.pop(channel.peer, None)
            if channel.lease.is_due(now):
                self._ask(channel, now)
