import pytest

from frazil.sctp import BufferReleased
from frazil.sctp.chunk import BEGIN, END, IMMEDIATE, UNORDERED, unpack_data, unpack_i_data
from frazil.sctp.send_queue import MIN_FRAGMENT_SIZE, SendQueue

CAPACITY = 1000


class Sender:
    """A queue, and the chunks that were cut from it."""

    def __init__(self, *, open_limit=None):
        self.queue = SendQueue(CAPACITY)
        if open_limit is not None:
            self.queue.interleave(open_limit)
        self.tsn = 0

    def put(self, stream_id, data, *, unordered=False, expires_at=None):
        self.queue.put(stream_id, (51, data, unordered, None, expires_at, True))

    def cut(self, room=CAPACITY, now=0.0):
        message = self.queue.next_message(now)
        if message is None:
            return None
        chunk = self.queue.cut(message, self.tsn, room)
        self.tsn += chunk is not None
        return chunk

    def cut_all(self, room=CAPACITY):
        chunks = []
        while (chunk := self.cut(room)) is not None:
            chunks.append(chunk)
        return chunks


def streams(chunks):
    return [unpack_data(chunk)[4] for chunk in chunks]


@pytest.fixture
def sender():
    return Sender()


def test_empty(sender):
    assert sender.queue.turns.current is None
    assert sender.cut() is None
    assert sender.queue.buffered(0) == 0
    assert sender.queue.is_drained(0)
    assert sender.queue.take_released() == []


def test_messages_are_numbered_per_stream(sender):
    for stream_id in (1, 1, 2):
        sender.put(stream_id, b"x")
    sender.put(1, b"y", unordered=True)
    sender.put(1, b"z")
    headers = [unpack_data(chunk) for chunk in sender.cut_all()]
    assert [(header[4], header[5]) for header in headers] == [
        (1, 0),
        (2, 0),
        (1, 1),
        (1, 0),
        (1, 2),
    ]
    assert [header[1] for header in headers] == [3, 3, 3, 7, 3]
    assert [header[3] for header in headers] == [0, 1, 2, 3, 4]


def test_messages_get_their_share_by_the_weight_of_their_stream(sender):
    sender.queue.weigh(1, 512)
    for stream_id in (1, 2):
        for _ in range(6):
            sender.put(stream_id, bytes(100))
    sender.queue.weigh(2, 1024)
    assert streams(sender.cut() for _ in range(6)) == [1, 2, 2, 1, 2, 2]


def test_a_stream_keeps_its_weight_when_it_begins_again(sender):
    sender.queue.weigh(1, 512)
    sender.put(1, b"x")
    sender.cut_all()
    sender.queue.restart_streams((1,))
    for stream_id in (1, 2):
        for _ in range(4):
            sender.put(stream_id, bytes(100))
    assert streams(sender.cut() for _ in range(6)) == [1, 2, 1, 2, 1, 1]


def test_a_long_message_is_not_interrupted_by_a_weightier_stream(sender):
    sender.put(1, bytes(3 * CAPACITY))
    chunks = [sender.cut()]
    sender.queue.weigh(2, 1024)
    sender.put(2, b"x")
    chunks += sender.cut_all()
    assert streams(chunks) == [1, 1, 1, 1, 2]


def test_streams_take_turns_by_message(sender):
    for stream_id in (1, 2, 3):
        for _ in range(2):
            sender.put(stream_id, b"x")
    sender.put(1, b"y")
    assert streams(sender.cut_all()) == [1, 2, 3, 1, 2, 3, 1]


def test_a_long_message_is_not_interrupted_without_interleaving(sender):
    sender.put(1, bytes(2500))
    sender.put(2, b"x")
    chunks = sender.cut_all()
    assert streams(chunks) == [1, 1, 1, 2]
    assert [unpack_data(chunk)[1] for chunk in chunks] == [BEGIN, 0, END, BEGIN | END]
    assert [len(chunk) for chunk in chunks] == [1000, 1000, 16 + 532, 20]


def test_fragments_hold_the_whole_message_in_order(sender):
    data = bytes(range(256)) * 10
    sender.put(1, data)
    chunks = sender.cut_all()
    lengths = [unpack_data(chunk)[2] for chunk in chunks]
    assert b"".join(c[16:length] for c, length in zip(chunks, lengths, strict=True)) == data


def test_a_message_that_fits_a_packet_is_not_cut(sender):
    sender.put(1, bytes(CAPACITY - 16))
    assert sender.cut(room=CAPACITY - 4) is None
    assert len(sender.cut()) == CAPACITY


def test_a_longer_message_fills_what_is_left(sender):
    sender.put(1, bytes(CAPACITY))
    assert sender.cut(room=16 + MIN_FRAGMENT_SIZE - 4) is None
    assert len(sender.cut(room=16 + MIN_FRAGMENT_SIZE)) == 16 + MIN_FRAGMENT_SIZE


def test_buffered_falls_as_fragments_are_cut(sender):
    sender.put(1, bytes(2500))
    sender.put(1, b"x")
    assert sender.queue.buffered(1) == 2501
    sender.cut()
    assert sender.queue.buffered(1) == 2501 - 984
    assert not sender.queue.is_drained(1)
    sender.cut_all()
    assert sender.queue.buffered(1) == 0
    assert sender.queue.is_drained(1)


def test_released_bytes_are_summed_per_stream(sender):
    for stream_id in (1, 2, 1):
        sender.put(stream_id, b"four")
    sender.cut_all()
    assert sender.queue.take_released() == [BufferReleased(1, 8), BufferReleased(2, 4)]
    assert sender.queue.take_released() == []


def test_expired_messages_are_dropped_before_they_get_a_number(sender):
    sender.put(1, b"old", expires_at=1.0)
    sender.put(1, b"new")
    sender.put(2, b"old", expires_at=1.0)
    chunk = sender.cut(now=1.0)
    assert unpack_data(chunk)[4:6] == (1, 0)
    assert chunk[16:19] == b"new"
    assert sender.cut(now=1.0) is None
    assert sender.queue.turns.current is None
    assert sender.queue.take_released() == [BufferReleased(1, 6), BufferReleased(2, 3)]


def test_the_rest_of_an_abandoned_message_is_dropped(sender):
    sender.put(1, bytes(2500))
    message = sender.queue.next_message(0.0)
    sender.put(1, b"next")
    sender.cut()
    message.abandoned = True
    chunk = sender.cut()
    assert unpack_data(chunk)[5] == 1
    assert sender.queue.buffered(1) == 0


def test_interleaving_takes_turns_by_fragment():
    sender = Sender(open_limit=10_000)
    sender.put(1, bytes(2500))
    sender.put(2, bytes(1500))
    sender.put(3, b"x")
    headers = [unpack_i_data(chunk) for chunk in sender.cut_all()]
    assert [header[4] for header in headers] == [1, 2, 3, 1, 2, 1]
    # PPID with the first fragment, then the fragment's number
    assert [header[6] for header in headers] == [51, 51, 51, 1, 1, 2]


def test_interleaving_numbers_ordered_and_unordered_messages_apart():
    sender = Sender(open_limit=10_000)
    for unordered in (False, True, False, True):
        sender.put(1, b"x", unordered=unordered)
    headers = [unpack_i_data(chunk) for chunk in sender.cut_all()]
    assert [(header[1] & UNORDERED, header[5]) for header in headers] == [
        (0, 0),
        (UNORDERED, 0),
        (0, 1),
        (UNORDERED, 1),
    ]


def test_interleaving_opens_no_more_than_the_receiver_can_finish():
    sender = Sender(open_limit=5000)
    for stream_id in range(5):
        sender.put(stream_id, bytes(2400))
    sender.put(9, b"small ones always go")
    order = [unpack_i_data(chunk)[4] for chunk in sender.cut_all()]
    assert order == [0, 1, 9, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3, 4, 4, 4]
    assert sender.queue.turns.current is None
    assert sender.queue._open_bytes == 0


def test_interleaving_opens_one_message_however_long():
    sender = Sender(open_limit=100)
    sender.put(1, bytes(2400))
    sender.put(2, bytes(2400))
    assert [unpack_i_data(chunk)[4] for chunk in sender.cut_all()] == [1, 1, 1, 2, 2, 2]


def test_interleaving_frees_the_place_of_an_abandoned_message():
    sender = Sender(open_limit=3000)
    sender.put(1, bytes(2400))
    message = sender.queue.next_message(0.0)
    sender.put(2, bytes(2400))
    sender.cut()
    sender.cut()
    message.abandoned = True
    assert [unpack_i_data(chunk)[4] for chunk in sender.cut_all()] == [2, 2, 2]


def test_a_long_message_is_not_passed_over_for_ever():
    sender = Sender(open_limit=5000)
    sender.put(1, bytes(1500))  # so that one is always under way
    for _ in range(20):
        sender.put(0, bytes(2400))
        sender.put(1, bytes(2400))
    sender.put(2, bytes(4000))
    order = [unpack_i_data(chunk)[4] for chunk in sender.cut_all()]
    assert order.index(2) < 10
    assert sender.queue._open_bytes == 0


def test_a_message_that_expires_while_it_waits_keeps_no_place():
    sender = Sender(open_limit=5000)
    sender.put(1, bytes(4000))
    sender.put(2, bytes(4000), expires_at=1.0)
    sender.put(3, bytes(4000))
    chunks = [sender.cut(now=0.0), *(sender.cut(now=1.0) for _ in range(9))]
    assert [unpack_i_data(chunk)[4] for chunk in chunks] == [1] * 5 + [3] * 5
    assert sender.queue.turns.current is None
    assert sender.queue.buffered(2) == 0
    assert sender.queue._open_bytes == 0


def test_restarted_streams_begin_at_zero(sender):
    sender.put(1, b"a")
    sender.put(2, b"b")
    sender.cut_all()
    sender.queue.restart_streams((1,))
    sender.put(1, b"a")
    sender.put(2, b"b")
    assert [unpack_data(chunk)[5] for chunk in sender.cut_all()] == [0, 1]


def test_streams_the_peer_refused_are_dropped(sender):
    for stream_id in (9, 10, 11):
        sender.put(stream_id, b"x")
    sender.queue.drop_streams_from(10)
    assert streams(sender.cut_all()) == [9]
    assert sender.queue.take_released() == [
        BufferReleased(10, 1),
        BufferReleased(11, 1),
        BufferReleased(9, 1),
    ]
    assert sender.queue.buffered(10) == 0


def test_clear(sender):
    sender.put(1, bytes(2400))
    sender.cut()
    sender.queue.clear()
    assert sender.cut() is None
    assert sender.queue.buffered(1) == 0
    assert sender.queue.take_released() == []


def test_bytes_that_are_not_counted_are_sent_but_not_told(sender):
    sender.queue.put(1, (50, b"open", False, None, None, False))
    sender.put(1, b"content")
    assert sender.queue.buffered(1) == 7
    assert not sender.queue.is_drained(1)
    assert len(sender.cut_all()) == 2
    assert sender.queue.take_released() == [BufferReleased(1, 7)]
    assert sender.queue.buffered(1) == 0


class Packet:
    """A packet that is filled with plain messages."""

    def __init__(self, sender, room=CAPACITY):
        self.chunks = []
        self.is_full = sender.queue.take_plain(self.chunks, sender.tsn, room)
        sender.tsn += len(self.chunks)

    @property
    def messages(self):
        return [
            (stream_id, chunk[16:])
            for chunk, stream_id in zip(self.chunks, streams(self.chunks), strict=True)
        ]


def test_plain_messages_share_a_packet_as_if_they_were_cut_one_by_one(sender):
    other = Sender()
    for each in (sender, other):
        for size in (1, 4, 64, 7):
            each.put(1, bytes(size), unordered=size == 64)
        each.put(1, b"last")
    assert Packet(sender).chunks == other.cut_all()
    assert sender.queue.take_released() == [BufferReleased(1, 80)]
    assert sender.queue.turns.current is None


def test_interleaved_plain_messages_are_numbered_by_kind():
    sender, other = Sender(open_limit=10_000), Sender(open_limit=10_000)
    for each in (sender, other):
        for unordered in (False, True, True, False):
            each.put(1, b"x", unordered=unordered)
    chunks = Packet(sender).chunks
    assert chunks == other.cut_all()
    assert [unpack_i_data(chunk)[5] for chunk in chunks] == [0, 0, 1, 1]


@pytest.mark.parametrize("open_limit", [None, 10_000])
@pytest.mark.parametrize("size", [8, 2500])
def test_the_last_chunk_of_a_stream_that_is_ending_is_urgent(open_limit, size):
    plain, cut = Sender(open_limit=open_limit), Sender(open_limit=open_limit)
    for each in (plain, cut):
        for stream_id in (1, 1, 2):
            each.put(stream_id, bytes(size))
        each.queue.end(1)
        each.queue.end(3)  # on which nothing was sent
    chunks = cut.cut_all()
    last = max(index for index, stream_id in enumerate(streams(chunks)) if stream_id == 1)
    assert [index for index, chunk in enumerate(chunks) if chunk[1] & IMMEDIATE] == [last]
    if size < CAPACITY:
        assert [chunk for _ in range(3) for chunk in Packet(plain).chunks] == chunks


def test_a_packet_is_full_when_the_next_plain_message_is_too_long_for_it(sender):
    for size in (500, 468, 1):
        sender.put(1, bytes(size))
    packet = Packet(sender)
    assert packet.is_full
    assert [len(data) for _, data in packet.messages] == [500, 468]
    assert not Packet(sender).is_full
    assert sender.queue.turns.current is None


@pytest.mark.parametrize(
    "message",
    [
        (51, bytes(CAPACITY), False, None, None, True),
        (51, b"x", False, 0, None, True),
        (51, b"x", False, None, 1.0, True),
    ],
    ids=["too long", "limited repetitions", "limited lifetime"],
)
def test_other_messages_are_left_to_be_cut(sender, message):
    sender.put(1, b"plain")
    sender.queue.put(1, message)
    packet = Packet(sender)
    assert (packet.messages, packet.is_full) == ([(1, b"plain\0\0\0")], False)
    assert Packet(sender).chunks == []
    assert sender.cut() is not None


def test_streams_that_wait_have_their_turns_after_each_plain_message(sender):
    for stream_id in (1, 2):
        for data in (b"one ", b"two "):
            sender.put(stream_id, data)
    packets = [Packet(sender) for _ in range(4)]
    assert [one for packet in packets for one in packet.messages] == [
        (1, b"one "),
        (2, b"one "),
        (1, b"two "),
        (2, b"two "),
    ]


def test_all_pieces_of_a_message_count_for_its_stream(sender):
    sender.put(1, bytes(3000))
    sender.put(1, b"next")
    for _ in range(40):
        sender.put(2, bytes(100))
    order = streams(sender.cut_all())
    assert order == [1] * 4 + [2] * 30 + [1] + [2] * 10
