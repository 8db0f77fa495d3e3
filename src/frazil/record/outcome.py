"""What leaves the core with the result of a call, as a recording tells it."""

from collections.abc import Sequence

from frazil.peer.channel import DataChannel
from frazil.peer.event import Fired, OperationSettled, PeerEvent
from frazil.peer.operation import Operation
from frazil.peer.transceiver import RemoteTrack, Transceiver
from frazil.peer.transport import DtlsTransport, IceTransport, SctpTransport
from frazil.record.redaction import Redaction
from frazil.types import Transmit


class Teller:
    """Says what is recorded of a result; channels and transceivers are told by their number."""

    def __init__(self, redaction: Redaction) -> None:
        """Leave out of messages what ``redaction`` says."""
        self._redaction = redaction

    def nothing(self, _result: object) -> None:
        """The result stays inside, or can be seen from what comes later."""

    def plain(self, result: object) -> object:
        """All of it."""
        return result

    def transmits(self, result: Sequence[tuple[str, list[Transmit]]]) -> object:
        """The datagrams, run by run, with the transport and addresses of each."""
        redacted = self._redaction.datagram
        return [
            [name, transmit.local, transmit.remote, list(map(redacted, transmit.datagrams()))]
            for name, transmits in result
            for transmit in transmits
        ]

    def events(self, result: Sequence[PeerEvent]) -> object:
        """The events to fire, and the operations that settled, in order."""
        return [
            self._fired(event) if isinstance(event, Fired) else self._settled(event)
            for event in result
        ]

    def operation(self, result: Operation[object]) -> object:
        """What became of an operation, if it is settled at once."""
        if not result.is_settled:
            return None
        return _error(result.error) if result.error else {"value": result.result()}

    def _settled(self, event: OperationSettled) -> object:
        return {"settled": self.operation(event.operation)}

    def _fired(self, event: Fired) -> object:
        payload = event.payload
        if isinstance(payload, bytes | str):
            told: object = self._redaction.delivered(payload)
        elif isinstance(payload, Exception):
            told = _error(payload)
        elif isinstance(payload, DataChannel | Transceiver):
            told = self._name(payload)
        else:
            told = payload
        return [self._name(event.target), event.type, told]

    def _name(self, target: object) -> str:
        match target:
            case DataChannel():
                return f"channel {_number(target)}"
            case Transceiver():
                return f"transceiver {_number(target)}"
            case RemoteTrack():
                return f"track {target.id}"
            case IceTransport():
                return f"ice-transport {target.name}"
            case DtlsTransport():
                return f"dtls-transport {target.ice.name}"
            case SctpTransport():
                return f"sctp-transport {target.dtls.ice.name}"
        return "connection"


def _number(made: DataChannel | Transceiver) -> int:
    number: int = made.number  # type: ignore[union-attr]  # those of recorded connections have one
    return number


def _error(error: Exception) -> object:
    return {"error": type(error).__name__, "text": str(error)}
