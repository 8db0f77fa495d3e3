"""RTP and RTCP apart, and what the texts of 2012 and of today make of it when one is lost."""

from frazil.ice import RTCP, RTP
from frazil.states.aggregate import ice_connection_state
from frazil.states.ruleset import RULE_SETS
from support.stream_pair import Side, StreamPair


def told_by_w3c(side: Side) -> list[str]:
    """``iceConnectionState`` if each component were a transport, without repetitions."""
    return _changes([{ice_connection_state(False, states)} for _, states in side.states])


def told_in_2012(side: Side) -> list[str]:
    """``iceState`` over the components as WebPlatform Docs have it, without repetitions."""
    rules = RULE_SETS["webplatform"]
    return _changes([rules.ice_connection_state(states) for _, states in side.states])


def _changes(sets: list) -> list[str]:
    names = ["|".join(sorted(each)) or "-" for each in sets]
    return [name for at, name in enumerate(names) if at == 0 or name != names[at - 1]]


W3C_UP = ["new", "checking", "connected", "completed"]
UP_IN_2012 = ["starting", "checking", "connected", "completed"]


def test_one_component_loses_its_path_and_finds_it_again():
    pair = StreamPair()
    pair.negotiate()
    pair.run(10)
    lost = {("10.0.0.1", 1001), ("10.0.0.2", 2001)}
    pair.drops = lambda transmit: {transmit.local, transmit.remote} == lost
    pair.run(10)
    assert pair.a.stream.states == pair.b.stream.states == ("completed", "disconnected")
    assert pair.a.path(RTP) is not None
    pair.drops = lambda transmit: False
    pair.run(5)
    for side in pair.sides:
        tail = ["disconnected", "connected", "completed"]
        assert told_by_w3c(side) == [*W3C_UP, *tail]
        assert told_in_2012(side) == [*UP_IN_2012, *tail]


def test_one_component_is_lost_for_good():
    pair = StreamPair()
    pair.negotiate()
    pair.run(10)
    pair.drops = lambda transmit: transmit.local[1] in (1001, 2001)
    pair.run(60)
    for side in pair.sides:
        assert side.stream.states == ("completed", "failed")
        assert (side.path(RTP) is None, side.path(RTCP) is None) == (False, True)
        assert told_by_w3c(side) == [*W3C_UP, "disconnected", "failed"]
        assert told_in_2012(side) == [*UP_IN_2012, "disconnected", "failed"]


def test_one_component_comes_late_and_the_old_text_has_no_word_for_it():
    pair = StreamPair()
    pair.signalling_s[RTCP] = 3.0
    pair.drops = lambda transmit: pair.now < 3.0 and transmit.local[1] in (1001, 2001)
    pair.negotiate()
    pair.run(2)
    assert pair.a.stream.states == ("connected", "new")
    pair.run(10)
    for side in pair.sides:
        assert told_by_w3c(side) == W3C_UP
        undefined = "-"
        assert told_in_2012(side) == ["starting", "checking", undefined, *UP_IN_2012[1:]]


def test_one_component_fails_while_the_other_is_lost_and_the_old_text_says_both():
    pair = StreamPair()
    pair.negotiate()
    pair.run(10)
    pair.drops = lambda transmit: transmit.local[1] in (1001, 2001)
    pair.run(15)
    pair.drops = lambda transmit: True
    pair.run(18)
    for side in pair.sides:
        assert side.stream.states == ("disconnected", "failed")
        assert told_by_w3c(side)[-1] == "failed"
        assert told_in_2012(side)[-1] == "disconnected|failed"
