"""One monitoring system that is told of every connection."""

from frazil.metrics.observer import Observer, Sink
from frazil.w3c.peerconnection import CENSUS, RTCPeerConnection


class Installation:
    """Watches every connection made from now on, until :meth:`uninstall`.

    Args:
        sink: What is told.
    """

    __slots__ = ("_sink",)

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        CENSUS.listen(self._watch)

    def uninstall(self) -> None:
        """Watch no further connection; those that are watched are counted to their end.

        Raises:
            ValueError: It was done before.
        """
        CENSUS.forget(self._watch)

    def _watch(self, connection: RTCPeerConnection) -> None:
        Observer(connection, self._sink)
