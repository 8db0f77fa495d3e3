"""Keeps the sockets of a connection in step with the addresses and routes of the host."""

from collections.abc import Callable, Mapping

from frazil.aio.local_address import LocalAddresses
from frazil.aio.network import InterfaceWatch, Network
from frazil.aio.socket_set import SocketSet
from frazil.peer.transport_set import TransportSet


class Roaming:
    """Has new addresses gathered, and closes what is bound to those that went away.

    Where a default route is new, too, all is gathered once more: an address often has it later than
    it has itself, or gets that of another, and without it no server on the internet answers.

    Args:
        transports: Are told of both.
        network: Whose addresses are watched, from the first :meth:`start` on.
        local: Says which of them are worth gathering.
        sockets: The sockets of each transport; whoever owns them keeps this up to date.
        flush: Called when the transports may have something to say.
    """

    __slots__ = (
        "_clock",
        "_flush",
        "_local",
        "_network",
        "_sockets",
        "_transports",
        "_watch",
    )

    def __init__(
        self,
        transports: TransportSet,
        network: Network,
        local: LocalAddresses,
        sockets: Mapping[str, SocketSet],
        flush: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._transports = transports
        self._network = network
        self._sockets = sockets
        self._flush = flush
        self._clock = clock
        self._local = local
        self._watch: InterfaceWatch | None = None

    def start(self) -> None:
        """Gathering begins: from now on changes matter. Idempotent."""
        if self._watch is None:
            self._watch = self._network.watch_interfaces(self._on_change)

    def close(self) -> None:
        """Watch no more."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def _on_change(self) -> None:
        present = self._local.present()
        if present is None:
            return
        now, transports = self._clock(), self._transports
        gone = self._local.forget_all_but(present)
        if self._is_more():  # first, so that nobody gives up over the last one that went away
            transports.gather_again(now)
        for name, sockets in self._sockets.items():
            for host in gone:
                transports.lose_host(name, host, now)
            for address in sockets.close_all_but(present):
                transports.remove_local_address(name, address, now)
        self._flush()

    def _is_more(self) -> bool:
        """Whether there is an address or a default route to gather from that was not before.

        One that was there all the time may come to be one: by policy it is that on the default
        route, which may have moved.
        """
        before, routed = self._local.chosen, self._local.routed
        if before is None:
            return False
        known = {each.address for each in before}
        are_more = any(each.address not in known for each in self._local.choose())
        return are_more or not self._local.routed <= routed
