"""Puts fragments together and messages in order (RFC 9260 section 6.9, RFC 8260 section 2.2)."""

from collections.abc import Callable, Iterable
from typing import Final

from frazil.sctp.chunk import BEGIN, END, UNORDERED, WHOLE, Skip
from frazil.sctp.event import UserMessage
from frazil.sctp.serial import MASK_16, MASK_32, is_behind

CHUNK_OVERHEAD: Final = 128
"""What keeping one chunk costs besides its data; counted so that tiny chunks are no loophole."""
MAX_LATENESS: Final = MASK_16
"""Unordered messages that were skipped so many messages ago have no fragments under way."""


class _Run:
    """Adjacent fragments of one message.

    Attributes:
        first: The position of its first fragment.
        last: The position of its last fragment.
        parts: The user data in order.
        flags: BEGIN if the message's first fragment is here, END for its last, and UNORDERED.
        sequence: The message's sequence number, and ppid: its PPID, valid once BEGIN is set.
    """

    __slots__ = ("first", "flags", "last", "parts", "ppid", "sequence", "stream_id")

    def __init__(
        self, position: int, flags: int, stream_id: int, sequence: int, ppid: int, data: bytes
    ) -> None:
        self.first = self.last = position
        self.flags = flags
        self.stream_id = stream_id
        self.sequence = sequence
        self.ppid = ppid
        self.parts = [data]

    def cost(self) -> int:
        """What it counts for in the receive window."""
        return sum(map(len, self.parts)) + CHUNK_OVERHEAD * len(self.parts)

    def append(self, run: "_Run") -> None:
        """Continue with the run that follows directly."""
        self.parts += run.parts
        self.last = run.last
        self.flags |= run.flags & END


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
        "_interleaving",
        "_messages",
        "_next",
        "_pending",
        "_sequence_mask",
        "_skipped_unordered",
        "buffered",
    )

    def __init__(self, messages: list[UserMessage], *, interleaving: bool) -> None:
        """Put together what arrives; whole messages are appended to ``messages``."""
        self._messages = messages
        self._interleaving = interleaving
        self._sequence_mask = MASK_32 if interleaving else MASK_16
        self._by_first: dict[int, _Run] = {}
        self._by_last: dict[int, _Run] = {}
        self._next: dict[int, int] = {}  # stream to the sequence number that is due
        self._skipped_unordered: dict[int, int] = {}  # stream to message identifier
        self._pending: dict[int, dict[int, tuple[int, bytes]]] = {}
        self.buffered = 0

    @property
    def stream_ids(self) -> tuple[int, ...]:
        """The streams on which ordered messages have arrived."""
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
            return
        expected = self._next.get(stream_id, 0)
        if sequence == expected:
            self._messages.append((stream_id, ppid, data))
            self._next[stream_id] = (sequence + 1) & self._sequence_mask
            if self._pending:
                self._drain(stream_id)
        elif not is_behind(sequence, expected, self._sequence_mask):
            pending = self._pending.setdefault(stream_id, {})
            if sequence not in pending:
                pending[sequence] = (ppid, data)
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
            run = _Run(position, flags, stream_id, sequence, last, data)
            self._by_first[position] = run
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
        run = self._by_last.get(last)
        if run is not None:
            self._forget(run)

    def _join_right(self, run: _Run) -> None:
        """Put the run that follows directly onto this one, if it is of the same message."""
        right = self._by_first[run.last + 1]
        if not right.flags & BEGIN:
            del self._by_first[right.first]
            self._by_last.pop(right.last, None)
            run.append(right)

    def _finish(self, run: _Run) -> None:
        del self._by_first[run.first]
        self.buffered -= run.cost()
        data = b"".join(run.parts)
        self.add_whole(run.first, run.flags, run.stream_id, run.sequence, run.ppid, data)

    def _forget(self, run: _Run) -> None:
        del self._by_first[run.first]
        self._by_last.pop(run.last, None)
        self.buffered -= run.cost()

    def _drain(self, stream_id: int) -> None:
        """Deliver what is due on this stream now."""
        pending = self._pending.get(stream_id)
        if pending is None:
            return
        expected = self._next[stream_id]
        while (message := pending.pop(expected, None)) is not None:
            self._deliver_pending(stream_id, message)
            expected = (expected + 1) & self._sequence_mask
        self._next[stream_id] = expected
        if not pending:
            del self._pending[stream_id]

    def _deliver_pending(self, stream_id: int, message: tuple[int, bytes]) -> None:
        ppid, data = message
        self.buffered -= len(data) + CHUNK_OVERHEAD
        self._messages.append((stream_id, ppid, data))

    def skip(self, tsn: int, skips: Iterable[Skip]) -> None:
        """The peer gave up everything up to ``tsn``, and these messages (RFC 3758 section 3.6)."""
        if not self._interleaving:
            self._forget_where(lambda run: _is_cut_by(run, tsn))
        for skip in skips:
            self._forget_messages(skip)
            if skip.unordered:
                self._skipped_unordered[skip.stream_id] = skip.sequence
            else:
                self._skip_sequence(skip.stream_id, skip.sequence)

    def _forget_messages(self, skip: Skip) -> None:
        mask = self._sequence_mask
        beyond = (skip.sequence + 1) & mask

        def is_skipped(run: _Run) -> bool:
            return (
                run.stream_id == skip.stream_id
                and bool(run.flags & UNORDERED) == skip.unordered
                and is_behind(run.sequence, beyond, mask)
            )

        self._forget_where(is_skipped)

    def _skip_sequence(self, stream_id: int, sequence: int) -> None:
        """Deliver what arrived up to ``sequence``, in order, and go on behind it."""
        mask = self._sequence_mask
        expected = self._next.get(stream_id, 0)
        if is_behind(sequence, expected, mask):
            return
        beyond = (sequence + 1) & mask
        pending = self._pending.get(stream_id, {})
        due = [number for number in pending if is_behind(number, beyond, mask)]
        for number in sorted(due, key=lambda number: (number - expected) & mask):
            self._deliver_pending(stream_id, pending.pop(number))
        self._next[stream_id] = beyond
        self._drain(stream_id)

    def restart_streams(self, stream_ids: Iterable[int]) -> None:
        """These streams begin again at sequence number zero; what is incomplete is lost."""
        restarted = frozenset(stream_ids)
        for stream_id in restarted:
            self._next.pop(stream_id, None)
            self._skipped_unordered.pop(stream_id, None)
            for _, data in self._pending.pop(stream_id, {}).values():
                self.buffered -= len(data) + CHUNK_OVERHEAD
        self._forget_where(lambda run: run.stream_id in restarted)

    def _forget_where(self, condition: Callable[[_Run], bool]) -> None:
        for run in [run for run in self._by_first.values() if condition(run)]:
            self._forget(run)

    def clear(self) -> None:
        """Forget everything."""
        self._by_first.clear()
        self._by_last.clear()
        self._pending.clear()
        self.buffered = 0


def _is_cut_by(run: _Run, tsn: int) -> bool:
    """Whether a run of DATA chunks can never be completed once nothing up to ``tsn`` comes."""
    if not run.flags & BEGIN:
        return run.first <= tsn + 1
    return run.last < tsn
