"""What happens to two peers in one session: data only, drawn from one source of randomness."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final

from frazil.testing import Conditions
from matrix.place import PLACES
from matrix.prediction import Sender, best, senders

CHAOS_S: Final = 40.0
"""All happenings begin within so long after the first call."""
CONSENT_S: Final = 25.0
"""An outage of no more than this ends no connection: consent lasts 30 s (RFC 7675)."""
_HEAVY_LOSS: Final = 0.1
"""On each leg of the way; there are up to six to the other end and back."""

_CONES: Final = tuple(place for place in PLACES if place.has_udp)
_NO_NAT: Final = PLACES[0]


class Name(StrEnum):
    """Printed so that a printed plan can be pasted into a test."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"


class Health(Name):
    """How a server is."""

    ALIVE = "alive"
    DEAD = "dead"
    """It does not answer."""
    NONE = "none"
    """It is not configured."""


class Kind(Name):
    """What can happen."""

    CUT_BETWEEN = "cut-between"
    """Nothing passes directly between the two; relays still work."""
    CUT_ONE_WAY = "cut-one-way"
    """Nothing passes directly from this peer to the other."""
    CUT_OFF = "cut-off"
    """Nothing passes to or from this peer at all."""
    FORGET = "forget"
    """The routers of this peer are switched off and on."""
    RESTART = "restart"
    """This peer restarts ICE."""
    CLOSE = "close"
    """This peer closes, and the session is over."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of a plan.

    Attributes:
        at_s: When, from the first call.
        side: 0 for Alice, 1 for Bob.
        for_s: How long it lasts, if it does.
    """

    at_s: float
    kind: Kind
    side: int
    for_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Attachment:
    """One interface of a peer.

    Attributes:
        place: Where it is; an index of :data:`matrix.place.PLACES`.
        is_ipv6: Whether its address is, which no NAT translates.
    """

    place: int
    is_ipv6: bool = False

    def senders(self, *, knows_itself: bool, with_turn: bool) -> list[Sender]:
        """What checks can be sent from."""
        place = _NO_NAT if self.is_ipv6 else PLACES[self.place]
        return senders(place, with_turn=with_turn and not self.is_ipv6, knows_itself=knows_itself)


@dataclass(frozen=True, slots=True)
class Plan:
    """One session.

    Attributes:
        seed: Of the network and of both peers.
        sites: The interfaces of Alice and of Bob.
        stun: How the STUN server is.
        turn: How the TURN server is, to which they go by UDP.
        conditions: Of every link until the network heals.
        signalling_s: How long a message takes from Alice, and from Bob.
        scatter_s: By how much candidates come later, each on its own.
        heartbeat_s: Between two messages of each peer; 0 for none.
        happenings: In the order of their time.
    """

    seed: int
    sites: tuple[tuple[Attachment, ...], tuple[Attachment, ...]]
    stun: Health
    turn: Health
    conditions: Conditions
    signalling_s: tuple[float, float]
    scatter_s: float
    heartbeat_s: float
    happenings: tuple[Happening, ...]

    @classmethod
    def draw(cls, random: Random) -> "Plan":
        """Any plan; ``Plan.draw(Random(seed))`` is always the same one."""
        return cls(
            seed=random.randrange(1 << 32),
            sites=(_draw_site(random), _draw_site(random)),
            stun=random.choice(list(Health)),
            turn=random.choice(list(Health)),
            conditions=_draw_conditions(random),
            signalling_s=(_draw_delay(random), _draw_delay(random)),
            scatter_s=random.choice((0.0, 0.0, 0.1, 2.0)),
            heartbeat_s=random.choice((0.0, 0.0, 1.0, 4.0)),
            happenings=_draw_happenings(random),
        )

    # --- what follows from it -----------------------------------------------------------------

    @property
    def is_closed_early(self) -> bool:
        """Whether a peer closes in the middle of it."""
        return self._has(Kind.CLOSE)

    @property
    def is_connectable(self) -> bool:
        """Whether a network without loss lets them connect."""
        return self._connects(stun=self.stun, turn=self.turn)

    @property
    def may_connect(self) -> bool:
        """Whether they can, by chance at least.

        A restarted router may give out the very port that the peer has heard of before.
        """
        return self.is_connectable or self._has(Kind.FORGET)

    @property
    def must_connect_again(self) -> bool:
        """Whether a restart has to connect them once the network is perfect.

        A TURN server whose answers were lost may believe that it relays already, and refuses.
        """
        turn = Health.DEAD if self._has_chance else self.turn
        return self._connects(stun=self.stun, turn=turn)

    @property
    def must_live(self) -> bool:
        """Whether nothing in it can be the reason why a transport has failed.

        With loss, or while cut off, it is chance whether the servers are reached in time, so that
        the peers have to find each other without. An outage may cost the consent, even a short
        one where it takes many checks to get an answer. Where a restarted router may give out
        other ports, only the luckiest path is left.
        """
        outage_s = sum(each.for_s for each in self.happenings)
        enough_s = CONSENT_S if self.conditions.loss < _HEAVY_LOSS else 0.0
        if outage_s > enough_s or self._has(Kind.FORGET):
            return False
        if self._has_chance:
            return self._connects(stun=Health.DEAD, turn=Health.DEAD)
        return self.is_connectable

    @property
    def _has_chance(self) -> bool:
        """Whether servers may be out of reach while they are asked."""
        return self._has(Kind.CUT_OFF) or self.conditions.loss > 0

    def _has(self, kind: Kind) -> bool:
        return any(each.kind is kind for each in self.happenings)

    def _connects(self, *, stun: Health, turn: Health) -> bool:
        served = Health.ALIVE in (stun, turn)
        with_turn = turn is Health.ALIVE
        ours, theirs = [
            {
                family: [
                    sender
                    for each in site
                    if each.is_ipv6 is family
                    for sender in each.senders(knows_itself=served, with_turn=with_turn)
                ]
                for family in (False, True)
            }
            for site in self.sites
        ]
        return any(best(ours[family], theirs[family]) is not None for family in (False, True))


def _draw_site(random: Random) -> tuple[Attachment, ...]:
    count = random.choice((1, 1, 1, 2, 3))
    return tuple(_draw_attachment(random) for _ in range(count))


def _draw_attachment(random: Random) -> Attachment:
    return Attachment(random.randrange(len(_CONES)), random.random() < 0.2)


def _draw_delay(random: Random) -> float:
    return random.choice((0.0, 0.05, 0.5, 3.0))


def _draw_conditions(random: Random) -> Conditions:
    return Conditions(
        delay_s=random.choice((0.001, 0.01, 0.05, 0.15)),
        jitter_s=random.choice((0.0, 0.005, 0.05)),
        loss=random.choice((0.0, 0.0, 0.01, 0.05, 0.15)),
        duplication=random.choice((0.0, 0.0, 0.2)),
        reordering=random.choice((0.0, 0.0, 0.2)),
        holdback_s=0.05,
    )


def _draw_happenings(random: Random) -> tuple[Happening, ...]:
    count = random.choice((0, 0, 1, 1, 2, 3, 5))
    return tuple(sorted((_draw_happening(random) for _ in range(count)), key=lambda h: h.at_s))


_USUAL: Final = (Kind.CUT_BETWEEN, Kind.CUT_ONE_WAY, Kind.CUT_OFF, Kind.RESTART)


def _draw_happening(random: Random) -> Happening:
    kind = random.choice((*_USUAL, *_USUAL, Kind.FORGET, Kind.CLOSE))
    lasts = kind in (Kind.CUT_BETWEEN, Kind.CUT_ONE_WAY, Kind.CUT_OFF)
    for_s = random.choice((1.0, 4.0, 8.0, 15.0, 45.0)) if lasts else 0.0
    return Happening(round(random.uniform(0, CHAOS_S), 2), kind, random.randrange(2), for_s)
