"""One UDP socket for many connections: finds out which of them a datagram is for."""

from collections import OrderedDict
from typing import Final

from frazil.aio.claim import Claims
from frazil.aio.network import DatagramHandler, Network, PooledSocket, UdpSocket
from frazil.stun import MessageClass, checked_ufrag, class_of, is_stun, transaction_id_of
from frazil.types import Address, Datagram, Transmit

MAX_UFRAGS: Final = 8
"""Generations of one connection that are told apart: those before have ended."""
MAX_TRANSACTIONS: Final = 256
"""Requests of one connection that may be unanswered; a checklist has 100 pairs."""


class SharedUdpSocket:
    """What one connection has of a socket that it shares; a :class:`frazil.aio.UdpSocket`.

    Attributes:
        local: Where the socket is bound.
        ufrags: The generations whose checks are for it, oldest first.
        transactions: Its requests that may be unanswered, oldest first.
    """

    __slots__ = ("_demultiplexer", "_on_datagrams", "local", "transactions", "ufrags")

    def __init__(self, demultiplexer: "Demultiplexer", on_datagrams: DatagramHandler) -> None:
        self._demultiplexer: Demultiplexer | None = demultiplexer
        self._on_datagrams = on_datagrams
        self.ufrags: OrderedDict[str, None] = OrderedDict()
        self.transactions: OrderedDict[bytes, None] = OrderedDict()
        self.local = demultiplexer.socket.local
        demultiplexer.add(self)

    @property
    def dropped(self) -> int:
        """How many datagrams of all connections never left this host."""
        return self._demultiplexer.socket.dropped if self._demultiplexer is not None else 0

    def expect(self, ufrag: str) -> None:
        """Checks with this ufrag are for this connection."""
        if self._demultiplexer is not None:
            self._demultiplexer.expect(self, ufrag)

    def send(self, transmits: list[Transmit]) -> None:
        """Send, or lose, every datagram; see :class:`frazil.aio.UdpSocket`."""
        if self._demultiplexer is not None:
            self._demultiplexer.send(self, transmits)

    def hand_over(self, batch: list[Datagram]) -> None:
        """Give a batch to the connection, unless it has closed meanwhile."""
        if self._demultiplexer is not None:
            self._on_datagrams(batch)

    def close(self) -> None:
        """Leave the socket to the others. Idempotent."""
        if self._demultiplexer is not None:
            self._demultiplexer.remove(self)
            self._demultiplexer = None


class Demultiplexer:
    """Sends for many views, and hands to each what is for it.

    A check is for the view whose ufrag it names; a response for the view that asked. Everything
    else is for the views that have reason to expect it from that address: see :class:`Claims`.
    What is in fact for another view is dropped by the session that gets it, as it would be on a
    socket of its own.

    Attributes:
        socket: The one socket.
        unclaimed: How many datagrams were for nobody.
    """

    def __init__(self) -> None:
        self.socket: UdpSocket
        self.unclaimed = 0
        self._views: set[SharedUdpSocket] = set()
        self._by_ufrag: dict[str, SharedUdpSocket] = {}
        self._by_transaction: dict[bytes, SharedUdpSocket] = {}
        self._claims: Claims[SharedUdpSocket] = Claims()

    def bind(self, network: Network, host: str, port: int) -> None:
        """Open the socket; before anything else.

        Raises:
            OSError, ValueError: As of :meth:`frazil.aio.Network.open_udp`.
        """
        self.socket = network.open_udp(host, port, self.receive)

    # --- views --------------------------------------------------------------------------------

    def add(self, view: SharedUdpSocket) -> None:
        """There is another view."""
        self._views.add(view)
        self._tell_socket()

    def _tell_socket(self) -> None:
        if isinstance(self.socket, PooledSocket):
            self.socket.serve(len(self._views))

    def expect(self, view: SharedUdpSocket, ufrag: str) -> None:
        """Checks with this ufrag are for ``view``."""
        if self._by_ufrag.setdefault(ufrag, view) is not view:
            return  # 48 random bits are the same: the other connection had them first
        view.ufrags[ufrag] = None
        view.ufrags.move_to_end(ufrag)
        if len(view.ufrags) > MAX_UFRAGS:
            oldest, _ = view.ufrags.popitem(last=False)
            del self._by_ufrag[oldest]

    def remove(self, view: SharedUdpSocket) -> None:
        """The view has closed: forget all that is known of it."""
        for ufrag in view.ufrags:
            del self._by_ufrag[ufrag]
        for transaction_id in view.transactions:
            del self._by_transaction[transaction_id]
        self._claims.forget(view)
        self._views.discard(view)
        self._tell_socket()

    # --- sending ------------------------------------------------------------------------------

    def send(self, view: SharedUdpSocket, transmits: list[Transmit]) -> None:
        """Send, and learn from it what may come back."""
        for transmit in transmits:
            data, remote = transmit.data, transmit.remote
            if is_stun(data):
                self._learn(view, data, remote)
            elif not self._claims.has_path(view, remote):
                self._claims.add_path(view, remote)
        self.socket.send(transmits)

    def _learn(self, view: SharedUdpSocket, data: bytes, remote: Address) -> None:
        kind = class_of(data)
        if kind is MessageClass.SUCCESS:  # the session found the check authentic
            self._claims.hint(view, remote)
        elif kind is MessageClass.REQUEST:
            transaction_id = transaction_id_of(data)
            if self._by_transaction.setdefault(transaction_id, view) is view:
                view.transactions[transaction_id] = None
                if len(view.transactions) > MAX_TRANSACTIONS:
                    oldest, _ = view.transactions.popitem(last=False)
                    del self._by_transaction[oldest]

    # --- receiving ----------------------------------------------------------------------------

    def receive(self, batch: list[Datagram]) -> None:
        """Hand each datagram to the views it is for; what is for one view stays one batch."""
        batches: dict[SharedUdpSocket, list[Datagram]] = {}
        remote: Address | None = None
        views: list[SharedUdpSocket] = []
        for datagram in batch:
            data = datagram.data
            if is_stun(data):
                found = self._views_of(data, datagram.remote)
                remote = None
            else:
                if datagram.remote != remote:
                    remote = datagram.remote
                    views = self._claims.views(remote)
                found = views
            if not found:
                self.unclaimed += 1
            for view in found:
                if view in batches:
                    batches[view].append(datagram)
                else:
                    batches[view] = [datagram]
        for view, part in batches.items():
            view.hand_over(part)

    def _views_of(self, data: bytes, remote: Address) -> list[SharedUdpSocket]:
        """Those that a STUN message is for."""
        kind = class_of(data)
        if kind is MessageClass.INDICATION:
            return self._claims.views(remote)
        if kind is MessageClass.REQUEST:
            view = self._by_ufrag.get(checked_ufrag(data) or "")
        else:
            view = self._by_transaction.pop(transaction_id_of(data), None)
            if view is not None:
                del view.transactions[transaction_id_of(data)]
                self._claims.hint(view, remote)  # nobody else can know the transaction
        return [] if view is None else [view]
