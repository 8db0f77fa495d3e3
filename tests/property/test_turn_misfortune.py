"""A TURN client with bad luck: its server forgets and refuses, the way there reorders and loses."""

from random import Random

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from frazil.stun import ErrorCode, Method
from frazil.turn import TurnState
from support.turn_pair import CLIENT, DELAY_S, PEER, TurnPair

PAUSES_S = (0.0, 0.01, 0.3, 5.0, 30.0, 200.0)
REFUSED = (Method.REFRESH, Method.CREATE_PERMISSION, Method.CHANNEL_BIND)
ENDS = ("AllocationFailed", "AllocationLost")


class Misfortune:
    """All that may happen to one client, drawn from ``random``."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.pair = pair = TurnPair()
        longest_s, loss = random.choice((0.01, 0.1, 0.6)), random.choice((0.0, 0.05, 0.3))
        pair.loses = lambda data: random.random() < loss
        pair.copies = lambda: [
            random.uniform(0.005, longest_s) for _ in range(random.choice((1, 1, 1, 2)))
        ]
        service = pair.service
        service.max_lifetime_s = random.choice((5, 60, 600, 3600))
        service.min_lifetime_s = min(600, service.max_lifetime_s)
        service.nonce_lifetime_s = random.choice((2.0, 30.0, 3600.0))
        service.signs_errors = random.random() < 0.8

    def expire_nonces(self) -> None:
        self.pair.service.expire_nonces()

    def forget_permissions(self) -> None:
        for allocation in self.pair.service.allocations.values():
            allocation.permissions.clear()
            allocation.channels.clear()

    def confirm(self) -> None:
        self.pair.client.confirm(self.pair.now)

    def permit(self) -> None:
        self.pair.client.create_permission(PEER[0], self.pair.now)

    def drop(self) -> None:
        self.pair.client.drop_permission(PEER[0])

    def use(self) -> None:
        if self.pair.client.state is TurnState.ALLOCATED:
            self.pair.client.bind_channel(PEER, self.pair.now)
            self.pair.client.send(b"data", PEER, self.pair.now)

    def fall_silent(self) -> None:
        self.pair.service.silent = True
        self.pair.run(self.random.uniform(0, 20))
        self.pair.service.silent = False

    def refuse(self) -> None:
        error = ErrorCode(self.random.choice((400, 403, 486, 500, 508)), "No")
        refusals = self.pair.service.refusals_in_turn
        refusals.setdefault(self.random.choice(REFUSED), []).append(error)

    def calm_down(self) -> None:
        """From now on all is well; what the client doubts it asks for."""
        pair = self.pair
        pair.loses, pair.copies = lambda data: False, lambda: (DELAY_S,)
        pair.service.refusals_in_turn.clear()
        pair.service.max_lifetime_s = max(60, pair.service.max_lifetime_s)
        pair.service.nonce_lifetime_s = 3600.0
        pair.run(1)
        self.confirm()
        pair.run(330)


HAPPENINGS = (
    Misfortune.expire_nonces,
    Misfortune.forget_permissions,
    Misfortune.confirm,
    Misfortune.permit,
    Misfortune.drop,
    Misfortune.use,
    Misfortune.fall_silent,
    Misfortune.refuse,
)


@given(st.integers(0, 1 << 32))
@settings(max_examples=100, deadline=None)
def test_in_the_end_the_relay_works_or_its_end_was_told_once(seed):
    random = Random(seed)
    misfortune = Misfortune(random)
    pair = misfortune.pair
    pair.client.allocate(0.0)
    pair.run(random.uniform(0, 3))
    for _ in range(random.randrange(25)):
        happening = random.choice(HAPPENINGS)
        note((round(pair.now, 2), happening.__name__))
        happening(misfortune)
        pair.run(random.choice(PAUSES_S))
    misfortune.calm_down()
    told = [kind for kind in pair.kinds() if kind in ENDS]
    if pair.client.state is TurnState.FAILED:
        assert len(told) == 1
        assert pair.events[-1][1].text
        return
    assert (pair.client.state, told) == (TurnState.ALLOCATED, [])
    check_use(pair)


def check_use(pair: TurnPair) -> None:
    """Datagrams pass both ways, each once."""
    pair.client.create_permission(PEER[0], pair.now)
    pair.run(2)
    for data in (b"first", b"second"):
        pair.client.send(data, PEER, pair.now)
        (relayed,) = pair.service.allocations[CLIENT].relayed
        pair.from_peer(data, PEER, relayed)
        pair.run(1)
        assert pair.at_peers[-1:] == [(data, PEER)]
        assert pair.received[-1].data == data
        pair.client.bind_channel(PEER, pair.now)
        pair.run(2)


@pytest.mark.parametrize("seed", range(50))
def test_a_new_nonce_for_each_second_request_hurts_nobody(seed):
    random = Random(seed)
    pair = TurnPair()
    pair.service.nonce_lifetime_s = 3 * DELAY_S
    pair.client.allocate(0.0)
    for _ in range(20):
        pair.run(random.uniform(0, 3))
        if pair.client.state is TurnState.ALLOCATED:
            pair.client.bind_channel(PEER, pair.now)
            pair.client.confirm(pair.now)
    assert pair.kinds()[0] == "Allocated"
    assert pair.client.state is TurnState.ALLOCATED
