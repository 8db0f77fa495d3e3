import asyncio

import pytest

from frazil.record import RecordingError, what_if
from support.recorded import fail, record, talk


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    return record(tmp_path_factory.mktemp("quiet"), talk)


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory):
    async def lose(pair):
        await talk(pair)
        pair.net.block(for_s=12)
        await asyncio.sleep(60)

    return record(tmp_path_factory.mktemp("interrupted"), lose)


def test_the_same_timers_make_no_difference(interrupted):
    outcome = what_if(interrupted, [])
    assert outcome.is_same
    assert outcome.states == outcome.states_recorded
    assert [state for _, state in outcome.states][:3] == ["connecting", "connected", "disconnected"]


def test_timers_that_never_fired_make_no_difference(quiet):
    assert what_if(quiet, ["disconnected_after=8"]).is_same


def test_more_patience_moves_the_loss(interrupted):
    outcome = what_if(interrupted, ["disconnected_after=8"])
    lost_at = {state: at for at, state in outcome.states_recorded}["disconnected"]
    later_at = {state: at for at, state in outcome.states}["disconnected"]
    assert later_at - lost_at == pytest.approx(3, abs=0.5)
    assert outcome.recorded[2] == "liveness-lost"
    assert outcome.recorded[0] == lost_at


def test_enough_patience_avoids_the_loss(interrupted):
    outcome = what_if(interrupted, ["disconnected_after_s=20"])
    assert "disconnected" not in [state for _, state in outcome.states]


def test_less_patience_lets_a_connection_fail_sooner(tmp_path):
    outcome = what_if(record(tmp_path, fail), ["patience=10", "check_sends=3"])
    failed_at = {state: at for at, state in outcome.states_recorded}["failed"]
    sooner_at = {state: at for at, state in outcome.states}["failed"]
    assert failed_at > 39
    assert sooner_at == pytest.approx(10, abs=1)


@pytest.mark.parametrize("setting", ["speed=5", "disconnected_after", "disconnected_after=soon"])
def test_settings_that_make_no_sense(quiet, setting):
    with pytest.raises(RecordingError):
        what_if(quiet, [setting])
