"""The boundary of the core: every call that goes in, recorded.

A connection that is not recorded is not made of these classes, and pays nothing.
"""

from collections.abc import Callable
from functools import partial, wraps
from inspect import signature
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from frazil.dtls import EngineFactory, OpenSslEngine
from frazil.peer.candidate_init import CandidateInit
from frazil.peer.channel import ChannelInit, ChannelOwner, DataChannel
from frazil.peer.codec import MediaKind
from frazil.peer.configuration import Configuration
from frazil.peer.connection import PeerConnection
from frazil.peer.core import Core
from frazil.peer.description import DescriptionInit
from frazil.peer.operation import Operation
from frazil.peer.part import Parts
from frazil.peer.recovery import Recovery
from frazil.peer.transceiver import RtpReceiver, RtpSender, Transceiver, TransceiverOwner
from frazil.peer.transport_set import RouterFactory, SessionFactory, TransportSet
from frazil.record.engine import recorded_engine
from frazil.record.outcome import Teller
from frazil.record.recorder import Recorder
from frazil.record.setup import Setup
from frazil.sdp import Direction
from frazil.trace import Trace

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")

INPUTS: Final[dict[str, Callable[..., Any]]] = {}
"""Every call that recordings hold, by object and method: what makes it, and its line."""


def recorded(
    name: str,
    method: Callable[Concatenate[S, P], R],
    tell: Callable[[Teller, Any], object] = Teller.nothing,
) -> Callable[Concatenate[S, P], R]:
    """A method that writes a line for each call.

    Args:
        name: The object, as recordings call it.
        method: What it does.
        tell: What of the result leaves the core.
    """
    name = f"{name}.{method.__name__}"
    bind = signature(method).bind

    @wraps(method)
    def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        recorder: Recorder = self.recorder  # type: ignore[attr-defined]  # all classes below
        arguments = dict(bind(self, *args, **kwargs).arguments)
        of = arguments.pop("self")
        if isinstance(of, RecordedChannel | RecordedTransceiver):
            arguments["number"] = of.number
        made: Callable[[], R] = partial(method, self, *args, **kwargs)
        told = partial(tell, recorder.tell)
        result: R = recorder.run(name, arguments, made, told)
        return result

    INPUTS[name] = call
    return call


class RecordedTransports(TransportSet):
    """The side that faces the network."""

    __slots__ = ("recorder",)

    def __init__(
        self,
        recorder: Recorder,
        core: Core,
        make_router: RouterFactory,
        configuration: Configuration,
        recovery: Recovery,
        factory: SessionFactory,
    ) -> None:
        self.recorder = recorder
        super().__init__(core, make_router, configuration, recovery, factory)

    receive = recorded("transports", TransportSet.receive)
    handle_timeout = recorded("transports", TransportSet.handle_timeout)
    poll_transmits = recorded("transports", TransportSet.poll_transmits, Teller.transmits)
    poll_requests = recorded("transports", TransportSet.poll_requests, Teller.plain)
    add_local_address = recorded("transports", TransportSet.add_local_address)
    remove_local_address = recorded("transports", TransportSet.remove_local_address)
    add_local_tcp = recorded("transports", TransportSet.add_local_tcp)
    local_address_failed = recorded("transports", TransportSet.local_address_failed)
    lose_stream = recorded("transports", TransportSet.lose_stream)
    gather_again = recorded("transports", TransportSet.gather_again)
    local_addresses_done = recorded("transports", TransportSet.local_addresses_done)
    expect_server = recorded("transports", TransportSet.expect_server)
    add_stun_server = recorded("transports", TransportSet.add_stun_server)
    add_turn_server = recorded("transports", TransportSet.add_turn_server)
    add_turn_stream = recorded("transports", TransportSet.add_turn_stream)
    turn_streams_done = recorded("transports", TransportSet.turn_streams_done)
    server_failed = recorded("transports", TransportSet.server_failed)
    name_resolved = recorded("transports", TransportSet.name_resolved)
    name_unresolved = recorded("transports", TransportSet.name_unresolved)
    fill_pool = recorded("transports", TransportSet.fill_pool)
    relay_stream_opened = recorded("transports", TransportSet.relay_stream_opened)
    relay_stream_failed = recorded("transports", TransportSet.relay_stream_failed)


class RecordedChannel(DataChannel):
    """A data channel; recordings number channels in the order in which they were made."""

    __slots__ = ("number", "recorder")

    def __init__(
        self, recorder: Recorder, owner: ChannelOwner, label: str, init: ChannelInit
    ) -> None:
        self.recorder = recorder
        self.number = recorder.numbers[self] = len(recorder.numbers)
        super().__init__(owner, label, init)

    close = recorded("channel", DataChannel.close)
    set_low_threshold = recorded("channel", DataChannel.set_low_threshold)
    watch_buffer = recorded("channel", DataChannel.watch_buffer)

    def send(self, data: object, now: float) -> None:
        """Queue a message, of which kind and size are recorded."""
        recorder = self.recorder
        payload = recorder.redaction.message(data) if isinstance(data, bytes | str) else None
        recorder.run(
            "channel.send",
            {"data": payload, "text": isinstance(data, str), "now": now, "number": self.number},
            partial(DataChannel.send, self, data, now),  # type: ignore[arg-type]  # it refuses
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
            ),
        )
        recorder.run("connection.open", {}, construct, recorder.tell.nothing)

    create_offer = recorded("connection", PeerConnection.create_offer, Teller.operation)
    create_answer = recorded("connection", PeerConnection.create_answer, Teller.operation)
    restart_ice = recorded("connection", PeerConnection.restart_ice)
    set_configuration = recorded("connection", PeerConnection.set_configuration)
    create_data_channel = recorded("connection", PeerConnection.create_data_channel)
    add_transceiver = recorded("connection", PeerConnection.add_transceiver)
    run_task = recorded("connection", PeerConnection.run_task, Teller.events)
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
