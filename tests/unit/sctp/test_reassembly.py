import pytest
from tally import tally

from frazil.sctp.chunk import BEGIN, END, UNORDERED, WHOLE, Skip
from frazil.sctp.fragment_run import CHUNK_OVERHEAD
from frazil.sctp.reassembly import Reassembly


class Receiver:
    """A reassembly with what it delivered."""

    def __init__(self, *, interleaving=False):
        self.delivered = []
        self.reassembly = Reassembly(self.delivered, interleaving=interleaving)

    def data(self, tsn, flags, sequence, text, stream_id=0, ppid=51):
        self.reassembly.add(tsn, flags, stream_id, sequence, ppid, text.encode())

    def texts(self):
        return [data.decode() for _, _, data in self.delivered]

    @property
    def is_empty(self):
        reassembly = self.reassembly
        return not (
            reassembly.buffered
            or reassembly._by_first
            or reassembly._by_last
            or reassembly._early
            or reassembly._firsts
        )


@pytest.fixture
def receiver():
    return Receiver()


@pytest.fixture
def interleaved():
    return Receiver(interleaving=True)


def test_whole_messages(receiver):
    receiver.data(1, WHOLE, 0, "a", stream_id=7, ppid=53)
    receiver.data(2, WHOLE, 1, "b", stream_id=7)
    assert receiver.delivered == [(7, 53, b"a"), (7, 51, b"b")]
    assert receiver.reassembly.stream_ids == (7,)
    assert receiver.is_empty


def test_order_is_kept_per_stream(receiver):
    receiver.data(2, WHOLE, 1, "late", stream_id=1)
    receiver.data(3, WHOLE, 0, "other", stream_id=2)
    assert receiver.texts() == ["other"]
    assert receiver.reassembly.buffered == 4 + CHUNK_OVERHEAD
    receiver.data(1, WHOLE, 0, "first", stream_id=1)
    assert receiver.texts() == ["other", "first", "late"]
    assert receiver.is_empty


def test_unordered_messages_do_not_wait(receiver):
    receiver.data(9, WHOLE | UNORDERED, 5, "now")
    assert receiver.texts() == ["now"]


@pytest.mark.parametrize(
    "order", [[0, 1, 2], [2, 1, 0], [1, 0, 2], [0, 2, 1], [2, 0, 1], [1, 2, 0]]
)
@pytest.mark.parametrize("unordered", [0, UNORDERED])
def test_fragments_in_any_order(receiver, order, unordered):
    flags = [BEGIN, 0, END]
    for at in order:
        receiver.data(10 + at, flags[at] | unordered, 0, "abc"[at])
    assert receiver.texts() == ["abc"]
    assert receiver.is_empty


def test_ppid_and_stream_are_those_of_the_first_fragment(interleaved):
    add = interleaved.reassembly.add
    add(11, END, 3, 0, 1, b"b")  # the last number is the fragment's, not a PPID
    add(10, BEGIN, 3, 0, 53, b"a")
    assert interleaved.delivered == [(3, 53, b"ab")]


def test_buffered_counts_fragments_with_overhead(receiver):
    receiver.data(10, BEGIN, 0, "abc")
    receiver.data(12, 0, 0, "d")
    assert receiver.reassembly.buffered == 4 + 2 * CHUNK_OVERHEAD


def test_sequence_numbers_wrap(receiver):
    for number in range(65536 + 3):
        receiver.data(number, WHOLE, number & 0xFFFF, "x")
    assert len(receiver.delivered) == 65536 + 3


def test_pending_messages_are_delivered_over_the_wrap(receiver):
    for number in range(65535):
        receiver.data(number, WHOLE, number, "x")
    receiver.data(70002, WHOLE, 1, "c")
    receiver.data(70001, WHOLE, 0, "b")
    assert len(receiver.delivered) == 65535
    receiver.data(70000, WHOLE, 65535, "a")
    assert receiver.texts()[-3:] == ["a", "b", "c"]


def test_old_sequence_numbers_are_not_kept(receiver):
    receiver.data(1, WHOLE, 0, "a")
    receiver.data(2, WHOLE, 0, "again")
    assert receiver.texts() == ["a"]
    assert receiver.is_empty


def test_the_same_sequence_number_twice_is_kept_once(receiver):
    receiver.data(2, WHOLE, 1, "b")
    receiver.data(3, WHOLE, 1, "B")
    receiver.data(1, WHOLE, 0, "a")
    assert receiver.texts() == ["a", "b"]
    assert receiver.is_empty


def test_a_message_that_never_ends_is_cut_off_by_the_next(receiver):
    receiver.data(10, BEGIN, 0, "lost")
    receiver.data(11, BEGIN | UNORDERED, 0, "a")
    receiver.data(12, END | UNORDERED, 0, "b")
    assert receiver.texts() == ["ab"]
    receiver.data(13, BEGIN, 0, "lost")
    receiver.data(14, WHOLE | UNORDERED, 0, "c")
    assert receiver.texts() == ["ab", "c"]
    assert receiver.is_empty


def test_fragments_do_not_join_the_next_message(receiver):
    receiver.data(12, BEGIN, 1, "x")
    receiver.data(11, 0, 0, "b")
    receiver.data(13, END, 1, "y")
    assert receiver.texts() == []
    receiver.data(10, WHOLE, 0, "a")
    assert receiver.texts() == ["a", "xy"]


def test_interleaved_messages_of_one_stream(interleaved):
    add = interleaved.reassembly.add
    add(1, BEGIN, 0, 0, 51, b"a")
    add(2, BEGIN | UNORDERED, 0, 0, 51, b"x")
    add(3, BEGIN, 0, 1, 51, b"m")
    add(4, END, 0, 1, 1, b"n")
    add(5, END | UNORDERED, 0, 0, 1, b"y")
    add(6, 0, 0, 0, 1, b"b")
    add(7, END, 0, 0, 2, b"c")
    assert interleaved.texts() == ["xy", "abc", "mn"]
    assert interleaved.is_empty


def test_interleaved_fragment_in_a_place_that_is_taken(interleaved):
    add = interleaved.reassembly.add
    add(1, BEGIN, 0, 0, 51, b"a")
    add(2, BEGIN, 0, 0, 51, b"A")
    add(3, END, 0, 0, 1, b"b")
    assert interleaved.texts() == ["ab"]
    assert interleaved.is_empty


def test_skip_delivers_what_waited(receiver):
    receiver.data(12, WHOLE, 2, "c")
    receiver.data(13, WHOLE, 3, "d")
    receiver.data(16, WHOLE, 6, "g")
    receiver.reassembly.skip(11, [Skip(0, False, 1)])
    assert receiver.texts() == ["c", "d"]
    receiver.reassembly.skip(15, [Skip(0, False, 5)])
    assert receiver.texts() == ["c", "d", "g"]
    assert receiver.is_empty


def test_skip_delivers_what_it_skips_over_in_order(receiver):
    receiver.data(13, WHOLE, 3, "d")
    receiver.data(12, WHOLE, 2, "c")
    receiver.reassembly.skip(14, [Skip(0, False, 4)])
    assert receiver.texts() == ["c", "d"]
    receiver.data(15, WHOLE, 5, "f")
    assert receiver.texts() == ["c", "d", "f"]


def test_skip_forgets_incomplete_messages(receiver):
    receiver.data(10, BEGIN, 0, "a")
    receiver.data(12, 0, 0, "c")
    receiver.data(13, END, 0, "d")
    receiver.data(15, 0 | UNORDERED, 0, "e")
    receiver.reassembly.skip(14, [Skip(0, False, 0)])
    assert receiver.is_empty
    receiver.data(16, WHOLE, 1, "next")
    assert receiver.texts() == ["next"]


def test_skip_keeps_a_message_that_goes_on(receiver):
    receiver.data(11, BEGIN | UNORDERED, 0, "a")
    receiver.reassembly.skip(11, [])
    receiver.data(12, END | UNORDERED, 0, "b")
    assert receiver.texts() == ["ab"]


def test_skip_back_changes_nothing(receiver):
    for number in range(5):
        receiver.data(number, WHOLE, number, "x")
    receiver.reassembly.skip(3, [Skip(0, False, 2)])
    receiver.data(5, WHOLE, 5, "y")
    assert receiver.texts()[-1] == "y"


def test_skip_of_interleaved_messages(interleaved):
    add = interleaved.reassembly.add
    add(1, BEGIN, 0, 0, 51, b"a")
    add(2, BEGIN | UNORDERED, 0, 0, 51, b"u")
    add(3, BEGIN, 0, 1, 51, b"b")
    add(4, BEGIN, 1, 0, 51, b"s")
    interleaved.reassembly.skip(4, [Skip(0, False, 0)])
    add(5, END, 0, 1, 1, b"B")
    add(6, END | UNORDERED, 0, 0, 1, b"U")
    add(7, END, 1, 0, 1, b"S")
    assert interleaved.texts() == ["bB", "uU", "sS"]
    assert interleaved.is_empty


def test_skip_of_unordered_interleaved_messages(interleaved):
    add = interleaved.reassembly.add
    add(1, BEGIN | UNORDERED, 0, 0, 51, b"a")
    add(2, BEGIN | UNORDERED, 0, 1, 51, b"b")
    interleaved.reassembly.skip(2, [Skip(0, True, 0)])
    assert interleaved.reassembly.buffered == 1 + CHUNK_OVERHEAD
    add(3, WHOLE, 0, 0, 51, b"ordered is not skipped")
    assert interleaved.texts() == ["ordered is not skipped"]


@pytest.mark.parametrize("unordered", [0, UNORDERED])
def test_fragments_that_come_after_their_message_was_skipped(interleaved, unordered):
    add = interleaved.reassembly.add
    add(1, BEGIN | unordered, 0, 0, 51, b"a")
    interleaved.reassembly.skip(2, [Skip(0, bool(unordered), 0)])
    add(3, unordered, 0, 0, 2, b"late")
    assert interleaved.is_empty
    add(4, BEGIN | unordered, 0, 1, 51, b"b")
    add(5, END | unordered, 0, 1, 1, b"B")
    assert interleaved.texts() == ["bB"]


def test_skipped_identifiers_are_forgotten_with_the_stream(interleaved):
    interleaved.reassembly.skip(2, [Skip(0, True, 5)])
    interleaved.reassembly.restart_streams([0], 2)
    interleaved.reassembly.add(3, BEGIN | UNORDERED, 0, 0, 51, b"a")
    interleaved.reassembly.add(4, END | UNORDERED, 0, 0, 1, b"A")
    assert interleaved.texts() == ["aA"]


def test_restart_of_streams(receiver):
    receiver.data(1, WHOLE, 0, "a", stream_id=1)
    receiver.data(2, WHOLE, 0, "b", stream_id=2)
    receiver.data(4, WHOLE, 5, "waits", stream_id=1)
    receiver.data(6, 0, 6, "partial", stream_id=1)
    receiver.data(8, 0, 6, "kept", stream_id=2)
    receiver.reassembly.restart_streams([1], 5)
    assert receiver.reassembly.buffered == 4 + CHUNK_OVERHEAD
    receiver.data(9, WHOLE, 0, "again", stream_id=1)
    receiver.data(10, WHOLE, 1, "on", stream_id=2)
    assert receiver.texts() == ["a", "b", "again", "on"]


def test_clear(receiver):
    receiver.data(1, BEGIN, 0, "a")
    receiver.data(3, WHOLE, 2, "b")
    receiver.reassembly.clear()
    assert receiver.is_empty


def test_skip_of_interleaved_messages_over_the_wrap(interleaved):
    add = interleaved.reassembly.add
    interleaved.reassembly.skip(0, [Skip(0, False, 0x7FFFFFFF), Skip(0, False, 0xFFFFFFFD)])
    add(1, BEGIN, 0, 0xFFFFFFFE, 51, b"a")
    add(2, BEGIN, 0, 0, 51, b"b")
    add(3, BEGIN, 0, 1, 51, b"c")
    interleaved.reassembly.skip(4, [Skip(0, False, 0)])
    assert interleaved.reassembly.buffered == 1 + CHUNK_OVERHEAD
    add(5, END, 0, 1, 1, b"C")
    assert interleaved.texts() == ["cC"]
    assert interleaved.is_empty


def test_restart_of_interleaved_streams(interleaved):
    add = interleaved.reassembly.add
    add(1, BEGIN, 1, 0, 51, b"a")
    add(2, BEGIN | UNORDERED, 1, 0xFFFFFFFF, 51, b"b")
    add(3, BEGIN, 2, 0, 51, b"kept")
    add(4, WHOLE, 1, 7, 51, b"early")
    interleaved.reassembly.restart_streams([1], 4)
    assert interleaved.reassembly.buffered == 4 + CHUNK_OVERHEAD
    add(5, END, 2, 0, 1, b"!")
    assert interleaved.texts() == ["kept!"]
    assert interleaved.is_empty


def fill_with_ends(receiver, count):
    for number in range(count):
        receiver.data(1000 + number, END, 1000 + number, "x")


def fill_with_beginnings(receiver, count):
    for number in range(count):
        receiver.data(1000 + number, BEGIN, 1000 + number, "x")


def fill_with_early_messages(receiver, count):
    for number in range(count):
        receiver.data(1000 + 2 * number, WHOLE, 1000 + number, "x")


@pytest.mark.interpreted
@pytest.mark.parametrize("fill", [fill_with_ends, fill_with_beginnings, fill_with_early_messages])
@pytest.mark.parametrize("interleaving", [False, True])
@pytest.mark.parametrize(
    "forget",
    [
        lambda reassembly: reassembly.skip(5, [Skip(0, False, 5), Skip(1, False, 3)]),
        lambda reassembly: reassembly.restart_streams([1], 5),
    ],
)
def test_work_to_forget_little_does_not_grow_with_what_is_kept(interleaving, fill, forget):
    work = []
    for count in (10, 1000):
        receiver = Receiver(interleaving=interleaving)
        fill(receiver, count)
        receiver.data(3, BEGIN, 3, "forgotten", stream_id=1)
        before = receiver.reassembly.buffered
        work.append(tally(lambda receiver=receiver: forget(receiver.reassembly)).instructions)
        assert receiver.reassembly.buffered == before - 9 - CHUNK_OVERHEAD
    assert work[1] == work[0]
