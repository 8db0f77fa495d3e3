"""Goes on with another pair than the one in use, without asking the peer first.

That is so when ours cannot be used any more, or when what arrives shows that the peer has moved.
Which pair takes over, and on what evidence, is the business of :mod:`frazil.ice.succession`;
to look where nothing is shown yet is that of :mod:`frazil.ice.scout`.
"""

from frazil.ice.candidate import CandidateType
from frazil.ice.config import IceConfig
from frazil.ice.generation import Generation
from frazil.ice.monitor import Monitor
from frazil.ice.nominator import Nominator
from frazil.ice.pair import CandidatePair, PairState
from frazil.ice.role import Role
from frazil.ice.scout import Scout
from frazil.ice.selection import Selection
from frazil.ice.succession import heir_by_answer, heir_by_consent, heir_by_payload
from frazil.ice.watch import Watch
from frazil.types import Address, RandomBytes


class Handover:
    """Replaces the pair in use: its local end is gone, its answer is late, the peer is elsewhere.

    Args:
        config: How long consent lasts, and the clocks of a pair.
        role: Whether to follow the peer is for us to decide.
        random_bytes: Spreads the checks of a pair.
        nominator: Uses pairs, and says anew what both ends are to agree on.
        selection: The pair in use.
        watch: Asks whether the pair that took over lives.
        scout: Checks where the peer may be.
    """

    __slots__ = (
        "_config",
        "_nominator",
        "_random_bytes",
        "_role",
        "_scout",
        "_selection",
        "_watch",
    )

    def __init__(
        self,
        config: IceConfig,
        role: Role,
        random_bytes: RandomBytes,
        nominator: Nominator,
        selection: Selection,
        watch: Watch,
        scout: Scout,
    ) -> None:
        self._config = config
        self._role = role
        self._random_bytes = random_bytes
        self._nominator = nominator
        self._selection = selection
        self._watch = watch
        self._scout = scout

    def leave(self, base: Address, now: float) -> bool:
        """Use another pair at once instead of one that has lost its ``base``.

        Consent to send on it must not expire before it is renewed (RFC 7675 5.1). It is asked at
        once, and if its last answer is old and no other comes, it counts as lost in less than a
        second.

        Returns:
            Whether there is one.
        """
        selection = self._selection
        old, generation = selection.monitor, self._nominator.generation
        if generation is None or old is None or old.pair.local.base != base:
            return False
        pair = heir_by_consent(generation, now, self._config.consent_renewable_s)
        if pair is None:
            return False
        what = "relay" if old.pair.local.type is CandidateType.RELAYED else "interface"
        text = f"the {what} of the pair before is gone"
        monitor = Monitor(pair, self._config, self._random_bytes, now, pair.consented_at)
        selection.use(monitor, generation, text, now)
        self._watch.ask_early(now)
        return True

    def look(self, local: Address, remote: Address, now: float) -> None:
        """The peer may be using another pair than we do."""
        self._scout.look(local, remote, now, controlling=self._role.is_controlling)

    def follow(self, local: Address, remote: Address, now: float) -> bool:
        """Verified payload came on another pair than the one in use.

        Returns:
            Whether that one is in use now.
        """
        old, generation = self._selection.monitor, self._selection.generation
        if old is None or generation is None:
            return False
        renewable_s, controlling = self._config.consent_renewable_s, self._role.is_controlling
        key = (local, remote)
        pair = heir_by_payload(generation, old, key, now, renewable_s, controlling=controlling)
        if pair is None:
            self.look(local, remote, now)
        else:
            self._hand_over(pair, generation, "the peer sends on the pair", now)
        return pair is not None

    def overtake(self, now: float) -> None:
        """Leave a pair whose answer is late for one that has answered meanwhile."""
        old, generation = self._selection.monitor, self._selection.generation
        pair = heir_by_answer(generation, old) if generation and old else None
        if pair is not None and generation is not None:
            text = "the pair answers, and the one in use does not"
            self._hand_over(pair, generation, text, now)

    def _hand_over(
        self, pair: CandidatePair, generation: Generation, text: str, now: float
    ) -> None:
        """Use ``pair`` in place of the one in use, which counts as failed; ``text`` says why.

        If a NAT has moved the peer, it will learn so from our answers, and say again what it has
        nominated. If not, what was nominated is taken back as soon as it answers.
        """
        old = self._selection.pair
        if old is None:
            return
        generation.checklist.mark(old, PairState.FAILED)
        self._nominator.use(pair, generation, text, now)
        self._watch.ask_early(now)
        if self._role.is_controlling:
            self._nominator.nominate(generation, now)
