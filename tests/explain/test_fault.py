"""Each fault has its name told first; ``python -m explain`` adds many healthy sessions."""

import pytest

import explain.loss
from explain.fault import FAULTS, STUN, Fault
from explain.scene import RELAY, homes, negotiated, turn
from frazil import IceOptions
from frazil.aio.recording_file import join_recordings
from frazil.explain import FINDINGS, explain
from frazil.explain.trace_file import read_accounts
from frazil.record import without_addresses
from frazil.testing import Conditions
from support.scenario import Stage

CASES = [
    pytest.param(each, id=each.name, marks=[pytest.mark.interpreted] if each.is_patched else [])
    for each in FAULTS
]


@pytest.mark.parametrize("fault", CASES)
def test_the_right_cause_comes_first(fault: Fault):
    stage = Stage()
    stage.expected_refusals = True

    async def main() -> None:
        peer = await fault.play(stage)
        report = peer.pc.explain()
        assert report.codes[:1] == (fault.code,), f"{report}"
        assert report.findings[0].evidence or fault.code in ("FZ-SIG-NONE", "FZ-API-CLOSED")

    stage.play(main, {})


def test_a_relay_that_does_not_answer_yet_is_not_missed_by_another_name():
    stage = Stage()

    async def main() -> None:
        stage.net.turn_server(RELAY, name="relay.example").service.silent = True
        alice = homes(stage, turn())
        ours = alice.pc.getConfiguration() | {"iceTransportPolicy": "relay"}
        alice.pc.setConfiguration(ours)
        await negotiated(stage, alice, 6)
        assert alice.pc.explain().codes == ()
        await stage.sleep(60)
        assert "FZ-ICE-NO-PAIR" not in alice.pc.explain().codes

    stage.play(main, {})


def test_a_server_is_not_to_blame_for_an_interface_that_goes():
    stage = Stage()

    async def main() -> None:
        stage.net.turn_server(RELAY, name="relay.example")
        alice = homes(stage, turn(), theirs={"iceServers": [STUN]})
        ours = alice.pc.getConfiguration() | {"iceTransportPolicy": "relay"}
        alice.pc.setConfiguration(ours)
        await stage.connect()
        await stage.sleep(20)
        alice.host.remove_interface("192.168.1.2")
        await stage.sleep(5)
        assert alice.pc.explain().codes == ("FZ-NET-INTERFACE-LOST",)
        alice.host.add_interface("198.51.100.77")
        await stage.sleep(5)
        assert alice.pc.iceConnectionState == "completed"
        assert alice.pc.explain().codes == ()

    stage.play(main, {})


@pytest.mark.parametrize(
    "fault", [pytest.param(each, id=each.name) for each in FAULTS if not each.is_patched]
)
def test_a_recording_without_addresses_tells_the_same(fault: Fault, tmp_path, monkeypatch):
    monkeypatch.setenv("FRAZIL_TRACE", str(tmp_path))
    stage = Stage()
    stage.expected_refusals = True
    asked = []

    async def main() -> None:
        asked.append(await fault.play(stage))

    stage.play(main, {})
    join_recordings(10)
    lines = asked[0].pc._backend.recording._path.read_text(encoding="utf-8").splitlines()
    told = explain(read_accounts(lines)[0].records).codes
    assert explain(read_accounts(without_addresses(lines))[0].records).codes == told != ()


def test_every_finding_has_a_fault():
    assert set(FINDINGS) - {each.code for each in FAULTS} == set()


@pytest.mark.parametrize("lite", [False, True])
def test_a_peer_that_vanishes_after_a_long_calm_is_not_said_to_be_heard(lite: bool):
    stage = Stage()

    async def main() -> None:
        stage.introduce(
            stage.peer("alice", "203.0.113.9", ice=IceOptions(lite=lite)),
            stage.peer("bob", "198.51.100.7"),
        )
        peers = await stage.connect()
        await stage.sleep(600)
        stage.net.block()
        await stage.sleep(60)
        for peer in peers:
            report = peer.pc.explain()
            assert report.codes[:1] == ("FZ-ICE-CONSENT-LOST",), f"{report}"

    stage.play(main, {})


@pytest.mark.parametrize("wait_s", [1, 60])
def test_who_is_told_no_address_may_answer_checks_all_the_same(wait_s: float):
    stage = Stage()

    async def main() -> None:
        ours = IceOptions(ip_handling="default_public_interface_only")
        alice = stage.peer("alice", "10.0.0.1", ice=ours)
        stage.introduce(alice, stage.peer("bob", "10.0.0.2"))
        stage.net.default = Conditions(delay_s=0.8)
        await negotiated(stage, alice, wait_s)
        assert alice.pc.explain().codes == ()

    stage.play(main, {})


def test_closing_a_connection_during_a_restart_is_not_closing_it_too_early():
    stage = Stage()

    async def main() -> None:
        alice, _ = await stage.connect()
        await stage.sleep(20)
        stage.net.block()
        await stage.sleep(12)
        await stage.negotiate(ice_restart=True)
        await stage.sleep(5)
        await alice.pc.close()
        assert alice.pc.explain().codes == ("FZ-ICE-UNANSWERED",)

    stage.play(main, {})
