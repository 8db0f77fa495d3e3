import asyncio

import pytest

from frazil import IceConfig, SessionConfig
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


@pytest.mark.parametrize("setting", ["snap=False", "snap=false", "snap=0"])
def test_what_was_on_can_be_off(quiet, setting):
    assert not what_if(quiet, [setting]).is_same


@pytest.mark.parametrize("setting", ["snap=True", "snap=1", "sctp.interleaving=true"])
def test_what_was_on_can_stay_on(quiet, setting):
    assert what_if(quiet, [setting]).is_same


def test_a_whole_number_of_seconds_can_become_a_fraction(tmp_path):
    session = SessionConfig(ice=IceConfig(consent_interval_s=5))
    recording = record(tmp_path, talk, session=session)
    assert what_if(recording, ["consent_interval=5"]).is_same
    assert not what_if(recording, ["consent_interval=4.5"]).is_same


@pytest.mark.parametrize("setting", ["max_retransmits=10", "max_retransmits=none"])
def test_a_limit_that_was_none_can_be_some_or_stay(quiet, setting):
    assert what_if(quiet, [setting]).is_same


def test_a_setting_can_be_named_with_its_part(interrupted):
    alone, whole = (
        what_if(interrupted, [f"{name}=8"])
        for name in ("disconnected_after", "ice.disconnected_after_s")
    )
    assert alone == whole
    assert not whole.is_same


def test_the_part_decides_between_settings_of_one_name(quiet):
    with pytest.raises(RecordingError, match=r"^mtu can be dtls\.mtu or sctp\.mtu$"):
        what_if(quiet, ["mtu=1000"])
    with pytest.raises(RecordingError, match="a DTLS handshake needs"):
        what_if(quiet, ["dtls.mtu=252"])
    with pytest.raises(RecordingError, match="mtu is 512 to 16384"):
        what_if(quiet, ["sctp.mtu=252"])


@pytest.mark.parametrize(
    "setting",
    [
        "speed=5",
        "disconnected_after",
        "disconnected_after=soon",
        "snap",
        "snap=perhaps",
        "check_sends=6.5",
        "ice=5",
        "sctp.disconnected_after=5",
        "=5",
    ],
)
def test_settings_that_make_no_sense(quiet, setting):
    with pytest.raises(RecordingError):
        what_if(quiet, [setting])
