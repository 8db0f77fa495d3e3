"""What the answer to a check, or its absence, says of the pair (RFC 8445 7.2.5).

Which answers belong to which check, and are authentic, is the business of
:mod:`frazil.ice.check_table`.
"""

from typing import Final

from frazil.ice.check import Check, CheckKind
from frazil.ice.check_table import Answer, CheckTable
from frazil.ice.config import MAX_ROLE_CONFLICTS
from frazil.ice.consent import Consent
from frazil.ice.evictor import Evictor
from frazil.ice.generation import Generation
from frazil.ice.handover import Handover
from frazil.ice.nominator import Nominator
from frazil.ice.pair import PairState
from frazil.ice.role import Role
from frazil.ice.selection import Selection
from frazil.ice.watch import Watch
from frazil.stun import Message
from frazil.trace import Trace
from frazil.types import Address

_FORBIDDEN: Final = 403
_ROLE_CONFLICT: Final = 487
_WATCHING: Final = (CheckKind.CONSENT, CheckKind.STANDBY)
"""Checks that say nothing by their failure: the monitor judges by time, not by single checks."""


class Assessor:
    """Judges pairs by their checks, and tells those who act on it.

    Args:
        role: Ours, which a conflict switches.
        table: The checks in flight.
        evictor: Makes room for what answers reveal.
        selection: The pair in use.
        consent: Learns what answers on a pair look like.
        watch: Takes consent from pairs.
        nominator: Nominates what works.
        handover: Leaves a pair in use whose answer is late.
        trace: Where decisions are recorded.
    """

    __slots__ = (
        "_conflicts",
        "_consent",
        "_evictor",
        "_handover",
        "_nominator",
        "_role",
        "_selection",
        "_table",
        "_trace",
        "_watch",
    )

    def __init__(
        self,
        role: Role,
        table: CheckTable,
        evictor: Evictor,
        selection: Selection,
        consent: Consent,
        watch: Watch,
        nominator: Nominator,
        handover: Handover,
        trace: Trace,
    ) -> None:
        self._role = role
        self._table = table
        self._evictor = evictor
        self._selection = selection
        self._consent = consent
        self._watch = watch
        self._nominator = nominator
        self._handover = handover
        self._trace = trace
        self._conflicts = 0

    def begin(self) -> None:
        """Another generation is checked: role conflicts are counted anew."""
        self._conflicts = 0

    @property
    def _current(self) -> Generation | None:
        """The generation whose pairs are checked."""
        return self._nominator.generation

    # --- an answer ----------------------------------------------------------------------------

    def receive(self, response: Message, local: Address, remote: Address, now: float) -> bool:
        """Take a response (RFC 8445 7.2.5).

        Returns:
            Whether it is authentic and came the way of a check of ours in reverse.
        """
        answer = self._table.receive(response, local, remote, now)
        if answer is None:
            return False
        check, error = answer.check, answer.error
        check.pair.responses_received += 1
        if not answer.is_symmetric:
            self._trace.count("stun-response-from-elsewhere")
            self._failed(check, None, now)
        elif error is None:
            self._succeeded(answer, now)
            self._consent.learn_answer(check, response.data)
        elif error == _FORBIDDEN:
            self._forbidden(check, now)
        elif error == _ROLE_CONFLICT and self._conflicts < MAX_ROLE_CONFLICTS:
            self._conflicts += 1
            self._conflicted(check)
        elif not check.is_cancelled:
            self._failed(check, error, now)
        return answer.is_symmetric

    def _conflicted(self, check: Check) -> None:
        """The peer insists on our role: switch and check again (RFC 8445 7.2.5.1)."""
        if check.sent_as is self._role.value:
            self._role.yield_to_peer()
        pair = check.pair
        if check.generation is self._current and not pair.is_valid and not pair.is_barred:
            check.generation.checklist.trigger(pair)

    def _forbidden(self, check: Check, now: float) -> None:
        """The peer revokes consent (RFC 7675 5.2)."""
        check.pair.error_code = _FORBIDDEN
        if check.pair is self._selection.pair:
            self._watch.lose_consent("the peer revoked its consent", now, is_revoked=True)
        else:
            self._watch.bar(check.pair, check.generation)

    def _succeeded(self, answer: Answer, now: float) -> None:
        """The pair works (RFC 8445 7.2.5.3)."""
        check = answer.check
        pair, checklist = check.pair, check.generation.checklist
        rtt_s = check.transaction.rtt_s(now)
        pair.note_success(rtt_s, now - check.transaction.started_at, now)
        if self._selection.note_response(pair, now):
            self._trace.record(now, "ice", "consent-renewed", pair=pair.text, rtt_s=rtt_s)
        if pair not in checklist:
            self._evictor.make_room_for_remote(pair.remote.address, check.generation, now)
            if not check.generation.adopt(pair):
                return
        if not pair.is_valid:
            self._trace.record(now, "ice", "pair-valid", pair=pair.text, rtt_s=rtt_s)
            checklist.mark(pair, PairState.SUCCEEDED)
        self._mapped(answer, now)
        checklist.thaw(pair.foundation)
        self._renew(check, now)
        self._nominator.works(check, now)
        self._handover.overtake(now)

    def _mapped(self, answer: Answer, now: float) -> None:
        """Learn where the peer sees our end of the pair (RFC 8445 7.2.5.3.1).

        If that changes, a NAT has moved us. The peer sees another pair from now on, so what both
        agreed on is said again there. If it was a nomination that showed it, that has been said
        there: the peer selects the pair on which the nomination came (RFC 8445 7.3.1.5).
        """
        pair, generation = answer.check.pair, answer.check.generation
        before, address = pair.mapped, answer.mapped or pair.local.address
        if before is not None and before.address == address:
            return
        self._evictor.make_room_for_mapped(generation, now)
        pair.mapped = generation.local_candidates.learn(pair.local, address, answer.check.priority)
        if before is None or pair.mapped.address != address or pair is not self._selection.pair:
            return
        self._selection.note_moved(f"the peer sees us at {address[0]}:{address[1]} now", now)
        generation.agreement.doubt(pair)

    def _renew(self, check: Check, now: float) -> None:
        """Ask with the credentials of a restart where those before it got an answer just now.

        Else a restart that began while nothing passed would wait for the next repetition of its
        own checks, or fail for want of one, while the pair of before is in use again.
        """
        current = self._current
        if current is None or current is check.generation:
            return
        pair = current.checklist.find(check.pair.key)
        if pair is None or pair.is_valid or pair.is_barred:
            return
        if not self._table.repeat(pair, now):
            current.checklist.trigger(pair)

    # --- no answer, or none that helps --------------------------------------------------------

    def timed_out(self, check: Check, now: float) -> None:
        """Nobody answered. Of the pair in use the monitor judges, by time and not by checks."""
        if check.kind in _WATCHING:
            return
        transaction = check.transaction
        self._trace.record(
            now,
            "ice",
            "check-timed-out",
            pair=check.pair.text,
            purpose=check.kind,
            sends=transaction.sends + transaction.repeats,
            waited_s=now - transaction.started_at,
        )
        self._failed(check, None, now)

    def _failed(self, check: Check, code: int | None, now: float) -> None:
        """The pair does not work, as far as this check says (RFC 8445 7.2.5.2)."""
        if check.kind in _WATCHING:
            return
        pair, checklist = check.pair, check.generation.checklist
        self._trace.record(now, "ice", "pair-failed", pair=pair.text, code=code)
        if code is not None:
            pair.error_code = code
        if code is not None or pair is not self._selection.pair:
            checklist.mark(pair, PairState.FAILED)  # in use: the monitor judges it by time
        self._nominator.nominate(check.generation, now)
