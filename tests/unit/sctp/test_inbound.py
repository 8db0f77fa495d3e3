import pytest

from frazil.sctp import SctpConfig
from frazil.sctp.chunk import (
    BEGIN,
    IMMEDIATE,
    WHOLE,
    ForwardTsn,
    Skip,
    decode_sack,
    encode_data,
    encode_i_data,
)
from frazil.sctp.fragment_run import CHUNK_OVERHEAD
from frazil.sctp.inbound import SACK_EVERY_PACKETS, DataProblem, Inbound

WINDOW = 10_000


class Receiver:
    def __init__(self, *, streams=65535, interleaving=False, initial_tsn=1):
        self.messages = []
        self.inbound = Inbound(SctpConfig(receive_window=WINDOW), self.messages)
        self.inbound.begin(initial_tsn, streams=streams, interleaving=interleaving)

    def data(self, tsn, data=b"x", *, flags=WHOLE, stream_id=0, sequence=None):
        sequence = tsn - 1 if sequence is None else sequence
        chunk = encode_data(flags, tsn, stream_id, sequence, 51, data)
        if self.inbound.take_due(chunk, 0):
            return None
        return self.inbound.receive_data(chunk, 0, 16 + len(data))

    def batch(self, *tsns, now=0.0):
        for tsn in tsns:
            self.data(tsn)
            self.inbound.end_packet()
        return self.inbound.end_batch(now)

    def sack(self):
        sack = decode_sack(self.inbound.sack()[4:])
        self.inbound.acknowledged()
        return sack


@pytest.fixture
def receiver():
    return Receiver()


def test_one_packet_is_acknowledged_after_the_delay(receiver):
    assert receiver.batch(1, now=5.0)
    inbound = receiver.inbound
    assert (inbound.must_acknowledge, inbound.unacknowledged) == (False, 1)
    assert inbound.expires_at == 5.02
    inbound.expire(5.019)
    assert not inbound.must_acknowledge
    inbound.expire(5.02)
    assert inbound.must_acknowledge
    assert inbound.expires_at is None
    assert receiver.sack().cumulative_tsn == 1
    assert not inbound.unacknowledged


def test_the_delay_counts_from_the_first_packet(receiver):
    receiver.batch(1, now=5.0)
    receiver.inbound.end_batch(5.01)
    assert receiver.inbound.expires_at == 5.02


def test_the_second_packet_is_acknowledged_at_once(receiver):
    receiver.batch(1, now=5.0)
    receiver.batch(2, now=5.01)
    assert receiver.inbound.must_acknowledge
    receiver.sack()
    assert receiver.inbound.expires_at is None


def test_a_batch_is_acknowledged_every_eight_packets(receiver):
    due = []
    for tsn in range(1, 21):
        receiver.data(tsn)
        if receiver.inbound.end_packet():
            due.append((tsn, receiver.sack().cumulative_tsn))
    receiver.inbound.end_batch(0.0)
    assert SACK_EVERY_PACKETS == 8
    assert due == [(8, 8), (16, 16)]
    assert receiver.inbound.must_acknowledge
    assert receiver.sack().cumulative_tsn == 20


def test_nothing_to_acknowledge(receiver):
    assert not receiver.inbound.end_batch(0.0)
    assert receiver.inbound.expires_at is None
    assert not receiver.inbound.unacknowledged


def test_a_gap_is_reported_at_once(receiver):
    receiver.batch(1)
    receiver.sack()
    receiver.batch(3)
    assert receiver.inbound.must_acknowledge
    sack = receiver.sack()
    assert (sack.cumulative_tsn, sack.gaps) == (1, ((2, 2),))
    receiver.batch(2)
    assert receiver.inbound.must_acknowledge
    assert receiver.sack().cumulative_tsn == 3


def test_duplicates_are_reported_once(receiver):
    receiver.batch(1)
    receiver.sack()
    assert receiver.data(1) is DataProblem.REDUNDANT
    assert receiver.inbound.must_acknowledge
    assert receiver.sack().duplicates == (1,)
    assert receiver.sack().duplicates == ()
    assert len(receiver.messages) == 1


def test_immediate_bit(receiver):
    receiver.data(1, flags=WHOLE | IMMEDIATE)
    receiver.inbound.end_packet()
    receiver.inbound.end_batch(0.0)
    assert receiver.inbound.must_acknowledge
    assert receiver.inbound.expires_at is None


def test_tsns_wrap():
    receiver = Receiver(initial_tsn=0xFFFFFFFF)
    receiver.data(0xFFFFFFFF, sequence=0)
    receiver.data(0, sequence=1)
    assert receiver.sack().cumulative_tsn == 0
    assert len(receiver.messages) == 2


def test_window_shrinks_by_what_is_kept(receiver):
    receiver.data(1, bytes(1000), flags=BEGIN)
    assert receiver.sack().receive_window == WINDOW - 1000 - CHUNK_OVERHEAD


def test_a_sack_fits_a_packet_however_many_gaps(receiver):
    for tsn in range(3, 1500, 2):
        receiver.inbound._tsns.add(tsn)
    for _ in range(40):
        receiver.data(3)
    sack = receiver.inbound.sack()
    assert len(sack) <= SctpConfig().mtu - 12
    assert len(decode_sack(sack[4:]).gaps) == 283


def test_data_beyond_the_window_is_not_taken(receiver):
    taken = [receiver.data(tsn, bytes(1000)) for tsn in range(2, 14)]
    assert taken == [None] * 9 + [DataProblem.NO_ROOM] * 3
    assert receiver.sack().receive_window == 0
    assert receiver.inbound.unacknowledged == 0


def test_the_tsn_that_is_due_is_taken_into_a_full_window(receiver):
    for tsn in range(2, 14):
        receiver.data(tsn, bytes(1000))
    assert receiver.data(1, bytes(1000)) is None
    assert len(receiver.messages) == 10
    assert receiver.sack().receive_window == WINDOW


def test_a_message_that_exceeds_the_window_is_an_overrun(receiver):
    flags = BEGIN
    taken = []
    for tsn in range(1, 12):
        taken.append(receiver.data(tsn, bytes(1000), flags=flags, sequence=0))
        flags = 0
    assert taken == [None] * 9 + [DataProblem.OVERRUN, DataProblem.NO_ROOM]


def test_a_gap_far_ahead_is_no_way_around_the_window(receiver):
    receiver.data(5000, bytes(10))
    problems = [receiver.data(tsn, bytes(1000), flags=0, sequence=0) for tsn in range(1, 40)]
    assert problems.index(DataProblem.OVERRUN) == 18
    assert receiver.inbound.reassembly.buffered < 2.2 * WINDOW


def test_messages_so_far_ahead_that_they_look_old_are_not_taken(receiver):
    assert receiver.data(0x8000) is DataProblem.NO_ROOM
    assert receiver.data(0x7FFF) is None
    for tsn in range(1, 0x7FFF):
        assert receiver.data(tsn) is None
    assert len(receiver.messages) == 0x7FFF


def test_invalid_stream_is_acknowledged_but_not_delivered():
    receiver = Receiver(streams=10)
    assert receiver.data(1, stream_id=10) is DataProblem.INVALID_STREAM
    assert receiver.data(2, stream_id=9, sequence=0) is None
    assert receiver.sack().cumulative_tsn == 2
    assert len(receiver.messages) == 1


def test_empty_and_cut_off_data(receiver):
    chunk = encode_data(WHOLE, 1, 0, 0, 51, b"")
    assert receiver.inbound.receive_data(chunk, 0, 16) is DataProblem.EMPTY
    for end in (4, 15):
        assert receiver.inbound.receive_data(chunk, 0, end) is DataProblem.CUT_OFF


def test_interleaved_data():
    receiver = Receiver(interleaving=True)
    chunk = encode_i_data(WHOLE, 1, 7, 0, 53, b"abc")
    assert receiver.inbound.receive_data(chunk, 0, 23) is None
    assert receiver.messages == [(7, 53, b"abc")]
    assert receiver.inbound.receive_data(chunk, 0, 20) is DataProblem.EMPTY
    assert receiver.inbound.receive_data(chunk, 0, 19) is DataProblem.CUT_OFF


def test_forward_moves_on_and_is_answered(receiver):
    receiver.data(3)
    receiver.sack()
    receiver.inbound.receive_forward(ForwardTsn(2, (Skip(0, False, 1),)))
    assert receiver.inbound.must_acknowledge
    assert receiver.sack().cumulative_tsn == 3
    assert len(receiver.messages) == 1


def test_outdated_forward_is_answered_but_changes_nothing(receiver):
    receiver.batch(1, 2, 3)
    receiver.sack()
    receiver.inbound.receive_forward(ForwardTsn(2, (Skip(0, False, 9),)))
    assert receiver.inbound.must_acknowledge
    assert receiver.sack().cumulative_tsn == 3
    receiver.data(4)
    assert len(receiver.messages) == 4


def test_clear(receiver):
    receiver.data(1, flags=BEGIN)
    receiver.batch(3)
    receiver.inbound.clear()
    assert not receiver.inbound.unacknowledged
    assert receiver.inbound.expires_at is None
    assert receiver.inbound.reassembly.buffered == 0


def test_chunks_that_are_due_are_taken_in_one_go_up_to_one_that_is_not(receiver):
    chunks = [encode_data(WHOLE, tsn, 0, tsn - 1, 51, bytes(tsn)) for tsn in (1, 2, 3, 5)]
    packet = b"".join(chunks)
    assert receiver.inbound.take_due(packet, 0) == len(packet) - len(chunks[-1])
    assert [len(data) for _, _, data in receiver.messages] == [1, 2, 3]
    assert receiver.inbound.cumulative_tsn == 3


@pytest.mark.parametrize(
    "chunk",
    [
        encode_data(WHOLE, 1, 0, 0, 51, b"due")[:-2],
        encode_data(WHOLE, 1, 0, 0, 51, b""),
        encode_data(WHOLE, 1, 7, 0, 51, b"no such stream"),
        encode_data(WHOLE, 0, 0, 0, 51, b"old"),
        encode_data(WHOLE, 2, 0, 0, 51, b"early"),
        b"\0\3\0\3" + encode_data(WHOLE, 1, 0, 0, 51, b"too short")[4:],
        b"\x40" + encode_data(WHOLE, 1, 0, 0, 51, b"I-DATA")[1:],
        b"",
    ],
    ids=["cut off", "empty", "stream", "old", "early", "short", "another type", "nothing"],
)
def test_whatever_is_wrong_with_a_chunk_it_is_left_to_be_looked_at(chunk):
    receiver = Receiver(streams=5)
    assert receiver.inbound.take_due(chunk, 0) == 0
    assert receiver.messages == []
    assert receiver.inbound.cumulative_tsn == 0


def test_nothing_is_taken_in_one_go_while_something_is_missing(receiver):
    receiver.data(2)
    assert receiver.inbound.take_due(encode_data(WHOLE, 1, 0, 0, 51, b"x"), 0) == 0


def test_an_immediate_acknowledgement_can_be_asked_for_in_a_run(receiver):
    assert receiver.inbound.take_due(encode_data(WHOLE | IMMEDIATE, 1, 0, 0, 51, b"x"), 0) == 20
    assert receiver.inbound.must_acknowledge
