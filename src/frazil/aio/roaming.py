"""Keeps the sockets of a connection in step with the addresses of the host."""

from collections.abc import Callable, Mapping

from frazil.aio.local_address import LocalAddresses
from frazil.aio.network import Interface, InterfaceWatch, Network
from frazil.aio.socket_set import SocketSet
from frazil.peer.transport_set import TransportSet


class Roaming:
    """Closes what is bound to addresses that went away, and has new ones gathered.

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
        "_known",
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
        self._known: tuple[str, ...] = ()
        self._watch: InterfaceWatch | None = None

    def start(self) -> None:
        """Gathering begins: from now on changes matter. Idempotent."""
        if self._watch is None:
            self._known = tuple(each.address for each in self._interfaces() or ())
            self._watch = self._network.watch_interfaces(self._on_change)

    def close(self) -> None:
        """Watch no more."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def _on_change(self) -> None:
        interfaces = self._interfaces()
        if interfaces is None:
            return
        now, transports = self._clock(), self._transports
        present = {each.address for each in interfaces}
        for name, sockets in self._sockets.items():
            for address in sockets.close_all_but(present):
                transports.remove_local_address(name, address, now)
        appeared = [each for each in interfaces if each.address not in self._known]
        self._known = tuple(present)
        if self._are_worth_gathering(appeared):
            transports.gather_again(now)
        self._flush()

    def _are_worth_gathering(self, appeared: list[Interface]) -> bool:
        chosen = self._local.choose()
        return any(each in chosen for each in appeared)

    def _interfaces(self) -> list[Interface] | None:
        """The addresses of the host, if it can tell."""
        try:
            return self._network.interfaces()
        except OSError:
            return None
