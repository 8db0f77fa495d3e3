"""The pair in use: which one carries data, under whose clocks, and since when."""

from frazil.ice.event import SelectedPair
from frazil.ice.generation import Generation
from frazil.ice.monitor import Monitor
from frazil.ice.pair import CandidatePair
from frazil.trace import Reason, Trace
from frazil.types import Address

_SILENCE_S = 1.0
"""After so long the timers of the layers above have backed off."""


class Selection:
    """The pair in use with its :class:`Monitor`; it may be of an older generation (restart).

    Attributes:
        monitor: The clocks of the pair; ``None`` while no pair may be used.
        generation: The generation of the pair.
        silent_pair: The pair that was found silent last.
        consent_was_lost: Consent was lost and the state has not followed yet.
        changes: How often the pair in use became another one, or none.
        revivals: How often the pair in use answered after a silence, or from behind another
            address of ours: what was sent meanwhile did not arrive.
    """

    __slots__ = (
        "_described",
        "_dropped",
        "_news",
        "_trace",
        "changes",
        "consent_was_lost",
        "generation",
        "monitor",
        "revivals",
        "silent_pair",
    )

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.monitor: Monitor | None = None
        self.generation: Generation | None = None
        self.silent_pair: CandidatePair | None = None
        self.consent_was_lost = False
        self.changes = 0
        self.revivals = 0
        self._news: Reason | None = None
        self._dropped: Monitor | None = None
        self._described: SelectedPair | None = None

    @property
    def witness(self) -> Monitor | None:
        """The clocks of the pair in use, or of the one that was just lost."""
        return self._dropped if self.consent_was_lost else self.monitor

    @property
    def pair(self) -> CandidatePair | None:
        """The pair in use."""
        return self.monitor.pair if self.monitor else None

    @property
    def described(self) -> SelectedPair | None:
        """The pair in use, as both sides know it."""
        return self.monitor.pair.describe() if self.monitor else None

    @property
    def path(self) -> tuple[Address, Address] | None:
        """Where to send from and to; ``None`` while nothing may or can be sent."""
        return None if self.monitor is None else self.monitor.path

    @property
    def is_alive(self) -> bool:
        """Whether there is a pair and its peer was heard lately."""
        return self.monitor is not None and self.monitor.is_alive

    @property
    def is_broken(self) -> bool:
        """Whether the stream of the pair has ended, and no other has taken its place yet."""
        return self.monitor is not None and self.monitor.is_broken

    def bar(self, generation: Generation) -> int:
        """Pairs of up to this priority need no check: a better one is nominated and lives."""
        nominated, monitor = generation.agreement.pair, self.monitor
        if nominated is None or monitor is None or nominated is not monitor.pair:
            return -1
        if not monitor.is_alive:
            return -1
        return 0 if generation.is_measured else nominated.priority

    def note_heard(self, local: Address, remote: Address, now: float) -> bool:
        """An authentic packet took this way.

        Returns:
            Whether that is the pair in use, and it was silent before.
        """
        monitor = self.monitor
        if monitor is None or monitor.key != (local, remote):
            return False
        was_alive = monitor.is_alive
        self._note_revival(monitor, now)
        monitor.note_heard(now)
        return not was_alive

    def note_request(self, local: Address, remote: Address, now: float) -> None:
        """An authentic check of the peer took this way."""
        monitor = self.monitor
        if monitor is not None and monitor.key == (local, remote):
            self._note_revival(monitor, now)
            monitor.note_request(now)

    def note_response(self, pair: CandidatePair, now: float) -> bool:
        """An authentic response to a check of ours came on ``pair``; whether that is in use."""
        monitor = self.monitor
        if monitor is None or monitor.pair is not pair:
            return False
        self._note_revival(monitor, now)
        monitor.note_response(now)
        return True

    def _note_revival(self, monitor: Monitor, now: float) -> None:
        if monitor.is_late and now - monitor.heard_at >= _SILENCE_S:
            self.revivals += 1

    def note_moved(self, text: str, now: float) -> None:
        """The peer sees our end of the pair in use at another address; ``text`` says so."""
        pair = self.pair
        if pair is None:
            return
        self.changes += 1
        self.revivals += 1
        self._described = pair.describe()
        self._news = Reason("address-changed", "RFC 8445 7.2.5.3.1", text)
        self._trace.record(now, "ice", "address-changed", pair=pair.text, text=text)

    def use(self, monitor: Monitor, generation: Generation, text: str, now: float) -> None:
        """Send from now on on the pair under these clocks; ``text`` says why."""
        pair = monitor.pair
        self.monitor = monitor
        self.generation = generation
        self.changes += 1
        self._described = pair.describe()
        self._news = Reason("pair-selected", "RFC 8445 8.1.1, 12.1", text)
        self._trace.record(
            now, "ice", "selected", pair=pair.text, nominated=pair.nominated, text=text
        )

    def describe_again(self, now: float) -> None:
        """Tell of the pair in use anew if a candidate of it turned out to be a signalled one.

        It remains the same pair, so that this is none of the ``changes``.
        """
        pair = self.pair
        if pair is None or pair.describe() == self._described:
            return
        self._described = pair.describe()
        text = "a peer-reflexive candidate of the pair in use was signalled"
        self._news = Reason("candidate-identified", "RFC 8838 11.4", text)
        self._trace.record(now, "ice", "identified", pair=pair.text)

    def lose_liveness(self, now: float) -> None:
        """The liveness clock of the pair ran out."""
        monitor = self.monitor
        if monitor is not None:
            monitor.declare_lost()
            self.silent_pair = monitor.pair
            self._trace.record(
                now,
                "ice",
                "liveness-lost",
                pair=monitor.pair.text,
                silent_s=now - monitor.heard_at,
                unanswered=monitor.unanswered,
            )

    def break_off(self, now: float, *, for_good: bool) -> None:
        """The stream of the pair has ended; ``for_good`` if only the peer can open another."""
        if self.monitor is not None:
            if for_good:
                self.monitor.cut(now)
            self.monitor.break_off(now)
            self.silent_pair = self.monitor.pair

    def cut(self, now: float) -> None:
        """The local end of the pair is gone: its interface, or its relay."""
        if self.monitor is not None:
            self.monitor.cut(now)
            self.silent_pair = self.monitor.pair

    def drop(self, text: str, now: float) -> None:
        """Nothing may be sent on the pair any more; ``text`` says why."""
        if self.monitor is not None:
            self._trace.record(now, "ice", "unselected", pair=self.monitor.pair.text, text=text)
            self._news = Reason("consent-lost", "RFC 7675 5.1", text)
            self._dropped = self.monitor
            self.monitor = None
            self.generation = None
            self.changes += 1

    def take_news(self) -> Reason | None:
        """Why the pair is another than when this was asked last; ``None`` if it is not."""
        news, self._news = self._news, None
        return news
