"""Both halves of multicast DNS on one link."""

from typing import Final

from frazil.mdns.message import MdnsDecodeError, decode
from frazil.mdns.resolver import LookupEnded, Resolver
from frazil.mdns.responder import Responder
from frazil.trace import Trace
from frazil.types import Address

MDNS_GROUP: Final[Address] = ("224.0.0.251", 5353)
"""Where multicast DNS takes place (RFC 6762 3)."""


class MdnsEndpoint:
    """Looks up names of other hosts, and answers for names of this one (RFC 6762).

    Drain :meth:`poll_transmits` and :meth:`poll_events` after every input, and call
    :meth:`handle_timeout` at :meth:`next_timeout`.
    """

    __slots__ = ("_resolver", "_responder", "_trace")

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._resolver = Resolver(MDNS_GROUP)
        self._responder = Responder(MDNS_GROUP)

    def look_up(self, name: str, now: float) -> None:
        """Look ``name`` up; a :class:`LookupEnded` tells, within five seconds.

        Raises:
            ValueError: There are too many others.
        """
        self._resolver.look_up(name, now)

    def cancel(self, name: str) -> None:
        """Nobody wants to know ``name`` any more."""
        self._resolver.cancel(name)

    def publish(self, name: str, address: str) -> None:
        """Answer for ``name`` with ``address``.

        Raises:
            ValueError: There are too many names already.
        """
        self._responder.publish(name, address)

    def withdraw(self, name: str) -> None:
        """Answer for ``name`` no more."""
        self._responder.withdraw(name)

    def receive(self, data: bytes, remote: Address, now: float) -> None:
        """Take a datagram. Whatever is wrong with it is counted, never raised."""
        try:
            message = decode(data)
        except MdnsDecodeError:
            self._trace.count("mdns-malformed")
            return
        if not message.is_response:
            self._responder.receive(message, remote, now)
        elif remote[1] == MDNS_GROUP[1]:
            self._resolver.receive(message.records)
        else:
            self._trace.count("mdns-response-from-elsewhere")  # RFC 6762 6

    def handle_timeout(self, now: float) -> None:
        """Do what is due."""
        self._resolver.handle_timeout(now)
        self._responder.handle_timeout(now)

    def next_timeout(self) -> float | None:
        """When :meth:`handle_timeout` has something to do."""
        deadlines = (self._resolver.next_timeout(), self._responder.next_timeout())
        return min((at for at in deadlines if at is not None), default=None)

    def poll_transmits(self) -> list[tuple[bytes, Address]]:
        """What is to be sent, and where to."""
        out = self._resolver.transmits + self._responder.transmits
        self._resolver.transmits.clear()
        self._responder.transmits.clear()
        return out

    def poll_events(self) -> list[LookupEnded]:
        """The look-ups that ended."""
        events, self._resolver.events = self._resolver.events, []
        return events
