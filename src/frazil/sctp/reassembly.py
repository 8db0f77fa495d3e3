"""Puts fragments together and messages in order (RFC 9260 section 6.9, RFC 8260 section 2.2)."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.sctp.chunk import BEGIN, END, UNORDERED, WHOLE, Skip
from frazil.sctp.event import UserMessage
from frazil.sctp.fragment_run import CHUNK_OVERHEAD, FragmentRun
from frazil.sctp.resequencer import Resequencer
from frazil.sctp.serial import HALF_32, MASK_16, MASK_32, is_behind

MAX_LATENESS: Final = MASK_16
"""Unordered messages that were skipped so many messages ago have no fragments under way."""


@mypyc_attr(acyclic=True)
class Reassembly:
    """Delivers whole messages, ordered ones in sequence.

    Each fragment has a *position*: an integer such that the fragments of one message are
    neighbours. For DATA that is the TSN. For I-DATA it is made of stream, order, message
    identifier and fragment number. So both kinds are put together in the same way.

    Attributes:
        buffered: What the kept data counts for in the receive window.
    """

    __slots__ = (
        "_by_first",
        "_by_last",
        "_early",
        "_firsts",
        "_interleaving",
        "_messages",
        "_next",
        "_sequence_mask",
        "_skipped_unordered",
        "buffered",
    )

    def __init__(self, messages: list[UserMessage], *, interleaving: bool) -> None:
        """Put together what arrives; whole messages are appended to ``messages``."""
        self._messages = messages
        self._interleaving = interleaving
        self._sequence_mask = MASK_32 if interleaving else MASK_16
        self._by_first: dict[int, FragmentRun] = {}
        self._by_last: dict[int, FragmentRun] = {}
        self._firsts: list[int] = []  # the keys of _by_first, ascending
        self._next: dict[int, int] = {}  # stream with messages to the number that is due
        self._skipped_unordered: dict[int, int] = {}  # stream to message identifier
        self._early: dict[int, Resequencer] = {}  # by stream; none of them is empty
        self.buffered = 0

    @property
    def stream_ids(self) -> tuple[int, ...]:
        """The streams on which messages have arrived."""
        return tuple(self._next)

    def add(
        self, tsn: int, flags: int, stream_id: int, sequence: int, last: int, data: bytes
    ) -> None:
        """Take a DATA or I-DATA chunk that is no duplicate.

        Args:
            tsn: Its unwrapped TSN.
            flags: Its flags.
            stream_id: Its stream.
            sequence: Its stream sequence number, or message identifier.
            last: Its PPID, or fragment number if it is an I-DATA chunk without BEGIN.
            data: The user data, not empty.
        """
        if flags & WHOLE == WHOLE:
            self.add_whole(tsn, flags, stream_id, sequence, last, data)
        else:
            self.add_fragment(tsn, flags, stream_id, sequence, last, data)

    def add_whole(
        self, tsn: int, flags: int, stream_id: int, sequence: int, ppid: int, data: bytes
    ) -> None:
        """Deliver a whole message, or keep it until those before it have arrived.

        The arguments are those of :meth:`add`.
        """
        if self._by_last and not self._interleaving:
            self._cut_off(tsn - 1)
        if flags & UNORDERED:
            self._messages.append((stream_id, ppid, data))
            if stream_id not in self._next:
                self._next[stream_id] = 0
            return
        expected = self._next.get(stream_id, 0)
        if sequence == expected:
            self._messages.append((stream_id, ppid, data))
            self._next[stream_id] = (sequence + 1) & self._sequence_mask
            if self._early:
                self._release(stream_id)
        elif not is_behind(sequence, expected, self._sequence_mask):
            early = self._early.get(stream_id)
            if early is None:
                early = self._early[stream_id] = Resequencer(self._sequence_mask)
            if early.put(sequence, expected, (stream_id, ppid, data)):
                self.buffered += len(data) + CHUNK_OVERHEAD

    def add_fragment(
        self, tsn: int, flags: int, stream_id: int, sequence: int, last: int, data: bytes
    ) -> None:
        """Take a piece of a message; the arguments are those of :meth:`add`."""
        position = tsn
        if self._interleaving:
            is_due = sequence == self._next.get(stream_id, 0) and not flags & UNORDERED
            if not is_due and self._is_given_up(flags, stream_id, sequence):
                return
            position = (stream_id << 1 | bool(flags & UNORDERED)) << 64 | sequence << 32
            if not flags & BEGIN:
                position += last
        if position in self._by_first:
            return  # a second chunk for the same place: only a broken peer sends it
        self.buffered += len(data) + CHUNK_OVERHEAD
        if flags & BEGIN:
            self._cut_off(position - 1)
        run = self._by_last.pop(position - 1, None)
        if run is None:
            run = FragmentRun(position, flags, stream_id, sequence, last, data)
            self._by_first[position] = run
            insort(self._firsts, position)
        else:
            run.parts.append(data)
            run.last = position
            if flags & END:
                run.flags |= END
        if not flags & END and position + 1 in self._by_first:
            self._join_right(run)
        if not run.flags & END:
            self._by_last[run.last] = run
        elif run.flags & BEGIN:
            self._finish(run)

    def _is_given_up(self, flags: int, stream_id: int, message_id: int) -> bool:
        """Whether a fragment comes after its message was skipped.

        Fragments of several messages alternate, so I-FORWARD-TSN may skip a message while some of
        its fragments, with higher TSNs, are still under way.
        """
        if not flags & UNORDERED:
            return is_behind(message_id, self._next.get(stream_id, 0), MASK_32)
        skipped = self._skipped_unordered.get(stream_id)
        return skipped is not None and (skipped - message_id) & MASK_32 <= MAX_LATENESS

    def _cut_off(self, last: int) -> None:
        """Forget the run that ends at ``last``: another message begins where it should go on."""
        run = self._by_last.pop(last, None)
        if run is not None:
            self._take_out(run)
            self.buffered -= run.cost()

    def _join_right(self, run: FragmentRun) -> None:
        """Put the run that follows directly onto this one, if it is of the same message."""
        right = self._by_first[run.last + 1]
        if not right.flags & BEGIN:
            self._take_out(right)
            self._by_last.pop(right.last, None)
            run.append(right)

    def _take_out(self, run: FragmentRun) -> None:
        del self._by_first[run.first]
        del self._firsts[bisect_left(self._firsts, run.first)]

    def _finish(self, run: FragmentRun) -> None:
        self._take_out(run)
        self.buffered -= run.cost()
        data = b"".join(run.parts)
        self.add_whole(run.first, run.flags, run.stream_id, run.sequence, run.ppid, data)

    def _release(self, stream_id: int) -> None:
        """Deliver what is due on this stream now."""
        early = self._early.get(stream_id)
        if early is None:
            return
        messages, self._next[stream_id] = early.release(self._next[stream_id])
        if not early:
            del self._early[stream_id]
        self._messages += messages
        for _, _, data in messages:
            self.buffered -= len(data) + CHUNK_OVERHEAD

    def skip(self, tsn: int, skips: Iterable[Skip]) -> None:
        """The peer gave up everything up to ``tsn``, and these messages (RFC 3758 section 3.6)."""
        if self._interleaving:
            for skip in skips:
                self._forget_messages(skip)
        else:
            beyond = {skip.stream_id: (skip.sequence + 1) & MASK_16 for skip in skips}
            self._forget_cut(
                tsn,
                lambda run: (
                    not run.flags & UNORDERED
                    and run.stream_id in beyond
                    and is_behind(run.sequence, beyond[run.stream_id], MASK_16)
                ),
            )
        for skip in skips:
            if skip.unordered:
                self._skipped_unordered[skip.stream_id] = skip.sequence
            else:
                self._skip_sequence(skip.stream_id, skip.sequence)

    def _skip_sequence(self, stream_id: int, sequence: int) -> None:
        """Deliver what arrived up to ``sequence``, in order, and go on behind it."""
        mask = self._sequence_mask
        if not is_behind(sequence, self._next.get(stream_id, 0), mask):
            self._next[stream_id] = (sequence + 1) & mask
            self._release(stream_id)

    def restart_streams(self, stream_ids: Iterable[int], tsn: int) -> None:
        """These streams begin again at sequence number zero; what is incomplete is lost.

        Args:
            stream_ids: The streams.
            tsn: Everything up to it has arrived, all that was sent on them before among that.
        """
        restarted = frozenset(stream_ids)
        for stream_id in restarted:
            self._next.pop(stream_id, None)
            self._skipped_unordered.pop(stream_id, None)
            early = self._early.pop(stream_id, None)
            if early is not None:
                self.buffered -= sum(size + CHUNK_OVERHEAD for size in early.sizes())
            if self._interleaving:
                self._forget(stream_id << 65, (stream_id + 1) << 65)
        if not self._interleaving:
            self._forget_cut(tsn, lambda run: run.stream_id in restarted)

    def _forget_messages(self, skip: Skip) -> None:
        """Forget the runs of I-DATA up to a message: the half of all numbers that ends there."""
        flow = (skip.stream_id << 1 | skip.unordered) << 64
        end = (skip.sequence + 1) & MASK_32
        start = (end - HALF_32) & MASK_32
        if start > end:
            self._forget(flow | start << 32, flow + (1 << 64))
            start = 0
        self._forget(flow | start << 32, flow | end << 32)

    def _forget_cut(self, tsn: int, is_given_up: Callable[[FragmentRun], bool]) -> None:
        """Forget the runs of DATA up to ``tsn`` that nothing can complete, or that are given up."""
        self._forget(0, tsn + 2, lambda run: run.is_cut_by(tsn) or is_given_up(run))

    def _forget(
        self, start: int, end: int, condition: Callable[[FragmentRun], bool] | None = None
    ) -> None:
        """Forget the runs that begin between two positions, unless ``condition`` says no."""
        low, high = bisect_left(self._firsts, start), bisect_left(self._firsts, end)
        kept = []
        for first in self._firsts[low:high]:
            run = self._by_first[first]
            if condition is None or condition(run):
                del self._by_first[first]
                self._by_last.pop(run.last, None)
                self.buffered -= run.cost()
            else:
                kept.append(first)
        self._firsts[low:high] = kept

    def clear(self) -> None:
        """Forget everything."""
        self._by_first.clear()
        self._by_last.clear()
        self._firsts.clear()
        self._early.clear()
        self.buffered = 0
