"""One SCTP association over DTLS: the facade over everything else in this package.

The sending half is :mod:`~frazil.sctp.outbound`, the receiving half :mod:`~frazil.sctp.inbound`;
:mod:`~frazil.sctp.handshake` and :mod:`~frazil.sctp.shutdown` move the state,
:mod:`~frazil.sctp.bundler` makes packets of what they have to say, :mod:`~frazil.sctp.unbundler`
takes those of the peer apart, and :mod:`~frazil.sctp.link` is what all of them share.
"""

from typing import Final

from frazil.deadline import earlier
from frazil.errors import InvalidAccessError, InvalidStateError
from frazil.sctp.bundler import Bundler
from frazil.sctp.cause import CauseCode, encode_cause
from frazil.sctp.config import MAX_STREAMS, SctpConfig
from frazil.sctp.control import Control
from frazil.sctp.cookie import Peer
from frazil.sctp.event import AssociationCloseCause, SctpEvent
from frazil.sctp.handshake import Handshake, random_tag
from frazil.sctp.heartbeat import Heartbeat
from frazil.sctp.inbound import Inbound
from frazil.sctp.link import Link
from frazil.sctp.outbound import Outbound
from frazil.sctp.reset import StreamReset
from frazil.sctp.serial import MASK_32
from frazil.sctp.shutdown import Shutdown
from frazil.sctp.signalled_init import SignalledInits
from frazil.sctp.state import AssociationState
from frazil.sctp.tlv import ChunkError
from frazil.sctp.unbundler import Unbundler
from frazil.trace import Trace
from frazil.types import RandomBytes

LIFETIME_UNIT_S: Final = 0.001
"""Lifetimes count in milliseconds, and a message may leave within the one in which its own ends:
else none that has a lifetime of 0 ever would."""

_ESTABLISHED: Final = AssociationState.ESTABLISHED
_SETTING_UP: Final = frozenset(
    {AssociationState.CLOSED, AssociationState.COOKIE_WAIT, AssociationState.COOKIE_ECHOED}
)


class Association:
    """An association with one peer over one path, without addresses (RFC 9260, RFC 8261).

    Both ends call :meth:`start`, and either may send the first INIT. After any input fetch
    :meth:`poll_packets` until it is empty, then :meth:`poll_events`, and arm a timer for
    :meth:`next_timeout`.
    """

    __slots__ = (
        "_bundler",
        "_handshake",
        "_heartbeat",
        "_inbound",
        "_link",
        "_outbound",
        "_outbound_streams",
        "_released",
        "_reset",
        "_shutdown",
        "_signalled",
        "_unbundler",
    )

    def __init__(
        self,
        config: SctpConfig,
        random_bytes: RandomBytes,
        trace: Trace,
        signalled: SignalledInits | None = None,
    ) -> None:
        """Make an association that is closed.

        Args:
            config: Its ports and limits.
            random_bytes: Gives tags, sequence numbers and the cookie key.
            trace: Where decisions are recorded.
            signalled: The INIT chunks, if both ends announced them in their descriptions.
        """
        self._outbound_streams = config.outbound_streams
        self._signalled = signalled
        own = signalled.local if signalled else None
        tag = own.tag if own else random_tag(random_bytes)
        initial_tsn = own.initial_tsn if own else int.from_bytes(random_bytes(4), "big")
        self._link = link = Link(config, tag, trace, self._clear)
        self._outbound = outbound = Outbound(config, initial_tsn)
        self._released = outbound.queue.released
        self._inbound = inbound = Inbound(config, link.messages)
        self._handshake = Handshake(
            config, link, random_bytes, initial_tsn, outbound.round_trip, self._negotiated
        )
        self._heartbeat = Heartbeat(config, link, outbound.round_trip, random_bytes)
        self._reset = StreamReset(config, link, outbound, inbound, initial_tsn)
        self._shutdown = Shutdown(config, link, outbound, inbound)
        self._bundler = Bundler(
            config, link, outbound, inbound, self._handshake, self._reset, self._shutdown
        )
        control = Control(
            link, outbound, inbound, self._handshake, self._heartbeat, self._reset, self._shutdown
        )
        self._unbundler = Unbundler(
            link, outbound, inbound, self._handshake, self._shutdown, control
        )

    @property
    def state(self) -> AssociationState:
        """The state of RFC 9260 section 4."""
        return self._link.state

    # What the caller wants.

    def start(self, now: float, *, after_peer: bool = False) -> None:
        """Begin to set up the association; without effect if it is under way already.

        Args:
            now: The instant.
            after_peer: Give a peer that will begin as well the time to be first.

        Raises:
            InvalidStateError: The association has ended.
        """
        if self._link.ended:
            raise InvalidStateError("the association has ended")
        if self._link.state is AssociationState.CLOSED:
            signalled, self._signalled = self._signalled, None
            if signalled is not None:
                self._handshake.skip(signalled.remote, now)
            elif after_peer:
                self._handshake.start_after_peer(now)
            else:
                self._handshake.start(now)

    def send(
        self,
        stream_id: int,
        ppid: int,
        data: bytes,
        now: float,
        *,
        ordered: bool = True,
        max_retransmits: int | None = None,
        max_lifetime_s: float | None = None,
        counted: bool = True,
    ) -> None:
        """Queue a user message; allowed before the association is established.

        Args:
            stream_id: The stream, 0 to 65534.
            ppid: The payload protocol identifier, handed to the receiver.
            data: The user data. SCTP has no empty messages.
            now: The time, from which the lifetime counts.
            ordered: Whether the receiver keeps the order within the stream.
            max_retransmits: Give the message up once a piece of it was repeated so often.
            max_lifetime_s: Give the message up once it is so old.
            counted: Tell by ``BufferReleased`` when its bytes leave. Not for what the application
                did not write itself.

        Raises:
            InvalidStateError: The association ends or has ended, or the stream is being reset.
            InvalidAccessError: The peer accepts fewer streams.
            TypeError: A number is out of range.
            ValueError: ``data`` is empty.
        """
        if not self._link.accepts_messages:
            raise InvalidStateError("the association does not take messages any more")
        if not 0 <= stream_id < self._outbound_streams:
            _require_stream(stream_id)
            raise InvalidAccessError(f"only {self._outbound_streams} streams were agreed on")
        if not 0 <= ppid <= MASK_32:
            raise TypeError("ppid is a number of 32 bits")
        if not data:
            raise ValueError("SCTP has no empty messages")
        if max_retransmits is not None and max_retransmits < 0:
            raise TypeError("max_retransmits is not negative")
        expires_at = None
        if max_lifetime_s is not None:
            if max_lifetime_s < 0:
                raise TypeError("max_lifetime_s is not negative")
            expires_at = now + max_lifetime_s + LIFETIME_UNIT_S
        if stream_id in self._reset.resetting:
            raise InvalidStateError("the stream is being reset")
        self._outbound.queue.put(
            stream_id, (ppid, data, not ordered, max_retransmits, expires_at, counted)
        )

    def weigh_stream(self, stream_id: int, weight: int) -> None:
        """Let a stream send in proportion to ``weight`` while others have messages as well.

        Args:
            stream_id: The stream, 0 to 65534.
            weight: Its share, relative to others: 256 unless it was told, and at least 1.

        Raises:
            TypeError: A number is out of range.
        """
        _require_stream(stream_id)
        if weight < 1:
            raise TypeError("weight is at least 1")
        self._outbound.queue.weigh(stream_id, weight)

    def buffered_amount(self, stream_id: int) -> int:
        """User bytes queued on the stream that were not transmitted yet."""
        return self._outbound.queue.buffered(stream_id)

    def reset_stream(self, stream_id: int) -> None:
        """Reset our sending side of a stream after everything queued on it was sent (RFC 6525).

        ``StreamsReset`` or ``StreamResetFailed`` follows.

        Raises:
            InvalidStateError: The association has ended.
            TypeError: ``stream_id`` is out of range.
        """
        if self._link.ended:
            raise InvalidStateError("the association has ended")
        _require_stream(stream_id)
        self._reset.want(stream_id)
        self._outbound.queue.end(stream_id)

    def path_changed(self, now: float) -> None:
        """The path below is another one, or works again after a blackout.

        Whatever is unanswered is sent again in the next packets instead of when the old timers,
        which have grown long, expire. Congestion control begins anew (RFC 9260 section 7.2).
        """
        if not self._link.ended:
            self._link.sign_of_life()
            self._outbound.path_changed(now)
            self._handshake.path_changed(now)
            self._reset.path_changed(now)
            self._shutdown.path_changed(now)
            self.handle_timeout(now)

    def shutdown(self, now: float) -> None:
        """End gracefully: deliver what is queued, both ways, then close (RFC 9260 section 9.2).

        An association that is not established yet is aborted instead.
        """
        if self._link.state is AssociationState.ESTABLISHED:
            self._shutdown.request(now)
        elif self._link.state in _SETTING_UP:
            self.abort(now, "shut down before it was established")

    def abort(self, now: float, reason: str = "") -> None:
        """End at once and tell the peer the reason. Without effect once ended."""
        if not self._link.ended:
            error = encode_cause(CauseCode.USER_INITIATED_ABORT, reason.encode())
            self._link.abort(AssociationCloseCause.ABORTED_BY_LOCAL, error, reason, now)

    # What the network brings.

    def receive(self, packets: list[bytes], now: float) -> None:
        """Take the SCTP packets that arrived together. Bad ones are counted and dropped."""
        link, unbundler = self._link, self._unbundler
        if link.ended:
            unbundler.answer_late(packets)
            return
        envelope = link.envelope
        for packet in packets:
            try:
                if envelope.accepts(packet):
                    unbundler.take(packet, now)
                else:
                    unbundler.take_stranger(packet, now)
            except ChunkError:
                link.count("sctp-malformed")
            if link.ended:
                return
        self._outbound.end_batch(now)
        if self._inbound.end_batch(now) and not link.sends_data:
            self._shutdown.answer_data(now)
        if self._reset.early:
            self._reset.perform_early()

    # Time.

    @property
    def awaits_acknowledgement(self) -> bool:
        """Whether data was sent that the peer has not acknowledged."""
        return self._outbound.timer.expires_at is not None

    def next_timeout(self) -> float | None:
        """The earliest deadline, or None."""
        at = earlier(self._outbound.next_timeout(), self._inbound.expires_at)
        at = earlier(at, self._heartbeat.expires_at)
        if self._reset.resetting:
            at = earlier(at, self._reset.timer.expires_at)
        if self._link.state is not _ESTABLISHED:
            shutdown = self._shutdown
            at = earlier(at, self._handshake.timer.expires_at)
            at = earlier(at, shutdown.timer.expires_at)
            at = earlier(at, shutdown.guard_at)
        return at

    def handle_timeout(self, now: float) -> None:
        """Do what is due. May be called early; then it does nothing."""
        if self._outbound.handle_timeout(now):
            self._link.record(now, "t3-expired", rto_s=self._outbound.round_trip.rto_s)
            self._link.count_error(now)
        self._inbound.expire(now)
        self._handshake.handle_timeout(now)
        self._reset.handle_timeout(now)
        self._shutdown.handle_timeout(now)
        self._heartbeat.handle_timeout(now, idle=self._link.sends_data and self._outbound.is_idle)

    # What goes out.

    def poll_packets(self, now: float) -> list[bytes]:
        """The packets to send, of at most ``mtu`` bytes; call again until there are none."""
        return self._bundler.poll(now)

    @property
    def has_events(self) -> bool:
        """Whether :meth:`poll_events` has something: a poll may give up what it does not send."""
        return bool(self._released or self._link.events)

    def poll_events(self) -> list[SctpEvent]:
        """What happened since the last call, in order."""
        events = self._link.take_events()
        if self._released:
            events += self._outbound.queue.take_released()
        return events

    # What the parts report.

    def _negotiated(self, peer: Peer, now: float) -> None:
        """The peer's INIT or INIT ACK is known."""
        self._outbound_streams = peer.outbound_streams
        self._outbound.negotiated(
            peer_window=peer.receive_window,
            streams=min(peer.outbound_streams, peer.inbound_streams),  # a channel needs both
            interleaving=peer.interleaving,
            partial_reliability=peer.partial_reliability,
        )
        self._inbound.begin(
            peer.initial_tsn, streams=peer.inbound_streams, interleaving=peer.interleaving
        )
        resettable_streams = peer.outbound_streams if peer.reconfiguration else 0
        self._reset.begin(peer.initial_tsn, peer.inbound_streams, resettable_streams)
        self._heartbeat.start(now)

    def _clear(self) -> None:
        """The association ended: stop all timers, forget all data."""
        self._outbound.clear()
        self._inbound.clear()
        self._handshake.stop()
        self._heartbeat.stop()
        self._reset.stop()
        self._shutdown.stop()


def _require_stream(stream_id: int) -> None:
    if not 0 <= stream_id < MAX_STREAMS:
        raise TypeError("stream_id is 0 to 65534")
