"""Two sessions on a wire in virtual time: ICE, DTLS and SCTP for real, signalling by hand."""

import heapq
import random
from collections.abc import Callable
from itertools import count

from frazil.datachannel import ChannelParameters
from frazil.dtls import Certificate, DtlsRole, DtlsStateChanged, Fingerprint
from frazil.ice import Candidate, CandidateGathered, CandidatesEnded, Credentials, IcePolicy
from frazil.sctp import SignalledInits
from frazil.session.config import SessionConfig
from frazil.session.event import (
    ChannelClosed,
    MessagesArrived,
    RemoteClosed,
    SctpChanged,
    SessionEvent,
)
from frazil.session.gathering import Gathering
from frazil.session.session import Session
from frazil.states.enums import RTCIceRole
from frazil.trace import Trace
from frazil.types import Address, Datagram, Transmit

DELAY_S = 0.01
ANY_PORT = IcePolicy(allow_privileged_ports=True)
STREAM = 0
"""The stream of the negotiated channel that both sides open."""


class Side:
    """A session with everything it reported and sent."""

    def __init__(self, name: str, address: Address, seed: int, config: SessionConfig) -> None:
        source = random.Random(seed).randbytes
        self.random_bytes = source
        self.address = address
        self.trace = Trace()
        self.certificate = Certificate.generate(source, 0.0)
        self.credentials = Credentials.generate(source)
        self.session = Session(name, config, self.certificate, source, self.trace, policy=ANY_PORT)
        self.events: list[SessionEvent] = []
        self.sent: list[bytes] = []
        self.candidates: list[tuple[Candidate, str]] = []

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def messages(self) -> list[bytes]:
        return [data for event in self.of(MessagesArrived) for _, data, _ in event.messages]


def story(side: Side) -> list[str]:
    """What DTLS, SCTP and the channels of a side reported, in order."""
    lines = []
    for event in side.events:
        match event:
            case DtlsStateChanged():
                lines.append(f"dtls {event.change.new}")
            case SctpChanged():
                lines.append(f"sctp {event.change.new}" + (" failed" if event.failed else ""))
            case RemoteClosed():
                lines.append(f"remote {event.cause}")
            case ChannelClosed():
                lines.append(f"channel closed{' failed' if event.failed else ''}")
    return lines


def is_dtls(data: bytes) -> bool:
    return 20 <= data[0] <= 63


class SessionPair:
    """``a`` offers and controls; ``b`` is the DTLS client.

    Attributes:
        keep: Called with the sender and the datagram; false loses it.
    """

    def __init__(self, config: SessionConfig | None = None, *, delay_s: float = DELAY_S) -> None:
        self.now = 0.0
        self.delay_s = delay_s
        self.keep: Callable[[Side, bytes], bool] = lambda side, data: True
        self.a = Side("a", ("10.0.0.1", 1000), 1, config or SessionConfig())
        self.b = Side("b", ("10.0.0.2", 2000), 2, config or SessionConfig())
        self.sides = (self.a, self.b)
        self._wire: list[tuple[float, int, Side, Datagram]] = []
        self._order = count()

    def peer(self, side: Side) -> Side:
        return self.b if side is self.a else self.a

    # --- signalling ---------------------------------------------------------------------------

    def start_ice(self) -> "SessionPair":
        """Exchange credentials and gather; candidates are passed on as they come."""
        for side, role in zip(
            self.sides, (RTCIceRole.CONTROLLING, RTCIceRole.CONTROLLED), strict=True
        ):
            side.session.set_role(role, self.now)
            side.session.set_local_credentials(side.credentials, self.now)
        for side in self.sides:
            side.session.set_remote_credentials(self.peer(side).credentials, self.now)
            self.gather(side)
        self.flush()
        return self

    def restart_ice(self) -> None:
        """Both sides get new credentials, as an offer and its answer give them."""
        for side in self.sides:
            side.credentials = Credentials.generate(side.random_bytes)
        self.start_ice()

    def gather(self, side: Side) -> None:
        """Its one address is found."""

        def put(gathering: Gathering) -> None:
            gathering.add_local_address(side.address, self.now)
            gathering.local_addresses_done(self.now)

        side.session.tell_gathering(put, self.now)

    def start_dtls(self, side: Side, trusts: Fingerprint | None = None) -> None:
        role = DtlsRole.SERVER if side is self.a else DtlsRole.CLIENT
        trusted = trusts or self.peer(side).certificate.fingerprint()
        side.session.start_dtls(role, [trusted], self.now)
        self.flush()

    def start_data(self, side: Side, signalled: SignalledInits | None = None) -> None:
        """SCTP, and a channel on :data:`STREAM`."""
        side.session.start_sctp(5000, self.now, signalled)
        side.session.open_channel(
            ChannelParameters(label="chat", negotiated=True), self.now, STREAM
        )
        self.flush()

    def start(self) -> "SessionPair":
        """Everything that offer and answer bring."""
        self.start_ice()
        for side in self.sides:
            self.start_dtls(side)
            self.start_data(side)
        return self

    def connect(self) -> "SessionPair":
        """Start, and run until messages arrive both ways."""
        self.start()
        self.run(1.0)
        for side in self.sides:
            self.send(side, b"hello")
        self.run(1.0)
        assert self.a.messages == self.b.messages == [b"hello"]
        for side in self.sides:
            side.events.clear()
        return self

    def send(self, side: Side, data: bytes) -> None:
        side.session.send(STREAM, data, False, self.now)
        self.flush()

    # --- the wire -----------------------------------------------------------------------------

    def inject(self, side: Side, data: bytes, remote: Address | None = None) -> None:
        """Hand a datagram over at once, from the peer's address unless another is given."""
        datagram = Datagram(data, side.address, remote or self.peer(side).address)
        side.session.receive([datagram], self.now)
        self.flush()

    def flush(self) -> None:
        for side in self.sides:
            for transmit in side.session.poll_transmits(self.now):
                self._carry(side, transmit)
            for event in side.session.poll_events():
                side.events.append(event)
                self._trickle(side, event)

    def _carry(self, side: Side, transmit: Transmit) -> None:
        peer = self.peer(side)
        assert transmit.local == side.address
        for data in transmit.datagrams():
            side.sent.append(data)
            if transmit.remote == peer.address and self.keep(side, data):
                datagram = Datagram(data, peer.address, side.address)
                heapq.heappush(
                    self._wire, (self.now + self.delay_s, next(self._order), peer, datagram)
                )

    def _trickle(self, side: Side, event: SessionEvent) -> None:
        session = self.peer(side).session
        if isinstance(event, CandidateGathered):
            line = event.candidate.to_line()
            session.add_remote_candidates([Candidate.from_line(line)], self.now, event.ufrag)
        elif isinstance(event, CandidatesEnded):
            session.end_remote_candidates(self.now, event.ufrag)

    def next_at(self) -> float | None:
        instants = [self._wire[0][0]] if self._wire else []
        instants += [at for side in self.sides if (at := side.session.next_timeout()) is not None]
        return min(instants, default=None)

    def run(self, seconds: float) -> None:
        """Let virtual time pass; what arrives in one instant is one batch."""
        end = self.now + seconds
        steps = 0
        self.flush()
        while (at := self.next_at()) is not None and at <= end:
            steps += 1
            assert steps < 100_000, "time stands still"
            self.now = max(self.now, at)
            for side in self.sides:
                batch = []
                while self._wire and self._wire[0][0] <= self.now and self._wire[0][2] is side:
                    batch.append(heapq.heappop(self._wire)[3])
                if batch:
                    self.receive(side, batch)
                timeout = side.session.next_timeout()
                if timeout is not None and timeout <= self.now:
                    self.let_pass(side)
            self.flush()
        self.now = end

    def receive(self, side: Side, batch: list[Datagram]) -> None:
        side.session.receive(batch, self.now)

    def let_pass(self, side: Side) -> None:
        side.session.handle_timeout(self.now)


class ShortcutPair(SessionPair):
    """The same, run as a driver does it: what is usual goes a way of its own.

    Attributes:
        shortcuts: How often it did.
    """

    shortcuts = 0

    def receive(self, side: Side, batch: list[Datagram]) -> None:
        usual = side.session.take_usual(batch[0], self.now) if len(batch) == 1 else None
        if usual is None:
            super().receive(side, batch)
        else:
            self._carry_all(side, usual)

    def let_pass(self, side: Side) -> None:
        usual = side.session.ask_usual(self.now)
        if usual is None:
            super().let_pass(side)
        else:
            self._carry_all(side, usual)

    def _carry_all(self, side: Side, transmits: list[Transmit]) -> None:
        self.shortcuts += 1
        for transmit in transmits:
            self._carry(side, transmit)
