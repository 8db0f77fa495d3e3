"""Datagrams to and from peers through an allocation (RFC 8656 9 to 12)."""

from collections.abc import Mapping
from typing import Final

from frazil.stun import Attribute, Message, MessageClass, Method, new_transaction_id
from frazil.trace import Trace
from frazil.turn.address import canonical_peer, is_ipv6
from frazil.turn.channel import Channel, ChannelTable
from frazil.turn.channel_data import (
    MAX_DATA_SIZE,
    ChannelDataDecodeError,
    decode_channel_data,
    encode_channel_data,
)
from frazil.turn.event import PermissionFailed
from frazil.turn.permission import PermissionTable
from frazil.turn.request import Answer, RequestTable
from frazil.types import Address, Datagram, RandomBytes

KEEPALIVE_S: Final = 15.0
"""After this long without datagrams to the server, one without content keeps NATs from forgetting
us: many do so after 30 s, and a refresh comes only every few minutes (RFC 8445 11)."""
MAX_INDICATION_DATA: Final = 1500 - 20 - (4 + 20) - 4 - 3 & ~3
"""Bytes in an indication: a STUN message less header, peer address, prefix and padding."""


class Relay:
    """What an allocation is for: permissions, channels, and the datagrams that use them.

    Args:
        requests: Through which the server is asked.
        random_bytes: The source of transaction ids.
        trace: Where bad input is counted.
        transmits: What is to be sent to the server is appended here.

    Attributes:
        addresses: The relayed addresses, from :meth:`begin` to :meth:`clear`.
    """

    __slots__ = (
        "_channels",
        "_permissions",
        "_random_bytes",
        "_sent_at",
        "_trace",
        "_transmits",
        "addresses",
    )

    def __init__(
        self,
        requests: RequestTable,
        random_bytes: RandomBytes,
        trace: Trace,
        transmits: list[bytes],
    ) -> None:
        self._random_bytes = random_bytes
        self._trace = trace
        self._transmits = transmits
        self._permissions = PermissionTable(requests, trace)
        self._channels = ChannelTable(requests, trace)
        self._sent_at = 0.0
        self.addresses: tuple[Address, ...] = ()

    @property
    def failed(self) -> list[PermissionFailed]:
        """The permissions that could not be had; the caller empties it."""
        return self._permissions.failed

    def begin(self, addresses: tuple[Address, ...], now: float) -> None:
        """There is an allocation: ask for every permission that was wanted before."""
        self.addresses = addresses
        self._sent_at = now
        self._permissions.begin(addresses, now)

    def clear(self) -> None:
        """There is no allocation any more, nor anything that was built on it."""
        self.addresses = ()
        self._permissions.clear()
        self._channels.clear()

    # --- permissions and channels -------------------------------------------------------------

    def create_permission(self, ip: str, now: float) -> None:
        """Want a permission for a canonical address."""
        self._permissions.add(ip, now)

    def drop_permission(self, ip: str) -> None:
        """Want nothing of a canonical address any more; what is on its way still passes."""
        self._permissions.drop(ip)
        self._channels.drop(ip)

    def bind_channel(self, peer: Address, now: float) -> None:
        """Want a channel to a canonical address, and the permission."""
        self._permissions.add(peer[0], now)
        if self._permissions.get(peer[0]) is not None:
            self._channels.bind(peer, self._local(peer), now)

    def confirm(self, now: float) -> None:
        """Ask for every permission and channel once more: the server may have forgotten them."""
        self._permissions.confirm(now)
        self._channels.confirm(now)

    def take(self, answer: Answer, now: float) -> None:
        """A permission or channel was granted or refused: send what waited for it."""
        request = answer.request
        if request.method is Method.CREATE_PERMISSION:
            released = self._permissions.receive(answer, now)
        else:
            self._channels.receive(answer, now)
            if answer.failure is not None:
                return
            # A channel brings the permission with it (RFC 8656 12.2).
            released = self._permissions.grant(request.peer[0], request.started_at, now)
        for data, peer in released:
            self.send(data, peer, now)

    # --- datagrams ----------------------------------------------------------------------------

    def send(self, data: bytes, peer: Address, now: float) -> None:
        """Send, hold or lose a datagram; see :meth:`frazil.turn.TurnClient.send`."""
        channel = self._channels.bound.get(peer)
        if channel is not None:
            self._transmits.append(encode_channel_data(channel.number, data))
            self._sent_at = now
            return
        if len(data) > MAX_DATA_SIZE:
            raise ValueError(f"a datagram has at most {MAX_DATA_SIZE} bytes")
        canonical = canonical_peer(peer)
        if canonical != peer:
            self.send(data, canonical, now)
            return
        permission = self._permissions.get(peer[0])
        if permission is None:
            self._trace.count("turn-send-unpermitted")
        elif len(data) > MAX_INDICATION_DATA:
            self._trace.count("turn-send-too-large")
        elif permission.lease.is_granted:
            self._indicate(data, peer, now)
        else:
            self._permissions.hold(permission, data, peer)

    def _indicate(self, data: bytes, peer: Address, now: float) -> None:
        """Relay without a channel (RFC 8656 11.1)."""
        attributes = {Attribute.XOR_PEER_ADDRESS: peer, Attribute.DATA: data}
        self._send_indication(Method.SEND, attributes, now)

    def _send_indication(
        self, method: Method, attributes: Mapping[Attribute, object], now: float
    ) -> None:
        transaction_id = new_transaction_id(self._random_bytes)
        message = Message(method, MessageClass.INDICATION, transaction_id, attributes)
        self._transmits.append(message.encode(fingerprint=False))
        self._sent_at = now

    def receive_channel_data(self, message: bytes) -> Datagram | None:
        """The datagram in a ChannelData message from the server."""
        try:
            number, data = decode_channel_data(message)
        except ChannelDataDecodeError:
            self._trace.count("turn-malformed")
            return None
        channel = self._channels.by_number.get(number)
        if channel is None or not self._is_heard(channel):
            self._trace.count("turn-channel-unknown")
            return None
        return Datagram(data, channel.local, channel.peer)

    def _is_heard(self, channel: Channel) -> bool:
        """Whether its peer is: at the server a channel lasts until it expires."""
        return channel.is_wanted or self._permissions.get(channel.peer[0]) is not None

    def receive_indication(self, message: Message) -> Datagram | None:
        """The datagram in a Data indication from the server (RFC 8656 11.4).

        One from port 0 wants no answer (RFC 768), and can have none: peers do not send such.
        """
        peer = message.address(Attribute.XOR_PEER_ADDRESS)
        if peer is None or peer[1] == 0 or message.unknown_required:
            self._trace.count("turn-malformed")
        elif not self.addresses or self._permissions.get(peer[0]) is None:
            self._trace.count("turn-data-unpermitted")
        elif (data := message.opaque(Attribute.DATA)) is None:
            self._trace.count("turn-icmp")  # somebody on the way to the peer complains (11.6)
        else:
            return Datagram(data, self._local(peer), peer)
        return None

    def _local(self, peer: Address) -> Address:
        """The relayed address of the family of a permitted peer: there is one."""
        return next(each for each in self.addresses if is_ipv6(each[0]) == is_ipv6(peer[0]))

    # --- time ---------------------------------------------------------------------------------

    def keepalive_at(self) -> float:
        """When silence has lasted too long. Data moves it, so it is computed when asked for."""
        return self._sent_at + KEEPALIVE_S

    def next_timeout(self) -> float | None:
        """The earliest renewal or expiry; data does not move it."""
        times = (self._permissions.next_timeout(), self._channels.next_timeout())
        return min((at for at in times if at is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        """Renew what is due, and break a silence."""
        self._permissions.handle_timeout(now)
        self._channels.handle_timeout(now)
        if now >= self.keepalive_at():
            self._send_indication(Method.BINDING, {}, now)
