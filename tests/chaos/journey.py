"""Two peers on the move who negotiate by themselves: data only, drawn from one source."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from chaos.manner import Manner
from chaos.plan import Name
from chaos.site import Country, Site, draw_secured
from frazil.testing import Conditions

JOURNEY_S: Final = 100.0
"""Until then things happen; then the network heals."""
_LAST_STEP_S: Final = 90.0
MESSAGE_SIZE: Final = 256 * 1024
"""More is refused."""
_COUNTRIES: Final = (*[Country.OPEN] * 5, Country.RELAYED, Country.STREAMS)


class Turn(Name):
    """What can happen on the way."""

    BLOCK = "block"
    """Nothing passes between the two."""
    BLOCK_ONE_WAY = "block-one-way"
    """Nothing passes from this peer to the other."""
    TUNNEL = "tunnel"
    """Nothing passes to or from this peer."""
    LEAVE = "leave"
    """An interface of this peer goes away."""
    ARRIVE = "arrive"
    """This peer gets another interface."""
    CHANGE = "change"
    """The one and then the other, after a while."""
    OVERLAP = "overlap"
    """The other and then the one, after a while."""
    FORGET = "forget"
    """The NAT of this peer is switched off and on."""
    RESTART = "restart"
    """This peer wants ICE to be restarted."""
    CHANNEL = "channel"
    """This peer creates a channel."""
    STOP_UDP = "stop-udp"
    """No datagram passes to or from this peer."""
    BREAK = "break"
    """All streams of this peer end."""
    SILENCE = "silence"
    """The TURN server does not answer, and does not relay."""
    LOSE = "lose"
    """The TURN server loses its allocations and streams."""
    STALE = "stale"
    """The TURN server calls every nonce stale."""
    DISGUISE = "disguise"
    """The TURN server starts again, with a certificate that is not its own."""


_SPECIAL: Final = {
    Country.OPEN: (),
    Country.RELAYED: (Turn.SILENCE, Turn.LOSE, Turn.STALE, Turn.STOP_UDP, Turn.BREAK),
    Country.STREAMS: (Turn.STOP_UDP, Turn.BREAK),
}
"""What happens there only."""
_SECURED: Final = (Turn.DISGUISE,)
"""What happens only to who goes to the TURN server by TLS."""
_USUAL: Final = [
    each for each in Turn if not any(each in turns for turns in (*_SPECIAL.values(), _SECURED))
]


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a journey.

    Attributes:
        at_s: When, from the beginning.
        side: 0 for Alice, 1 for Bob.
        for_s: How long it lasts, if it does.
    """

    at_s: float
    turn: Turn
    side: int
    for_s: float


@dataclass(frozen=True, slots=True)
class Journey:
    """One session.

    Attributes:
        seed: Of the network and of both peers.
        sites: What is around Alice, and around Bob.
        relay_life_s: How long allocations and nonces of the TURN server are good for.
        recovers: Whose connection restarts ICE by itself; one of them at least.
        conditions: Of every link until the network heals.
        signalling_s: How long a message takes from Alice, and from Bob.
        scatter_s: By how much candidates come later, each on its own.
        fleeting: How the channel loses messages that may do so.
        longest: Bytes of the longest messages; 0 for none.
        steps: In the order of their time.
    """

    seed: int
    sites: tuple[Site, Site]
    relay_life_s: int
    recovers: tuple[bool, bool]
    conditions: Conditions
    signalling_s: tuple[float, float]
    scatter_s: float
    fleeting: Manner
    longest: int
    steps: tuple[Step, ...]

    @classmethod
    def draw(cls, random: Random) -> "Journey":
        """Any journey; ``Journey.draw(Random(seed))`` is always the same one."""
        country = random.choice(_COUNTRIES)
        journey = cls(
            seed=random.randrange(1 << 32),
            sites=country.draw(random),
            relay_life_s=random.choice((40, 600)),
            recovers=random.choice(((True, True), (True, True), (True, False), (False, True))),
            conditions=Conditions(
                delay_s=random.choice((0.001, 0.02, 0.1)),
                jitter_s=random.choice((0.0, 0.01)),
                loss=random.choice((0.0, 0.0, 0.02, 0.1)),
            ),
            signalling_s=(_draw_delay(random), _draw_delay(random)),
            scatter_s=random.choice((0.0, 0.0, 0.1, 1.0)),
            fleeting=Manner.draw(random),
            longest=random.choice((0, 0, 0, 0, 0, 0, 70_000, MESSAGE_SIZE)),
            steps=_draw_steps(country, random),
        )
        return journey._secured(random)

    def _secured(self, random: Random) -> "Journey":
        """The same, on which some go to the TURN server by TLS."""
        sites = draw_secured(self.sites, random)
        steps = self.steps
        if any(site.relay.is_secured for site in sites) and random.random() < 0.5:
            steps = _in_order((*steps, _draw_step(_SECURED, random)))
        return replace(self, sites=sites, steps=steps)


def _draw_delay(random: Random) -> float:
    return random.choice((0.0, 0.05, 0.5, 2.0))


def _draw_steps(country: Country, random: Random) -> tuple[Step, ...]:
    turns = (*_USUAL, *_SPECIAL[country], *_SPECIAL[country])
    count = random.choice((1, 2, 3, 5, 8))
    return _in_order(_draw_step(turns, random) for _ in range(count))


def _in_order(steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple(sorted(steps, key=lambda step: step.at_s))


def _draw_step(turns: Sequence[Turn], random: Random) -> Step:
    return Step(
        round(random.uniform(0, _LAST_STEP_S), 2),
        random.choice(turns),
        random.randrange(2),
        random.choice((0.1, 0.5, 2.0, 6.0, 15.0, 40.0)),
    )
