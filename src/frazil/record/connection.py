"""The boundary of the core: every call that goes in, recorded.

A connection that is not recorded is not made of these classes, and pays nothing.
"""

from functools import partial
from typing import Final

from frazil.dtls import EngineFactory, OpenSslEngine
from frazil.peer.channel import ChannelOwner, DataChannel
from frazil.peer.channel_init import ChannelInit
from frazil.peer.codec import MediaKind
from frazil.peer.configuration import Configuration
from frazil.peer.connection import PeerConnection
from frazil.peer.description_init import DescriptionInit
from frazil.peer.event import PeerEvent
from frazil.peer.factory import SessionMaker
from frazil.peer.operation import Operation
from frazil.peer.part import Parts
from frazil.peer.reader import read_candidate, read_description
from frazil.peer.setup import Setup
from frazil.peer.stats import Stats
from frazil.peer.task import TaskQueue
from frazil.peer.task_runner import TaskRunner
from frazil.peer.transceiver import (
    RtpReceiver,
    RtpSender,
    Transceiver,
    TransceiverInit,
    TransceiverOwner,
)
from frazil.peer.transport_set import TransportSet
from frazil.record.boundary import INPUTS, recorded, recording
from frazil.record.engine import recorded_engine
from frazil.record.outcome import Teller
from frazil.record.recorder import Recorder
from frazil.record.transports import RecordedTransports
from frazil.sdp import Direction
from frazil.trace import Trace

_NAME: Final = "connection"


class RecordedChannel(DataChannel):
    """A data channel; recordings number channels in the order in which they were made."""

    __slots__ = ("number", "recorder")

    def __init__(
        self, recorder: Recorder, owner: ChannelOwner, label: str, init: ChannelInit
    ) -> None:
        self.recorder = recorder
        self.number = recorder.number(self)
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


def _send(self: RecordedChannel, data: bytes | None, text: bool, now: float) -> None:
    """Send what :meth:`RecordedChannel.send` recorded; what is no message was told as ``None``."""
    self.send(data.decode() if text and data is not None else data, now)


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
        self.number = recorder.number(self)
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

    @recording(_NAME, Teller.events)
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
            session_factory=SessionMaker(
                setup, recorder.random_bytes, trace, recorded_engine(recorder, make_engine)
            ),
            recovery=setup.recovery,
            announced_sctp=setup.announced_sctp,
            parts=Parts(
                partial(RecordedTransports, recorder),
                partial(RecordedChannel, recorder),
                partial(RecordedTransceiver, recorder),
                partial(RecordedTasks, recorder),
            ),
        )
        recorder.run(f"{_NAME}.open", {}, construct, recorder.tell.nothing)

    @recording(_NAME, Teller.operation)
    def create_offer(self, *, ice_restart: bool = False) -> Operation[DescriptionInit]:
        """Make an offer."""
        return super().create_offer(ice_restart=ice_restart)

    @recording(_NAME, Teller.operation)
    def create_answer(self) -> Operation[DescriptionInit]:
        """Make an answer."""
        return super().create_answer()

    @recording(_NAME)
    def restart_ice(self) -> None:
        """Have the next offer restart ICE."""
        super().restart_ice()

    @recording(_NAME)
    def set_configuration(self, configuration: Configuration, now: float) -> None:
        """Change servers and policy."""
        super().set_configuration(configuration, now)

    @recording(_NAME)
    def create_data_channel(self, label: object, init: ChannelInit, now: float) -> DataChannel:
        """Make a channel."""
        return super().create_data_channel(label, init, now)

    @recording(_NAME)
    def add_transceiver(self, kind: MediaKind, init: TransceiverInit) -> Transceiver:
        """Make a transceiver."""
        return super().add_transceiver(kind, init)

    @recording(_NAME)
    def stats(self) -> list[Stats]:
        """Look at everything."""
        return super().stats()

    @recording(_NAME)
    def close(self, now: float) -> None:
        """Close everything."""
        super().close(now)

    def set_local_description(self, description: object = None) -> Operation[None]:
        """Apply a description of ours; what is none is refused and not recorded."""
        try:
            told = read_description(description)
        except TypeError as error:
            return Operation.rejected(error)
        return self._set_local_description(told)

    def set_remote_description(self, description: object) -> Operation[None]:
        """Apply a description of the peer; what is none is refused and not recorded."""
        try:
            told = read_description(description)
        except TypeError as error:
            return Operation.rejected(error)
        return self._set_remote_description(told)

    def add_ice_candidate(self, candidate: object = None) -> Operation[None]:
        """Take a candidate of the peer; what is none is refused and not recorded."""
        try:
            told = read_candidate(candidate).to_dict()
        except TypeError as error:
            return Operation.rejected(error)
        return self._add_ice_candidate(told)

    @recording(_NAME, Teller.operation)
    def _set_local_description(self, description: object) -> Operation[None]:
        return super().set_local_description(description)

    @recording(_NAME, Teller.operation)
    def _set_remote_description(self, description: object) -> Operation[None]:
        return super().set_remote_description(description)

    @recording(_NAME, Teller.operation)
    def _add_ice_candidate(self, candidate: object) -> Operation[None]:
        return super().add_ice_candidate(candidate)
