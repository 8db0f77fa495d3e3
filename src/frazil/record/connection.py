"""The boundary of the core: every call that goes in, recorded.

A connection that is not recorded is not made of these classes, and pays nothing.
"""

from functools import partial

from frazil.dtls import EngineFactory, OpenSslEngine
from frazil.peer.candidate_init import CandidateInit
from frazil.peer.channel import ChannelOwner, DataChannel
from frazil.peer.channel_init import ChannelInit
from frazil.peer.codec import MediaKind
from frazil.peer.connection import PeerConnection
from frazil.peer.description_init import DescriptionInit
from frazil.peer.event import PeerEvent
from frazil.peer.operation import Operation
from frazil.peer.part import Parts
from frazil.peer.task import TaskQueue
from frazil.peer.task_runner import TaskRunner
from frazil.peer.transceiver import RtpReceiver, RtpSender, Transceiver, TransceiverOwner
from frazil.peer.transport_set import TransportSet
from frazil.record.boundary import INPUTS, recorded, recording
from frazil.record.engine import recorded_engine
from frazil.record.outcome import Teller
from frazil.record.recorder import Recorder
from frazil.record.setup import Setup
from frazil.record.transports import RecordedTransports
from frazil.sdp import Direction
from frazil.trace import Trace


class RecordedChannel(DataChannel):
    """A data channel; recordings number channels in the order in which they were made."""

    __slots__ = ("number", "recorder")

    def __init__(
        self, recorder: Recorder, owner: ChannelOwner, label: str, init: ChannelInit
    ) -> None:
        self.recorder = recorder
        self.number = recorder.numbers[self] = len(recorder.numbers)
        super().__init__(owner, label, init)

    @recording("channel")
    def close(self, now: float) -> None:
        """Close."""
        super().close(now)

    @recording("channel")
    def set_low_threshold(self, value: int) -> None:
        """Set when ``bufferedamountlow`` fires."""
        super().set_low_threshold(value)

    @recording("channel")
    def watch_buffer(self) -> None:
        """Let the buffer fall in tasks."""
        super().watch_buffer()

    def send(self, data: object, now: float) -> None:
        """Queue a message, of which kind and size are recorded."""
        recorder = self.recorder
        payload = recorder.redaction.message(data) if isinstance(data, bytes | str) else None
        recorder.run(
            "channel.send",
            {"data": payload, "text": isinstance(data, str), "now": now, "number": self.number},
            partial(DataChannel.send, self, data, now),
            recorder.tell.nothing,
        )


def _send(self: RecordedChannel, data: bytes, text: bool, now: float) -> None:
    """Send what :meth:`RecordedChannel.send` recorded."""
    self.send(data.decode() if text else data, now)


INPUTS["channel.send"] = _send


class RecordedTransceiver(Transceiver):
    """A transceiver; it is numbered with the channels."""

    __slots__ = ("number", "recorder")

    def __init__(
        self,
        recorder: Recorder,
        owner: TransceiverOwner,
        kind: MediaKind,
        direction: Direction,
        sender: RtpSender,
        receiver: RtpReceiver,
    ) -> None:
        self.recorder = recorder
        self.number = recorder.numbers[self] = len(recorder.numbers)
        super().__init__(owner, kind, direction, sender, receiver)

    set_direction = recorded("transceiver", Transceiver.set_direction)
    stop = recorded("transceiver", Transceiver.stop)
    prefer = recorded("transceiver", Transceiver.prefer)


class RecordedTasks(TaskRunner):
    """The tasks of a connection."""

    __slots__ = ("recorder",)

    def __init__(self, recorder: Recorder, tasks: TaskQueue, transports: TransportSet) -> None:
        self.recorder = recorder
        super().__init__(tasks, transports)

    @recording("connection", Teller.events)
    def run_task(self, now: float) -> list[PeerEvent]:
        """Run one task."""
        return super().run_task(now)


class RecordedConnection(PeerConnection):
    """A connection of which every call is recorded.

    Args:
        setup: What it is made with.
        trace: Its trace; the recorder listens to it.
        recorder: Writes the lines, and gives the random numbers.
        make_engine: Makes the DTLS implementation that is recorded.
    """

    def __init__(
        self,
        setup: Setup,
        trace: Trace,
        recorder: Recorder,
        make_engine: EngineFactory = OpenSslEngine,
    ) -> None:
        self.recorder = recorder
        recorder.begin(setup)
        construct = partial(
            super().__init__,
            setup.configuration,
            certificate=setup.certificate,
            random_bytes=recorder.random_bytes,
            trace=trace,
            traits=setup.traits,
            session_factory=setup.session_factory(
                recorder.random_bytes, trace, recorded_engine(recorder, make_engine)
            ),
            recovery=setup.recovery,
            parts=Parts(
                partial(RecordedTransports, recorder),
                partial(RecordedChannel, recorder),
                partial(RecordedTransceiver, recorder),
                partial(RecordedTasks, recorder),
            ),
        )
        recorder.run("connection.open", {}, construct, recorder.tell.nothing)

    create_offer = recorded("connection", PeerConnection.create_offer, Teller.operation)
    create_answer = recorded("connection", PeerConnection.create_answer, Teller.operation)
    restart_ice = recorded("connection", PeerConnection.restart_ice)
    set_configuration = recorded("connection", PeerConnection.set_configuration)
    create_data_channel = recorded("connection", PeerConnection.create_data_channel)
    add_transceiver = recorded("connection", PeerConnection.add_transceiver)
    stats = recorded("connection", PeerConnection.stats)
    close = recorded("connection", PeerConnection.close)

    _set_local = recorded("connection", PeerConnection.set_local_description, Teller.operation)
    _set_remote = recorded("connection", PeerConnection.set_remote_description, Teller.operation)
    _add_candidate = recorded("connection", PeerConnection.add_ice_candidate, Teller.operation)

    def set_local_description(self, description: object = None) -> Operation[None]:
        """Apply a description of ours; what is none is refused and not recorded."""
        try:
            told = DescriptionInit.from_value(description)
        except TypeError as error:
            return Operation.rejected(error)
        return self._set_local(told)

    def set_remote_description(self, description: object) -> Operation[None]:
        """Apply a description of the peer; what is none is refused and not recorded."""
        try:
            told = DescriptionInit.from_value(description)
        except TypeError as error:
            return Operation.rejected(error)
        return self._set_remote(told)

    def add_ice_candidate(self, candidate: object = None) -> Operation[None]:
        """Take a candidate of the peer; what is none is refused and not recorded."""
        try:
            told = CandidateInit.from_value(candidate).to_dict()
        except TypeError as error:
            return Operation.rejected(error)
        return self._add_candidate(told)
