import asyncio
import json
import re

import pytest

from frazil import ConnectivityError, InvalidAccessError, Report
from frazil.explain import explain
from support.virtual_pair import VirtualPair, on_virtual_pair


async def blame(pair: VirtualPair, limit_s: float | None = None) -> Report:
    """What `a` says, which must not get connected."""
    with pytest.raises(ConnectivityError) as caught:
        await pair.a.wait_connected(limit_s)
    report = caught.value.report
    for finding in report.findings:
        assert finding.sentence in str(caught.value)
        assert finding.kind.fix in str(caught.value)
    return report


async def answer_with(pair: VirtualPair, change) -> None:
    """Negotiate, with a change to the answer."""
    pair.a.createDataChannel("chat")
    await pair.a.setLocalDescription()
    await pair.b.setRemoteDescription(pair.a.localDescription)
    await pair.b.setLocalDescription()
    answer = pair.b.localDescription.toJSON()
    await pair.a.setRemoteDescription(answer | {"sdp": change(answer["sdp"])})


def test_no_record_at_all():
    assert explain(()).codes == ()


@on_virtual_pair
async def test_nothing_was_exchanged(pair: VirtualPair):
    assert (await blame(pair, 5)).codes == ("FZ-SIG-NONE",)


@on_virtual_pair
async def test_a_connection_that_works_has_no_findings_also_after_close(pair: VirtualPair):
    await pair.connect()
    await asyncio.sleep(30)
    assert pair.a.explain().findings == pair.b.explain().findings == ()
    pair.a.close()
    await asyncio.sleep(30)
    assert pair.a.explain().findings == ()
    assert pair.b.explain().codes == ("FZ-PEER-CLOSED",)


@pytest.mark.parametrize("timeout", [10, None])
def test_every_check_is_unanswered(timeout):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        pair.a.createDataChannel("chat")
        pair.net.block()
        await pair.negotiate()
        report = await blame(pair, timeout)
        assert report.codes == ("FZ-ICE-UNANSWERED",)
        assert report.findings[0].sentence == (
            "No check was answered: tried from 10.0.0.1:49152 (host) to 10.0.0.2:49152 (host)."
        )
        lines = str(report).splitlines()
        assert lines[2].endswith("s ice check pair=10.0.0.1:49152->10.0.0.2:49152")

    main()


@on_virtual_pair
async def test_the_report_as_json(pair: VirtualPair):
    await answer_with(pair, lambda sdp: re.sub("sha-256 ..:..", "sha-256 00:00", sdp))
    (told,) = json.loads(json.dumps((await blame(pair)).to_json()))
    assert told["code"] == "FZ-DTLS-FINGERPRINT"
    assert told["transport"] == "0"
    assert told["aside"] is False
    assert "fingerprint-mismatch" in told["evidence"][0]


@on_virtual_pair
async def test_a_refused_description_is_told_with_its_error(pair: VirtualPair):
    with pytest.raises(InvalidAccessError) as caught:
        await answer_with(pair, lambda sdp: re.sub("a=fingerprint:.*\r\n", "", sdp))
    (finding,) = (await blame(pair, 5)).findings
    assert finding.code == "FZ-SIG-REFUSED"
    assert finding.sentence == (
        f"A description was refused by setRemoteDescription(): {caught.value}."
    )
    assert [each.event for each in finding.evidence] == ["description-applied", "rejected"]


@on_virtual_pair
async def test_our_own_close(pair: VirtualPair):
    waiting = asyncio.create_task(blame(pair))
    await asyncio.sleep(0)
    pair.a.close()
    assert (await waiting).codes == ("FZ-SIG-NONE",)


@on_virtual_pair
async def test_a_finding_of_a_stage_that_was_passed_is_an_aside(pair: VirtualPair):
    servers = {"iceServers": [{"urls": "stun:nowhere.example"}]}
    pair.a.setConfiguration(servers)
    await pair.connect()
    (finding,) = pair.a.explain().findings
    assert (finding.code, finding.is_aside) == ("FZ-TURN-NAME", True)
    pair.net.block()
    await asyncio.sleep(60)
    assert (await blame(pair)).codes == ("FZ-ICE-CONSENT-LOST", "FZ-TURN-NAME")


@on_virtual_pair
async def test_a_candidate_with_a_name_of_the_internet(pair: VirtualPair):
    pair.a.createDataChannel("chat")
    pair.net.block()
    await pair.negotiate()
    named = "candidate:1 1 udp 2130706431 peer.example.org 50000 typ host"
    await pair.a.addIceCandidate({"candidate": named, "sdpMid": "0"})
    report = await blame(pair)
    assert report.codes[0] == "FZ-ICE-UNANSWERED"
    assert "peer.example.org:50000 (host)" in report.findings[0].sentence


@on_virtual_pair
async def test_that_nothing_is_wrong_is_said(pair: VirtualPair):
    await pair.connect()
    assert str(pair.a.explain()) == "nothing is wrong"
    assert str(ConnectivityError("not yet", pair.a.explain())) == "not yet"
