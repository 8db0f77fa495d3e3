"""Peer connections over sessions that only record what they are told."""

import random
import re
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from functools import cache

from frazil.dtls import Certificate, DtlsRole, DtlsStateChanged
from frazil.errors import OperationError
from frazil.ice import (
    AddressesNeeded,
    AgentTraits,
    Candidate,
    CandidateGathered,
    CandidatesEnded,
    GatheringStateChanged,
    IceAgent,
    IceTransportChanged,
)
from frazil.peer.channel import DataChannel
from frazil.peer.channel_init import ChannelInit
from frazil.peer.codec import MediaKind
from frazil.peer.configuration import Configuration
from frazil.peer.connection import PeerConnection
from frazil.peer.description_init import DescriptionInit
from frazil.peer.event import EventType, Fired, OperationSettled
from frazil.peer.operation import Operation
from frazil.peer.transceiver import Transceiver, TransceiverInit
from frazil.sctp import SctpConfig, SignalledInits
from frazil.sdp import parse_sdp
from frazil.session.data_transport import DataTransport
from frazil.session.event import SctpChanged
from frazil.session.gathering import Gathering
from frazil.session.report import Report
from frazil.session.session import Session
from frazil.states.enums import RTCIceGathererState, RTCIceRole
from frazil.trace import Reason, StateChange, Trace

REASON = Reason("test", "test", "a test says so")


@cache
def certificate(seed: int) -> Certificate:
    return Certificate.generate(random.Random(seed).randbytes, 0.0)


def candidate(port: int, host: str = "192.0.2.1", kind: str = "host", component: int = 1):
    line = f"candidate:1 {component} udp 2130706431 {host} {port} typ {kind}"
    return Candidate.from_line(line)


def idle_data_transport() -> DataTransport:
    """One that is there, and does nothing."""
    name, source, trace = "idle", random.Random(1).randbytes, Trace()
    return DataTransport(name, SctpConfig(), source, trace, Report(), is_client=True)


class FakeAgent(IceAgent):
    """Has a role and is a full agent, and nothing else."""

    role = RTCIceRole.UNKNOWN

    def __init__(self) -> None:
        """Without what a real one needs."""
        self.is_lite = False


def note_calls_of(kind: type) -> Callable[[type], type]:
    """Let the methods of ``kind`` that a class lacks do nothing but note the call."""

    def noting(name: str) -> Callable:
        def record(self, *args, **kwargs) -> None:
            self.calls.append((name, *args, *kwargs.values()))

        return record

    def complete(fake: type) -> type:
        for name, value in vars(kind).items():
            if callable(value) and not name.startswith("_") and name not in vars(fake):
                setattr(fake, name, noting(name))
        return fake

    return complete


@note_calls_of(Gathering)
@note_calls_of(Session)
class FakeSession(Session):
    """Records commands, to its gathering as well; reports exactly what a test tells it to.

    Like the real one it begins to gather when it gets local credentials.
    """

    data: DataTransport | None = None
    signalled: SignalledInits | None = None

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_drained = False  # a test may have added something
        self.calls: list[tuple] = []
        self.events: list = []
        self.transmits: list = []
        self.timeout: float | None = None
        self.next_id: int | None = None
        self.used: set[int] = set()
        self.ice = FakeAgent()

    def tell_gathering(self, put, now: float) -> None:
        put(self)

    def set_role(self, role, now: float) -> None:
        self.calls.append(("set_role", role, now))
        self.ice.role = role

    def set_remote_credentials(self, credentials, now: float, traits) -> None:
        self.calls.append(("set_remote_credentials", credentials, now, traits))
        if traits.is_lite:
            self.ice.role = RTCIceRole.CONTROLLING

    def set_local_credentials(self, credentials, now: float) -> None:
        self.calls.append(("set_local_credentials", credentials))
        self.report_gathering(RTCIceGathererState.GATHERING, credentials.ufrag)

    def start_dtls(self, role, fingerprints, now: float) -> None:
        self.calls.append(("start_dtls", role, fingerprints))
        if self.next_id is None:
            self.next_id = 0 if role is DtlsRole.CLIENT else 1

    def start_sctp(self, port: int, now: float, signalled: SignalledInits | None = None) -> None:
        self.calls.append(("start_sctp", port))
        self.signalled = signalled
        self.data = idle_data_transport()

    def stop_sctp(self, now: float) -> None:
        self.calls.append(("stop_sctp", now))
        self.data = None

    def open_channel(
        self, parameters, now: float, stream_id: int | None = None, taken: Container[int] = ()
    ) -> int:
        if parameters.negotiated != (stream_id is not None):
            raise TypeError("a stream is given for negotiated channels, and for those only")
        if stream_id is None:
            while self.next_id in self.used or self.next_id in taken:
                self.next_id += 2
            if self.next_id > 65534:
                raise OperationError("no stream is free")
            stream_id = self.next_id
        self.used.add(stream_id)
        self.calls.append(("open_channel", stream_id, parameters))
        return stream_id

    def next_timeout(self) -> float | None:
        return self.timeout

    def poll_transmits(self, now: float) -> list:
        transmits, self.transmits = self.transmits, []
        return transmits

    def poll_events(self) -> list:
        events, self.events = self.events, []
        return events

    def close(self, now: float) -> None:
        self.calls.append(("close",))
        self.events.clear()

    # --- what a test makes it report ------------------------------------------------------------

    def called(self, name: str) -> list[tuple]:
        return [call[1:] for call in self.calls if call[0] == name]

    def report_gathering(self, state: RTCIceGathererState, ufrag: str) -> None:
        if state is RTCIceGathererState.GATHERING:
            self.events.append(AddressesNeeded(ufrag))
        self.events.append(GatheringStateChanged(state, ufrag, REASON))

    def report_ice(self, old: str, new: str, pair=None) -> None:
        change = StateChange(0.0, "ice-transport", old, new, REASON)
        self.events.append(IceTransportChanged(change, pair is not None, pair, REASON))

    def report_dtls(self, old: str, new: str, certificates=(), failure=None) -> None:
        change = StateChange(0.0, "dtls-transport", old, new, REASON)
        self.events.append(DtlsStateChanged(change, certificates, failure))

    def report_sctp(self, old: str, new: str, max_channels=None, failed=False, cause=None) -> None:
        change = StateChange(0.0, "sctp-transport", old, new, REASON)
        self.events.append(SctpChanged(change, max_channels, failed, cause))

    def gather(self, ufrag: str, *found: Candidate) -> None:
        """Report candidates and the end of the generation."""
        self.events += [CandidateGathered(each, ufrag) for each in found]
        self.events.append(CandidatesEnded(ufrag))
        self.report_gathering(RTCIceGathererState.COMPLETE, ufrag)


@dataclass
class Seen:
    """One event and what the slots showed when it was dispatched."""

    type: EventType
    target: object
    payload: object
    signaling: str
    ice: str
    connection: str
    gathering: str


@dataclass
class Peer:
    """A connection, its sessions, and the log of everything it handed out."""

    name: str = "peer"
    seed: int = 1
    configuration: Configuration = field(default_factory=Configuration)
    sctp: SctpConfig | None = None

    def __post_init__(self) -> None:
        self.trace = Trace()
        self.sessions: list[FakeSession] = []
        self.seen: list[Seen] = []
        self.settled: list[Operation] = []
        self.handlers: dict[EventType, Callable[[Fired], None]] = {}
        self.now = 0.0
        self.pc = PeerConnection(
            self.configuration,
            certificate=certificate(self.seed),
            random_bytes=random.Random(self.seed).randbytes,
            trace=self.trace,
            traits=AgentTraits(pacing_s=0.02),
            session_factory=self._make_session,
            announced_sctp=self.sctp,
        )

    def _make_session(self, name: str) -> FakeSession:
        session = FakeSession(name)
        self.sessions.append(session)
        return session

    @property
    def session(self) -> FakeSession:
        return self.sessions[-1]

    def step(self) -> list:
        """Run one task and dispatch its events as a driver would."""
        events = self.pc.tasks.run_task(self.now)
        for event in events:
            if isinstance(event, OperationSettled):
                self.settled.append(event.operation)
                continue
            pc = self.pc
            self.seen.append(
                Seen(
                    event.type,
                    event.target,
                    event.payload,
                    pc.signaling_state,
                    pc.ice_connection_state,
                    pc.connection_state,
                    pc.ice_gathering_state,
                )
            )
            if event.type in self.handlers:
                self.handlers[event.type](event)
        return events

    def run(self) -> list[EventType]:
        """Run all tasks; the types of the events dispatched meanwhile."""
        self.pc.transports.drain()
        before = len(self.seen)
        while self.pc.tasks.waiting:
            self.step()
        return [each.type for each in self.seen[before:]]

    def tasks(self) -> list[list[EventType | str]]:
        """Run all tasks; for each that dispatched something, what it dispatched."""
        self.pc.transports.drain()
        turns = []
        while self.pc.tasks.waiting:
            turn = [e.type if isinstance(e, Fired) else "settled" for e in self.step()]
            turns += [turn] if turn else []
        return turns

    def complete(self, operation: Operation):
        """Run until the operation settles; its value, or its error raised."""
        while not operation.is_settled and self.pc.tasks.waiting:
            self.step()
        return operation.result()

    # --- shorthands -----------------------------------------------------------------------------

    def channel(self, label: str = "chat", **members) -> DataChannel:
        return self.pc.create_data_channel(label, ChannelInit(**members), self.now)

    def transceiver(self, kind: str = "audio", **members) -> Transceiver:
        return self.pc.add_transceiver(MediaKind(kind), TransceiverInit(**members))

    def set_local(self, description=None) -> DescriptionInit:
        self.complete(self.pc.set_local_description(description))
        found = self.pc.local_description
        return DescriptionInit(found.type, found.sdp) if found else DescriptionInit()

    def set_remote(self, description) -> None:
        self.complete(self.pc.set_remote_description(description))

    def ufrag(self) -> str:
        return self.session.called("set_local_credentials")[-1][0].ufrag


def offering(seed: int = 1) -> Peer:
    """A peer with a channel to negotiate."""
    peer = Peer(seed=seed)
    peer.channel()
    return peer


def ufrag(sdp: str) -> str:
    return re.search(r"a=ice-ufrag:(\S+)", sdp)[1]


def negotiate(offerer: Peer, answerer: Peer) -> None:
    """One complete exchange without trickling."""
    answerer.set_remote(offerer.set_local())
    offerer.set_remote(answerer.set_local())


def connected_pair(**members) -> tuple[Peer, Peer, DataChannel]:
    """Two peers whose transports are all connected, with a channel of the first."""
    one, two = Peer("one", 1), Peer("two", 2)
    channel = one.channel(**members)
    negotiate(one, two)
    for peer in (one, two):
        connect(peer)
    return one, two, channel


def connect(peer: Peer, max_channels: int = 1024) -> None:
    """Let all layers of the newest session report that they are up."""
    session = peer.session
    session.gather(peer.ufrag())
    session.report_ice("new", "checking")
    session.report_ice("checking", "connected")
    session.report_dtls("new", "connecting")
    session.report_dtls("connecting", "connected", (b"der",))
    session.report_sctp("connecting", "connected", max_channels)
    peer.run()


def media_peer(*kinds: str, seed: int = 1, **members) -> Peer:
    """A peer with a transceiver of each of ``kinds``."""
    configuration = members.pop("configuration", Configuration())
    peer = Peer(seed=seed, configuration=configuration, sctp=members.pop("sctp", None))
    for kind in kinds:
        peer.transceiver(kind, **members)
    return peer


def sections(peer: Peer) -> list[tuple]:
    """Media type, mid, direction and whether it is refused, of each section of ours."""
    media = parse_sdp(peer.pc.local_description.sdp).media
    return [(m.kind, m.mid, str(m.direction), m.is_rejected) for m in media]


def with_another_port(sdp: str) -> str:
    """A description in which the data channels have another SCTP port."""
    return sdp.replace("a=sctp-port:5000", "a=sctp-port:5001")


def moved(sdp: str) -> str:
    """An offer whose only section is rejected, with another like it on a transport of its own."""
    session, section = sdp.replace("BUNDLE 0", "BUNDLE 1").split("m=", 1)
    rejected = section.replace("application 9", "application 0")
    return f"{session}m={rejected}m={section.replace('a=mid:0', 'a=mid:1')}"
