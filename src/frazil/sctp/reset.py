"""Resetting streams, which is how WebRTC closes data channels (RFC 6525, RFC 8831 section 6.7)."""

from typing import Final

from frazil.sctp.config import MAX_STREAMS, SctpConfig
from frazil.sctp.event import StreamResetFailed, StreamsReset
from frazil.sctp.inbound import Inbound
from frazil.sctp.link import Link
from frazil.sctp.outbound import Outbound
from frazil.sctp.packet import HEADER_SIZE
from frazil.sctp.reconfig import (
    MAX_PARAMETERS,
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

MAX_REQUESTS: Final = 16
"""Requests of the peer that wait, and results that are remembered for those that it repeats.

RFC 6525 lets it have one under way, or two in one chunk; Pion has one for each channel it closes.
"""

MAX_STREAMS_AT_ONCE: Final = 248
"""Streams in one request of ours: usrsctp reads 512 bytes of it, and passes over a longer one."""

_REQUEST_HEADER_SIZE: Final = 20
_DONE: Final = frozenset({ReconfigResult.NOTHING_TO_DO, ReconfigResult.PERFORMED})


class StreamReset:
    """Our requests to the peer, one at a time, and our answers to its requests.

    A stream is part of a request only when the peer has acknowledged all that was sent on it. RFC
    6525 does not demand that, and usrsctp does the same: a peer may close its channel before its
    application has had the last messages, as libdatachannel, libwebrtc and werift do.

    A request of the peer that comes before its data is answered when the data is there. To say "in
    progress" first, as RFC 6525 5.2.2 wants it, ends the request for many: Pion, webrtc-rs and
    aiortc have not looked at what an answer says, and dcSCTP asks again under another number.

    Attributes:
        early: The requests of the peer that wait for data, or for another one before, by number.
        resetting: The streams whose sending side shall be reset, until that is over.
        timer: When the request in flight is repeated.
    """

    __slots__ = (
        "_in_progress",
        "_inbound",
        "_inbound_streams",
        "_link",
        "_max_streams",
        "_outbound",
        "_peer_sequence",
        "_request",
        "_request_tsn",
        "_resettable_streams",
        "_results",
        "_sent",
        "_sequence",
        "_wanted",
        "early",
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
        room = (config.mtu - HEADER_SIZE - _REQUEST_HEADER_SIZE) // 2
        self._max_streams = min(room, MAX_STREAMS_AT_ONCE)
        self.timer = RetryTimer(config.rto_max_s)
        self.resetting: set[int] = set()
        self._wanted: dict[int, None] = {}  # an ordered set: those that may wait in the queue
        self._sent: dict[int, int] = {}  # those that left it, and what the peer is to have then
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
        self.early: dict[int, OutgoingReset | OtherRequest] = {}

    def want(self, stream_id: int) -> None:
        """Reset our sending side once everything queued on the stream was acknowledged."""
        if stream_id not in self.resetting:
            self.resetting.add(stream_id)
            self._wanted[stream_id] = None

    def next_request(self, now: float) -> bytes | None:
        """The RE-CONFIG chunk to send now, or None.

        A new request names the streams that are acknowledged. One the peer called premature is
        repeated as soon as it has everything the request waits for.
        """
        if self._request is not None:
            if self._in_progress and self._outbound.acked_tsn >= self._request_tsn:
                return self._repeat(now)
            return None
        self._find_sent()
        acked_tsn = self._outbound.acked_tsn
        stream_ids = tuple(id_ for id_, last_tsn in self._sent.items() if last_tsn <= acked_tsn)
        if not stream_ids:
            return None
        for stream_id in stream_ids:
            del self._sent[stream_id]
        self._request_tsn = self._outbound.last_tsn
        return self._send(stream_ids, (self._peer_sequence - 1) & MASK_32, now)

    def _find_sent(self) -> None:
        """Look for streams that have left the queue, as many as a request has room for."""
        sent: list[int] = []
        unknown: list[int] = []
        room = self._max_streams - len(self._sent)
        for stream_id in self._wanted:
            if len(sent) >= room:
                break
            if self._outbound.queue.is_drained(stream_id):
                known = stream_id < self._resettable_streams
                (sent if known else unknown).append(stream_id)
        self._give_up(unknown)
        for stream_id in sent:
            del self._wanted[stream_id]
            self._sent[stream_id] = self._outbound.last_tsn

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
            elif is_behind(parameter.sequence, self._peer_sequence, MASK_32):
                answers.append(self._answer_again(parameter.sequence))
            elif (parameter.sequence - self._peer_sequence) & MASK_32 < MAX_REQUESTS:
                self.early[parameter.sequence] = parameter
        self._send_answers(answers + self._perform())

    def perform_early(self) -> None:
        """More data has arrived: perform the requests of the peer that waited for it."""
        self._send_answers(self._perform())

    def _send_answers(self, answers: list[Response]) -> None:
        for start in range(0, len(answers), MAX_PARAMETERS):
            self._link.queue(encode_responses(answers[start : start + MAX_PARAMETERS]))

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
        if response.result in _DONE:
            self._outbound.queue.restart_streams(request.stream_ids)
            self._link.report(StreamsReset(request.stream_ids, by_remote=False))
        else:
            self._link.record(now, "stream-reset-refused", result=response.result)
            self._link.report(StreamResetFailed(request.stream_ids, response.result))

    def _answer_again(self, sequence: int) -> Response:
        """The answer to a request that was answered before."""
        result = self._results.get(sequence, ReconfigResult.BAD_SEQUENCE_NUMBER)
        return Response(sequence, result)

    def _perform(self) -> list[Response]:
        """Do what the peer asks for, in order, up to what has to wait for data; the answers."""
        answers = []
        while (request := self.early.get(self._peer_sequence)) is not None:
            if isinstance(request, OutgoingReset) and self._is_premature(request):
                break
            sequence = self._peer_sequence
            del self.early[sequence]
            self._peer_sequence = (sequence + 1) & MASK_32
            self._results.pop((sequence - MAX_REQUESTS) & MASK_32, None)
            self._results[sequence] = self._result_of(request)
            answers.append(self._answer_again(sequence))
        return answers

    def _is_premature(self, request: OutgoingReset) -> bool:
        """Whether data is missing that the peer sent before."""
        return self._inbound.unwrap(request.last_tsn) > self._inbound.cumulative_tsn

    def _result_of(self, request: OutgoingReset | OtherRequest) -> ReconfigResult:
        """Perform a request, or refuse.

        Our own sending side is reset when its channel is closed, and by nobody else: what the
        application sends meanwhile would be lost.
        """
        if not isinstance(request, OutgoingReset):
            return ReconfigResult.DENIED
        if any(stream_id >= self._inbound_streams for stream_id in request.stream_ids):
            return ReconfigResult.WRONG_STREAM
        inbound = self._inbound
        stream_ids = request.stream_ids or inbound.reassembly.stream_ids
        if not stream_ids:
            return ReconfigResult.NOTHING_TO_DO
        inbound.reassembly.restart_streams(stream_ids, inbound.cumulative_tsn)
        self._link.report(StreamsReset(stream_ids, by_remote=True))
        return ReconfigResult.PERFORMED

    def path_changed(self, now: float) -> None:
        """Repeat what is unanswered at the next opportunity."""
        self.timer.hasten(now)

    def stop(self) -> None:
        """The association ended."""
        self.early.clear()
        self.resetting.clear()
        self._wanted.clear()
        self._sent.clear()
        self._request = None
        self.timer.stop()
