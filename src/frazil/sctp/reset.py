"""Resetting streams, which is how WebRTC closes data channels (RFC 6525, RFC 8831 section 6.7)."""

from typing import Final, TypeAlias

from frazil.sctp.config import MAX_STREAMS, SctpConfig
from frazil.sctp.event import StreamResetFailed, StreamsReset
from frazil.sctp.inbound import Inbound
from frazil.sctp.link import Link
from frazil.sctp.outbound import Outbound
from frazil.sctp.packet import HEADER_SIZE
from frazil.sctp.reconfig import (
    OtherRequest,
    OutgoingReset,
    ReconfigResult,
    Response,
    decode_reconfig,
    encode_outgoing_reset,
    encode_responses,
)
from frazil.sctp.serial import MASK_32, is_behind
from frazil.sctp.timer import RetryTimer

MAX_REMEMBERED_RESULTS: Final = 2
"""As many requests as one RE-CONFIG chunk may hold: what the peer can be repeating."""

_REQUEST_HEADER_SIZE: Final = 20
_MAX_UNSEEN: Final = 2
"""Requests of ours that the peer may have to see: one under way, and the first one after it."""
_Content: TypeAlias = tuple[tuple[int, ...], int]
"""What a request asks for, under whatever number: the streams, and the last TSN before."""
_DONE: Final = frozenset({ReconfigResult.NOTHING_TO_DO, ReconfigResult.PERFORMED})


class StreamReset:
    """Our requests to the peer, one at a time, and our answers to its requests.

    Attributes:
        resetting: The streams whose sending side shall be reset, until that is over.
        timer: When the request in flight is repeated.
    """

    __slots__ = (
        "_delayed",
        "_in_progress",
        "_inbound",
        "_inbound_streams",
        "_is_performance_known",
        "_later_sequence",
        "_link",
        "_max_streams",
        "_outbound",
        "_peer_sequence",
        "_performed",
        "_request",
        "_request_tsn",
        "_resettable_streams",
        "_results",
        "_sequence",
        "_wanted",
        "resetting",
        "timer",
    )

    def __init__(
        self,
        config: SctpConfig,
        link: Link,
        outbound: Outbound,
        inbound: Inbound,
        initial_tsn: int,
    ) -> None:
        self._link = link
        self._outbound = outbound
        self._inbound = inbound
        self._sequence = initial_tsn  # of our next request (RFC 6525 section 4.1)
        self._max_streams = (config.mtu - HEADER_SIZE - _REQUEST_HEADER_SIZE) // 2
        self.timer = RetryTimer(config.rto_max_s)
        self.resetting: set[int] = set()
        self._wanted: dict[int, None] = {}  # an ordered set: those not asked for yet
        self._request: OutgoingReset | None = None
        self._request_tsn = 0
        self._in_progress = False
        self.begin(0, MAX_STREAMS, MAX_STREAMS)

    def begin(self, peer_initial_tsn: int, inbound_streams: int, resettable_streams: int) -> None:
        """The peer's INIT or INIT ACK is known.

        Args:
            peer_initial_tsn: The number of its first request.
            inbound_streams: How many streams the peer may send on.
            resettable_streams: How many of ours it may be asked to reset; it refuses a request as a
                whole for a single stream that it does not know.
        """
        self._peer_sequence = peer_initial_tsn
        self._inbound_streams = inbound_streams
        self._resettable_streams = resettable_streams
        self._results: dict[int, ReconfigResult] = {}
        self._delayed: _Content | None = None
        self._performed: _Content | None = None
        self._later_sequence = 0  # of the first request of ours that leaves after that
        self._is_performance_known = False  # the peer has answered such a one

    def want(self, stream_id: int) -> None:
        """Reset our sending side once everything queued on the stream was sent."""
        if stream_id not in self.resetting:
            self.resetting.add(stream_id)
            self._wanted[stream_id] = None

    def next_request(self, now: float) -> bytes | None:
        """The RE-CONFIG chunk to send now, or None.

        A new request names the drained streams. One the peer called premature is repeated as soon
        as it has everything the request waits for.
        """
        if self._request is not None:
            if self._in_progress and self._outbound.acked_tsn >= self._request_tsn:
                return self._repeat(now)
            return None
        if not self._wanted:
            return None
        drained: list[int] = []
        unknown: list[int] = []
        for stream_id in self._wanted:
            if self._outbound.queue.is_drained(stream_id):
                known = stream_id < self._resettable_streams
                (drained if known else unknown).append(stream_id)
                if len(drained) == self._max_streams:
                    break
        self._give_up(unknown)
        stream_ids = tuple(drained)
        if not stream_ids:
            return None
        for stream_id in stream_ids:
            del self._wanted[stream_id]
        self._request_tsn = self._outbound.last_tsn
        return self._send(stream_ids, (self._peer_sequence - 1) & MASK_32, now)

    def _give_up(self, stream_ids: list[int]) -> None:
        """The peer cannot reset these."""
        if stream_ids:
            for stream_id in stream_ids:
                del self._wanted[stream_id]
            self.resetting.difference_update(stream_ids)
            self._link.report(StreamResetFailed(tuple(stream_ids), None))

    def _send(self, stream_ids: tuple[int, ...], answered_sequence: int, now: float) -> bytes:
        self._request = OutgoingReset(
            self._sequence, answered_sequence, self._request_tsn & MASK_32, stream_ids
        )
        self._sequence = (self._sequence + 1) & MASK_32
        self._outbound.outstanding.end_streams(stream_ids, self._request_tsn)
        self.timer.start(now, self._outbound.round_trip.rto_s)
        self._link.record(
            now, "stream-reset", is_repeated=self._in_progress, streams=len(stream_ids)
        )
        self._in_progress = False
        return encode_outgoing_reset(self._request)

    def _repeat(self, now: float) -> bytes:
        """The request in flight again; under a new number if the peer answered "in progress".

        A peer may take the old number for a retransmission and give its old answer. All else stays,
        by which it knows the request again if it has performed it meanwhile.
        """
        request = self._request
        assert request is not None
        if self._in_progress:
            return self._send(request.stream_ids, request.answered_sequence, now)
        return encode_outgoing_reset(request)

    def handle_timeout(self, now: float) -> None:
        """Repeat the request in flight (RFC 6525 section 5.1.1); not while shutting down."""
        if not self._link.sends_data:
            self.timer.stop()
        if self._request is None or not self.timer.expire(now):
            return
        if not self._in_progress:
            self._link.count_error(now)
        if not self._link.ended:
            self._link.queue(self._repeat(now))

    def receive(self, value: bytes, now: float) -> None:
        """Take a RE-CONFIG chunk.

        Raises:
            ChunkError: The chunk is malformed.
        """
        answers = []
        for parameter in decode_reconfig(value):
            if isinstance(parameter, Response):
                self._receive_response(parameter, now)
            else:
                answers.append(Response(parameter.sequence, self._answer(parameter)))
        if answers:
            self._link.queue(encode_responses(answers))

    def _receive_response(self, response: Response, now: float) -> None:
        request = self._request
        if request is None or response.sequence != request.sequence:
            return
        self._link.sign_of_life()
        if response.result == ReconfigResult.IN_PROGRESS:
            self._in_progress = True
            self.timer.start(now, self._outbound.round_trip.rto_s)
            return
        self._request = None
        self._in_progress = False
        self.resetting.difference_update(request.stream_ids)
        self.timer.stop()
        if not is_behind(request.sequence, self._later_sequence, MASK_32):
            self._is_performance_known = True
        if response.result in _DONE:
            self._outbound.queue.restart_streams(request.stream_ids)
            self._link.report(StreamsReset(request.stream_ids, by_remote=False))
        else:
            self._link.record(now, "stream-reset-refused", result=response.result)
            self._link.report(StreamResetFailed(request.stream_ids, response.result))

    def _answer(self, request: OutgoingReset | OtherRequest) -> ReconfigResult:
        """Perform a request, or repeat the result if it is a retransmission.

        Our own sending side is reset when its channel is closed, and by nobody else: what the
        application sends meanwhile would be lost.
        """
        sequence = request.sequence
        is_new = sequence == self._peer_sequence
        if not is_new and sequence not in self._results:
            return ReconfigResult.BAD_SEQUENCE_NUMBER
        if not is_new and self._results[sequence] is not ReconfigResult.IN_PROGRESS:
            return self._results[sequence]
        if isinstance(request, OutgoingReset):
            result = self._reset_inbound(request)
        else:
            result = ReconfigResult.DENIED
        self._results[sequence] = result
        if is_new:
            self._peer_sequence = (sequence + 1) & MASK_32
            self._results.pop((sequence - MAX_REMEMBERED_RESULTS) & MASK_32, None)
        return result

    def _reset_inbound(self, request: OutgoingReset) -> ReconfigResult:
        """The peer resets its sending side (RFC 6525 section 5.2.2)."""
        inbound = self._inbound
        content = request.stream_ids, request.last_tsn
        if inbound.unwrap(request.last_tsn) > inbound.cumulative_tsn:
            self._delayed = content
            return ReconfigResult.IN_PROGRESS
        if any(stream_id >= self._inbound_streams for stream_id in request.stream_ids):
            return ReconfigResult.WRONG_STREAM
        if content == self._performed and self._is_repetition(request):
            self._performed = None
            return ReconfigResult.PERFORMED
        stream_ids = request.stream_ids or inbound.reassembly.stream_ids
        if not stream_ids:
            return ReconfigResult.NOTHING_TO_DO
        self._performed = content if content == self._delayed else None
        self._later_sequence = self._sequence
        self._is_performance_known = False
        self._delayed = None
        inbound.reassembly.restart_streams(stream_ids, inbound.cumulative_tsn)
        self._link.report(StreamsReset(stream_ids, by_remote=True))
        return ReconfigResult.PERFORMED

    def _is_repetition(self, request: OutgoingReset) -> bool:
        """Whether a request for what we performed last is that one, under another number.

        One whose request was in progress at first asks again under a new number, and may do so
        before it knows that we have performed the old one meanwhile. That is no second reset: the
        peer has sent nothing in between. But it knows once it has answered a request of ours that
        left later: what it writes then is another reset, of a stream it sent nothing on meanwhile.

        What it wrote before may have been lost, and come later: the number of our last request in
        it tells. One that is far off tells nothing: dcSCTP has its own there, and others have 0.
        """
        if not self._is_performance_known:
            return True
        unseen = (self._later_sequence - request.answered_sequence) & MASK_32
        return 0 < unseen <= _MAX_UNSEEN

    def path_changed(self, now: float) -> None:
        """Repeat what is unanswered at the next opportunity."""
        self.timer.hasten(now)

    def stop(self) -> None:
        """The association ended."""
        self.resetting.clear()
        self._wanted.clear()
        self._request = None
        self.timer.stop()
