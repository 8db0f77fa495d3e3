"""Carries nominations through: ours to the peer, the peer's to the pair in use (RFC 8445 8.1).

Which pair deserves it and whom to believe is the business of :mod:`frazil.ice.nomination`.
"""

from frazil.ice.check import Check, CheckKind
from frazil.ice.check_table import CheckTable
from frazil.ice.config import IceConfig
from frazil.ice.gate import NominationGate
from frazil.ice.generation import Generation
from frazil.ice.monitor import Monitor
from frazil.ice.nomination import (
    IsBetter,
    clearly_quicker,
    higher_priority,
    never_better,
    pair_to_nominate,
    should_follow,
)
from frazil.ice.pair import CandidatePair, PairKey, PairState
from frazil.ice.policy import Renomination
from frazil.ice.role import Role
from frazil.ice.selection import Selection
from frazil.trace import Trace
from frazil.types import RandomBytes


class Nominator:
    """Settles with the peer which pair is used, and uses it.

    Attributes:
        gate: Where nominations wait for a decision.
        generation: The one whose pairs are checked.
    """

    __slots__ = (
        "_config",
        "_random_bytes",
        "_renomination",
        "_role",
        "_selection",
        "_table",
        "_trace",
        "gate",
        "generation",
    )

    def __init__(
        self,
        config: IceConfig,
        role: Role,
        random_bytes: RandomBytes,
        trace: Trace,
        renomination: Renomination,
        table: CheckTable,
        selection: Selection,
    ) -> None:
        self._config = config
        self._role = role
        self._random_bytes = random_bytes
        self._trace = trace
        self._renomination = renomination
        self._table = table
        self._selection = selection
        self.gate = NominationGate()
        self.generation: Generation | None = None

    def begin(self, generation: Generation) -> None:
        """Nominate pairs of ``generation`` from now on."""
        self.generation = generation
        self.gate.clear()

    @property
    def is_settled(self) -> bool:
        """Whether both ends agreed on the pair in use, and nothing else is under way."""
        pair, current = self._selection.pair, self.generation
        return (
            pair is not None
            and current is not None
            and current is self._selection.generation
            and current.agreement.pair is pair
            and pair.is_valid
            and pair.nomination_received is None
            and not current.is_measured
            and not (self._role.is_controlling and current.agreement.is_doubtful)
        )

    # --- the peer nominates -------------------------------------------------------------------

    def requested(
        self, pair: CandidatePair, generation: Generation, number: int, now: float
    ) -> None:
        """The controlling peer nominates ``pair``; it counts once our own check succeeded."""
        pair.nomination_received, pair.nomination_received_at = number, now
        self.heed(pair, generation, now)

    def heed(self, pair: CandidatePair, generation: Generation, now: float) -> None:
        """Do what the peer asked for by nominating ``pair``, if it did and the pair works."""
        number, received_at = pair.nomination_received, pair.nomination_received_at
        if number is None:
            return
        if not self._may_use(pair, now):
            if pair.is_valid and generation is self.generation:
                generation.checklist.trigger(pair)
            return
        pair.nomination_received = None
        monitor = self._selection.monitor
        if not self._concerns(generation) or not should_follow(
            pair, generation, monitor, number, received_at
        ):
            return
        generation.agreement.believe(number)
        if pair is not generation.agreement.pair:
            self._agree(pair, generation, now)
        elif pair is not self._selection.pair:
            self.use(pair, generation, "the peer nominated the pair again", now)

    def _may_use(self, pair: CandidatePair, now: float) -> bool:
        """Whether data may be sent on ``pair`` until its consent is renewed (RFC 7675 5.1)."""
        config, is_in_use = self._config, pair is self._selection.pair
        enough_s = config.consent_timeout_s if is_in_use else config.consent_renewable_s
        return pair.has_consent(now, enough_s)

    # --- we nominate --------------------------------------------------------------------------

    def works(self, check: Check, now: float) -> None:
        """Nominate, follow or use the pair that just answered."""
        pair, generation = check.pair, check.generation
        if not self._concerns(generation):
            return
        if check.kind is CheckKind.NOMINATION:
            is_latest = check.nomination == generation.agreement.number
            if self._role.is_controlling and is_latest:
                generation.agreement.confirm()
                self._agree(pair, generation, now)
        elif self._role.is_controlling:
            self.nominate(generation, now, pair)
        elif pair.nomination_received is not None:
            self.heed(pair, generation, now)
        elif pair is generation.agreement.pair and pair is not self._selection.pair:
            self.use(pair, generation, "the nominated pair, silent for a while, answers", now)
        if not self._selection.is_alive and pair is not self._selection.pair:
            self.use(pair, generation, "the pair answered, and none else is in use", now)

    def _concerns(self, generation: Generation) -> bool:
        """Whether pairs of ``generation`` may still be selected."""
        return generation in (self.generation, self._selection.generation)

    def nominate(
        self, generation: Generation, now: float, answered: CandidatePair | None = None
    ) -> None:
        """Nominate what is worth it, if we are controlling and it is not under way."""
        if not self._role.is_controlling or not self._concerns(generation):
            return
        pair = pair_to_nominate(
            generation,
            self._selection.monitor,
            answered,
            lambda each: each.has_consent(now, self._config.disconnected_after_s),
            self._criterion(generation),
        )
        under_way = self._table.nominating
        if pair is None and under_way is None and generation.agreement.is_doubtful:
            pair = generation.agreement.pair  # say it again: the peer may have followed another
            if pair is None:
                self._ask_again(generation)
            elif self._selection.is_broken:
                return  # until another stream answers
        if pair is None or not pair.is_valid or self._is_forestalled(pair, generation, under_way):
            return
        if pair is generation.agreement.pair or self.gate.admits(pair):
            self._start_nomination(pair, generation, now)

    def _ask_again(self, generation: Generation) -> None:
        """A nomination was in vain, and of the other pairs nothing was heard since: check them."""
        if generation is self.generation:
            for pair in [each for each in generation.checklist if each.is_valid]:
                generation.checklist.trigger(pair)

    def _is_forestalled(
        self, pair: CandidatePair, generation: Generation, under_way: Check | None
    ) -> bool:
        """Whether ``pair`` is being nominated, or a pair of a restart that is newer than it."""
        if under_way is None:
            return False
        is_older = generation is not self.generation and under_way.generation is self.generation
        return is_older or pair is under_way.pair

    def _criterion(self, generation: Generation) -> IsBetter:
        """What justifies another nomination."""
        pinned = generation.pinned
        if (
            pinned is not None
            and pinned in generation.checklist
            and pinned.state is not PairState.FAILED
        ):
            return lambda pair, nominated: pair is pinned and pair is not nominated
        if self._renomination is Renomination.OFF:
            return never_better
        return clearly_quicker if generation.is_measured else higher_priority

    def decide(self, key: PairKey, now: float, *, wanted: bool) -> None:
        """The application wants the proposed pair nominated, or does not."""
        pair, generation = self.gate.take(key), self.generation
        if pair is None or generation is None:
            return
        if not wanted:
            pair.is_vetoed = True
            self.nominate(generation, now)
        elif pair.is_valid and self._role.is_controlling:
            self._start_nomination(pair, generation, now)

    def pin(self, pair: CandidatePair, now: float) -> None:
        """Nominate ``pair``, once a check of it succeeds, and no other one as long as it works."""
        generation = self.generation
        if generation is None:
            return
        generation.pinned = pair
        pair.is_vetoed = False
        if not pair.is_valid:
            generation.checklist.trigger(pair)
        elif pair is not generation.agreement.pair:
            self._start_nomination(pair, generation, now)

    def _start_nomination(self, pair: CandidatePair, generation: Generation, now: float) -> None:
        self._table.cancel_nominations()
        generation.agreement.propose()
        self._trace.record(now, "ice", "nominate", pair=pair.text)
        # While another pair is in use, an answer that is late is better not waited for long:
        # the peer may have followed, and is then told of the pair in use again.
        hurried = pair is not self._selection.pair
        self._table.start(pair, generation, CheckKind.NOMINATION, now, hurried=hurried)

    def _agree(self, pair: CandidatePair, generation: Generation, now: float) -> None:
        """Both ends settled on ``pair``."""
        generation.agreement.reach(pair, now)
        self._trace.record(now, "ice", "nominated", pair=pair.text)
        if pair is not self._selection.pair:
            self.use(pair, generation, "both ends agreed on the pair", now)

    def use(self, pair: CandidatePair, generation: Generation, text: str, now: float) -> None:
        """Send on ``pair`` from now on; a silent one that it replaces counts as failed."""
        old = self._selection.monitor
        if old is not None and not old.is_alive and self._selection.generation is generation:
            generation.checklist.mark(old.pair, PairState.FAILED)
        monitor = Monitor(pair, self._config, self._random_bytes, now)
        self._selection.use(monitor, generation, text, now)
