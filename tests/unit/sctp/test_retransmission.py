import pytest

from frazil.sctp.chunk import ForwardTsn, Sack, Skip
from frazil.sctp.config import SctpConfig
from frazil.sctp.delivery import DeliveryMeter
from frazil.sctp.loss_detection import LossDetector
from frazil.sctp.message import OutboundMessage
from frazil.sctp.retransmission import RetransmissionQueue
from frazil.sctp.rtt import RoundTrip

FIRST = 100


class Flight:
    """Chunks of 100 bytes, one in a packet; TSNs begin at 100."""

    def __init__(self, count=0, *, initial=FIRST, **reliability):
        self.round_trip = RoundTrip(SctpConfig())
        self.round_trip.measured(0.1)
        self.detector = LossDetector(self.round_trip)
        self.queue = RetransmissionQueue(initial, self.detector)
        self.meter = DeliveryMeter()
        self.messages = [self.send(**reliability) for _ in range(count)]

    def send(self, now=0.0, *, size=1, total=1, unordered=False, limit=None, expires_at=None):
        message = OutboundMessage(0, 51, bytes(total), unordered, limit, expires_at)
        message.sequence = self.queue.next_tsn
        self.send_more(message, now, size=size)
        return message

    def send_more(self, message, now=0.0, *, size=1):
        message.offset += size
        self.begin(now)
        self.queue.add([bytes(100)], message)

    def begin(self, now=0.0):
        self.queue.burst = self.meter.begin_burst(self.queue.flight, now)
        self.queue.packet += 1

    def sack(self, cumulative, *gaps, now=1.0, window=99999, duplicates=()):
        """What the SACK changed, and what is lost after it."""
        sack = Sack(cumulative & 0xFFFFFFFF, window, gaps, duplicates)
        result = self.queue.acknowledge(cumulative, sack, now)
        self.found = self.queue.find_losses(now, is_recovering=False)
        return result

    @property
    def lost(self):
        return [chunk.tsn for chunk in self.found]

    def resend(self, now=0.0):
        tsns = []
        while (chunk := self.queue.next_lost(now)) is not None:
            self.begin(now)
            self.queue.resend(chunk)
            tsns.append(chunk.tsn)
        return tsns


def test_cumulative_acknowledgement():
    flight = Flight(5)
    assert flight.queue.flight == 500
    result = flight.sack(102)
    assert (result.size, result.advanced, flight.lost) == (300, True, [])
    assert flight.queue.flight == 200
    assert flight.queue.acked == 102
    assert flight.queue
    assert flight.sack(104).size == 200
    assert not flight.queue


def test_tsns_wrap_on_the_wire():
    flight = Flight(4, initial=0xFFFFFFFE)
    assert flight.sack(0x100000000).size == 300
    assert flight.sack(0x100000001).size == 100
    assert not flight.queue


def test_gaps_are_taken_out_of_the_flight_once():
    flight = Flight(6)
    assert flight.sack(99, (3, 4)).size == 200
    assert flight.sack(99, (3, 4)).size == 0
    assert flight.sack(99, (2, 5)).size == 200
    assert flight.queue.flight == 100  # 100 is lost, only 105 is under way
    assert flight.sack(105).size == 200
    assert flight.queue.flight == 0


def test_gaps_in_any_order_overlapping_and_beyond_the_sent():
    flight = Flight(10)
    result = flight.sack(99, (8, 9), (3, 5), (4, 6), (3, 3), (5, 2), (10, 60000), (200, 300))
    assert result.size == 700
    assert flight.resend() == [100, 101, 106]


def test_three_later_packets_prove_a_loss():
    flight = Flight(10)
    flight.sack(99, (2, 3))
    assert not flight.lost
    assert flight.resend() == []
    flight.sack(99, (2, 4))
    assert flight.lost
    assert flight.resend() == [100]


def test_a_batch_that_one_sack_covers_proves_a_loss():
    flight = Flight(10)
    flight.sack(99, (3, 8))
    assert flight.lost
    assert flight.resend() == [100, 101]


def test_chunks_of_one_packet_count_as_one():
    flight = Flight(1)
    flight.begin()
    for _ in range(8):
        flight.queue.add([bytes(100)])
    flight.sack(99, (2, 9))
    assert not flight.lost


@pytest.mark.interpreted
def test_gaps_that_overlap_are_looked_at_once():
    class Counting(dict):
        lookups = 0

        def get(self, tsn):
            self.lookups += 1
            return super().get(tsn)

    flight = Flight(300)
    flight.queue._chunks = chunks = Counting(flight.queue._chunks)
    flight.sack(99, *[(2 + number, 300) for number in range(200)])
    assert flight.lost == [100]
    assert chunks.lookups == 299


def test_holes_between_gaps():
    flight = Flight(20)
    flight.sack(99, (2, 3), (5, 6), (9, 14))
    assert flight.lost
    assert flight.resend() == [100, 103, 106, 107]
    assert flight.queue.flight == 1000


def test_a_lost_retransmission_is_found_by_later_data():
    flight = Flight(5)
    flight.sack(99, (2, 5))
    assert flight.resend() == [100]
    for _ in range(4):
        flight.send()
    flight.sack(99, (2, 7))
    assert not flight.lost
    flight.sack(99, (2, 9))
    assert flight.lost
    assert flight.resend() == [100]


def test_a_repeated_chunk_that_is_acknowledged_too_quickly_proves_nothing():
    flight = Flight(8)
    flight.sack(99, (5, 8))
    assert flight.resend(0.95) == [100, 101, 102, 103]
    flight.sack(99, (4, 8), now=1.0)
    assert flight.lost == []  # the first copy of 103 was only late
    flight.sack(99, (3, 8), now=1.2)
    assert flight.lost == []  # only two packets were sent later than the first
    assert flight.detector.recheck_at == pytest.approx(0.95 + 0.25 + 0.1 / 4)
    found = flight.queue.find_losses(1.226, is_recovering=False)
    assert [chunk.tsn for chunk in found] == [100, 101]


def test_chunks_acknowledged_while_they_wait_are_not_repeated():
    flight = Flight(8)
    flight.sack(99, (5, 8))
    flight.sack(101, (3, 6))
    assert flight.resend() == [102, 103]


def test_lose_all_repeats_what_is_missing_in_order():
    flight = Flight(10)
    flight.sack(99, (3, 4), (6, 9))
    assert flight.queue.next_lost(0.0).tsn == 100
    flight.queue.lose_all(1.0)
    assert flight.queue.flight == 0
    assert flight.resend() == [100, 101, 104, 109]


def test_lose_all_after_the_peer_discarded_what_it_had_acknowledged():
    flight = Flight(6)
    flight.sack(99, (2, 4))
    flight.sack(100, (4, 5))  # the peer has 100 now, but not 101 to 103 any more
    flight.queue.lose_all(1.0)
    assert flight.resend() == [101, 102, 103, 104, 105]


def test_limited_retransmits():
    flight = Flight(5, limit=1)
    flight.sack(99, (2, 5))
    assert flight.resend() == [100]
    assert flight.queue.forward(99, interleaving=False) is None
    flight.queue.lose_all(2.0)
    assert flight.resend() == []
    assert flight.messages[0].abandoned
    forward = flight.queue.forward(99, interleaving=False)
    assert forward == ForwardTsn(100, (Skip(0, False, 100),))


def test_no_retransmits_at_all():
    flight = Flight(5, limit=0)
    flight.sack(99, (2, 5))
    assert flight.lost
    assert flight.resend() == []
    assert flight.queue.flight == 0


def test_limited_lifetime_ends_retransmission():
    flight = Flight(5, expires_at=5.0)
    flight.sack(99, (2, 4), now=4.9)
    assert flight.queue.next_lost(4.9).tsn == 100
    assert flight.queue.next_lost(5.0) is None
    assert flight.messages[0].abandoned
    forward = flight.queue.forward(9, interleaving=False)
    assert forward == ForwardTsn(100, (Skip(0, False, 100),))


def test_peer_without_partial_reliability_gets_everything():
    flight = Flight(5, limit=0, expires_at=0.5)
    flight.queue.may_abandon = False
    flight.sack(99, (2, 5))
    assert flight.resend(9.0) == [100]


def test_all_pieces_of_a_message_are_abandoned_with_a_tsn_for_the_missing_end():
    flight = Flight()
    message = flight.send(total=5, limit=0)
    for _ in range(3):
        flight.send_more(message)
    flight.send()
    assert flight.queue.next_tsn == 105
    flight.queue.abandon(message)
    assert flight.queue.flight == 100
    assert flight.queue.next_tsn == 106
    assert flight.queue.forward(9, interleaving=False).cumulative_tsn == 103
    assert flight.sack(104).size == 100
    assert flight.queue.forward(9, interleaving=False) == ForwardTsn(105, (Skip(0, False, 100),))
    flight.sack(105)
    assert flight.queue.forward(9, interleaving=False) is None
    assert not flight.queue


def test_pieces_that_are_lost_together_leave_the_flight_once():
    flight = Flight()
    message = flight.send(total=3, limit=0)
    flight.send_more(message)
    flight.send_more(message)
    for _ in range(3):
        flight.send()
    flight.sack(99, (4, 6))
    assert flight.lost == [100, 101, 102]
    assert flight.queue.flight == 0
    assert flight.resend() == []


def test_a_message_sent_as_a_whole_needs_no_other_end():
    flight = Flight()
    message = flight.send(total=1, limit=0)
    flight.queue.abandon(message)
    assert flight.queue.next_tsn == 101


def test_forward_lists_the_last_sequence_number_of_each_stream():
    flight = Flight()
    for number, stream_id in enumerate((1, 2, 1)):
        message = flight.send(limit=0)
        message.stream_id, message.sequence = stream_id, number
    flight.queue.lose_all(1.0)
    forward = flight.queue.forward(9, interleaving=False)
    assert forward == ForwardTsn(102, (Skip(1, False, 2), Skip(2, False, 1)))


def test_forward_stops_when_the_list_is_full():
    flight = Flight()
    for stream_id in (1, 2, 3):
        flight.send(limit=0).stream_id = stream_id
    flight.queue.lose_all(1.0)
    assert flight.queue.forward(2, interleaving=False).cumulative_tsn == 101


def test_forward_lists_unordered_messages_only_if_they_have_identifiers():
    flight = Flight(1, unordered=True, limit=0)
    flight.queue.lose_all(1.0)
    assert flight.queue.forward(9, interleaving=False) == ForwardTsn(100, ())
    assert flight.queue.forward(9, interleaving=True) == ForwardTsn(100, (Skip(0, True, 100),))


def test_forward_stops_at_what_is_still_to_be_delivered():
    flight = Flight(1, limit=0)
    flight.send()
    flight.send(limit=0)
    flight.queue.lose_all(1.0)
    assert flight.queue.forward(9, interleaving=False).cumulative_tsn == 100
    assert flight.resend() == [101]


def test_forward_waits_for_what_comes_before():
    flight = Flight(1)
    flight.queue.abandon(flight.send(limit=0))
    assert flight.queue.forward(9, interleaving=False) is None


def test_shutdown_acknowledges_cumulatively():
    flight = Flight(5)
    flight.queue.acknowledge_cumulative(102, 1.0)
    assert flight.queue.flight == 200
    flight.queue.acknowledge_cumulative(101, 1.0)
    flight.queue.acknowledge_cumulative(105, 1.0)
    assert flight.queue.flight == 200


def test_clear():
    flight = Flight(5)
    flight.queue.lose_all(0.0)
    flight.queue.clear()
    assert not flight.queue
    assert flight.resend() == []
