"""A TURN client and the TURN server for tests, joined by a wire in virtual time."""

import heapq
import random
from collections.abc import Callable, Sequence
from itertools import count

from frazil.stun import Message, MessageClass, Method, is_stun
from frazil.testing import TurnService
from frazil.trace import Trace
from frazil.turn import TurnClient, TurnConfig, TurnEvent
from frazil.types import Address, Datagram

CLIENT: Address = ("198.51.100.1", 5000)
SERVER: Address = ("192.0.2.9", 3478)
RELAYED: Address = ("192.0.2.9", 49152)
RELAYED_IPV6: Address = ("2001:db8::9", 49152)
PEER: Address = ("203.0.113.5", 6000)
DELAY_S = 0.01
MAX_STEPS = 100_000


def config(**changes: object) -> TurnConfig:
    values: dict[str, object] = {"username": "user", "password": "password"} | changes
    return TurnConfig(**values)  # type: ignore[arg-type]


def seen(data: bytes) -> tuple[Method, MessageClass] | str:
    """What a message is, for lists of what went over the wire."""
    if not is_stun(data):
        return "channel-data"
    message = Message.decode(data)
    return message.method, message.message_class


class TurnPair:
    """Both ends, and all that they said.

    Attributes:
        now: The virtual time.
        loses: Says which messages are lost, either way.
        copies: Says how long each copy of the next message takes; it may overtake others.
        events: What the client reported, with the time.
        sent: What the client sent, with the time.
        received: The datagrams that the client got from peers.
        at_peers: What the server relayed: the data and the peer.
    """

    def __init__(self, settings: TurnConfig | None = None, *, ipv6: bool = False) -> None:
        self.now = 0.0
        self.trace = Trace()
        source = random.Random(1)
        self.client = TurnClient(settings or config(), source.randbytes, self.trace)
        self._ports = count(RELAYED[1])
        self._ipv6 = ipv6
        self.open_relays: set[Address] = set()
        self.service = TurnService(
            SERVER,
            {"user": "password"},
            source.randbytes,
            self._open_relay,
            self.open_relays.remove,
        )
        self.loses: Callable[[bytes], bool] = lambda data: False
        self.copies: Callable[[], Sequence[float]] = lambda: (DELAY_S,)
        self.events: list[tuple[float, TurnEvent]] = []
        self.sent: list[tuple[float, bytes]] = []
        self.received: list[Datagram] = []
        self.at_peers: list[tuple[bytes, Address]] = []
        self._wire: list[tuple[float, int, bool, bytes]] = []
        self._order = count()

    def _open_relay(self, is_ipv6: bool) -> Address | None:
        if is_ipv6 and not self._ipv6:
            return None
        relayed = (RELAYED_IPV6 if is_ipv6 else RELAYED)[0], next(self._ports)
        self.open_relays.add(relayed)
        return relayed

    # --- the scenario -------------------------------------------------------------------------

    def run(self, for_s: float) -> None:
        """Let time pass, and everything happen in it."""
        end_at = self.now + for_s
        for _ in range(MAX_STEPS):
            self.flush()
            timeout_at = self.client.next_timeout()
            arrival_at = self._wire[0][0] if self._wire else None
            times = [at for at in (timeout_at, arrival_at) if at is not None and at <= end_at]
            if not times:
                self.now = end_at
                return
            self.now = max(self.now, min(times))
            if arrival_at is not None and arrival_at <= self.now:
                self._arrive()
            else:
                self.client.handle_timeout(self.now)
                moved_to = self.client.next_timeout()
                assert moved_to is None or moved_to > self.now, "a timeout made no progress"
        raise AssertionError("too much happened")

    def allocate(self) -> None:
        """Get an allocation and forget how."""
        self.client.allocate(self.now)
        self.run(1)
        self.events.clear()
        self.sent.clear()

    def permit(self, *ips: str) -> None:
        """Get permissions and forget how."""
        for ip in ips or (PEER[0],):
            self.client.create_permission(ip, self.now)
        self.run(1)
        self.sent.clear()

    def flush(self) -> None:
        """Put what both ends have to say on the wire."""
        for data in self.client.poll_transmits():
            self.sent.append((self.now, data))
            self._post(to_server=True, data=data)
        for transmit in self.service.poll_transmits():
            if transmit.local == SERVER:
                assert transmit.remote == CLIENT
                self._post(to_server=False, data=transmit.data)
            else:
                self.at_peers.append((transmit.data, transmit.remote))
        self.events += [(self.now, event) for event in self.client.poll_events()]

    def from_peer(self, data: bytes, peer: Address = PEER, relayed: Address = RELAYED) -> None:
        """A peer sends to the relayed address."""
        self.service.receive_from_peer(data, relayed, peer, self.now)

    def _post(self, *, to_server: bool, data: bytes) -> None:
        for delay_s in () if self.loses(data) else self.copies():
            at = self.now + delay_s
            heapq.heappush(self._wire, (at, next(self._order), to_server, data))

    def _arrive(self) -> None:
        _, _, to_server, data = heapq.heappop(self._wire)
        if to_server:
            self.service.receive(data, CLIENT, self.now)
        else:
            self.received += self.client.receive([data], self.now)

    # --- what happened ------------------------------------------------------------------------

    def kinds(self) -> list[str]:
        """The names of the events."""
        return [type(event).__name__ for _, event in self.events]

    def requests(self, method: Method) -> list[float]:
        """When the client sent requests of a method."""
        return [
            round(at, 6) for at, data in self.sent if seen(data) == (method, MessageClass.REQUEST)
        ]
