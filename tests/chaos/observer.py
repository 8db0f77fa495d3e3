"""Looks at the wire of a session: what was sent without consent, and how many checks there were."""

from bisect import bisect_right
from collections import Counter, defaultdict
from typing import Final

from frazil.testing import Fate, Packet, TransportProtocol, VirtualNetwork
from support.wire import Path, is_dtls, receiver_view, sender_view

CONSENT_S: Final = 30.0
"""How long a response is good for (RFC 7675 5.1)."""
_RELAY_LAG_S: Final = 1.0
"""What is seen leaving a relay was sent by the peer a moment before."""
_REQUEST, _RESPONSE = b"\x00\x01", b"\x01\x01"
_USERNAME = b"\x00\x06"


class Observer:
    """Listens to a network.

    Attributes:
        requests: How many checks were sent, by the name of the sender in them (its ufrag).
        received: How many checks arrived, by the name of their receiver.
    """

    def __init__(self, net: VirtualNetwork, relay_ip: str) -> None:
        self.requests: Counter[str] = Counter()
        self.received: Counter[str] = Counter()
        self._relay_ip = relay_ip
        self._answered: dict[Path, list[float]] = defaultdict(list)
        self._secured: list[Packet] = []
        net.listen(self._look)

    def _look(self, packet: Packet) -> None:
        if packet.protocol is not TransportProtocol.UDP:
            return
        data = packet.data
        if is_dtls(packet):
            self._secured.append(packet)
        elif data[:2] == _RESPONSE and packet.fate is Fate.DELIVERED:
            self._answered[receiver_view(packet)].append(packet.at)
        elif data[:2] == _REQUEST and data[20:22] == _USERNAME:
            size = int.from_bytes(data[22:24])
            receiver, _, sender = data[24 : 24 + size].decode().partition(":")
            self.requests[sender] += 1
            if packet.fate is Fate.DELIVERED:
                self.received[receiver] += 1

    def assert_consent(self) -> None:
        """Everything secured was sent on a path where an answer had come within 30 s."""
        for packet in self._secured:
            path = sender_view(packet)
            answers = self._answered[path]
            lag_s = _RELAY_LAG_S if path.local[0] == self._relay_ip else 0.0
            count = bisect_right(answers, packet.sent_at)
            assert count, f"sent before any answer: {packet}"
            silent_s = packet.sent_at - answers[count - 1]
            assert silent_s <= CONSENT_S + lag_s, f"{silent_s:.3f} s after the answer: {packet}"
