import asyncio
import json
from functools import partial

import pytest

from frazil import RTCError
from frazil.explain.story import fact
from frazil.explain.trace_file import read_accounts
from frazil.ice.candidate import CandidateProtocol, CandidateType, foundation
from frazil.record import RecordingError, replay, without_addresses
from support.recorded import record, talk

TURN = {"urls": "turn:relay.example", "username": "user", "credential": "password"}


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    return record(tmp_path_factory.mktemp("recording"), talk)


def test_addresses_are_gone_and_it_goes_the_same_way(tmp_path):
    async def elsewhere(pair):
        pair.host_a.add_interface("192.168.77.1")
        pair.host_b.add_interface("192.168.77.2")
        await talk(pair)

    lines = record(tmp_path, elsewhere)
    found = without_addresses(lines)
    assert any("192.168.77.1" in line for line in lines)
    assert not any("192.168.77" in line for line in found)
    told = foundation(CandidateType.HOST, ("192.168.77.2", 1), CandidateProtocol.UDP, None)
    assert any(f"candidate:{told} " in line for line in lines)
    assert not any(f"candidate:{told} " in line for line in found)
    packed = bytes([192, 168, 77]).hex()
    assert not any(packed in line for line in found)
    assert replay(found) is None


@pytest.mark.parametrize("host", ["relay.example", "203.0.113.99"])
def test_a_relayed_session_goes_the_same_way(tmp_path, host):
    async def relayed(pair):
        pair.net.turn_server("203.0.113.99", name="relay.example")
        await talk(pair)

    servers = [{**TURN, "urls": f"turn:{host}"}]
    configuration = {"iceServers": servers, "iceTransportPolicy": "relay"}
    found = record(tmp_path, relayed, configuration=configuration)
    hidden = without_addresses(found)
    assert any("203.0.113.99" in line for line in found)
    assert not any("203.0.113.99" in line for line in hidden)
    assert replay(hidden) is None


@pytest.mark.parametrize("host", ["8.8.8.8", "2a00:1450::1"])
def test_a_server_at_a_web_port_in_public_is_one_without_its_address(tmp_path, host):
    async def served(pair):
        await talk(pair)
        line = f"candidate:1 1 udp 2130706431 {host} 443 typ host"
        await pair.a.addIceCandidate({"candidate": line, "sdpMid": "0"})

    hidden = without_addresses(record(tmp_path, served))
    assert not any(host in line for line in hidden)
    assert replay(hidden) is None


async def negotiate_by_hand(offerer, answerer):
    """Set what createOffer and createAnswer return, as much code does."""
    offer = await offerer.createOffer()
    assert "a=candidate:" in offer.sdp
    await offerer.setLocalDescription(offer)
    await answerer.setRemoteDescription(offerer.localDescription)
    answer = await answerer.createAnswer()
    assert "a=candidate:" in answer.sdp
    await answerer.setLocalDescription(answer)
    await offerer.setRemoteDescription(answerer.localDescription)


@pytest.mark.parametrize("offerer", ["a", "b"])
def test_descriptions_that_were_created_are_those_that_are_created_now(tmp_path, offerer):
    async def again(pair):
        pair.host_a.add_interface("192.168.77.1")
        pair.host_b.add_interface("192.168.77.2")
        await pair.connect()
        ends = (pair.a, pair.b) if offerer == "a" else (pair.b, pair.a)
        ends[0].addTransceiver("audio")
        await negotiate_by_hand(*ends)

    lines = record(tmp_path, again)
    found = without_addresses(lines)
    assert replay(found) is None
    for ip in ("192.168.77.1", "192.168.77.2"):
        told = foundation(CandidateType.HOST, (ip, 1), CandidateProtocol.UDP, None)
        assert any(f"candidate:{told} " in line for line in lines)
        assert not any(f"candidate:{told} " in line for line in found)


def test_a_description_that_was_read_from_the_connection_is_set_again(tmp_path):
    async def again(pair):
        pair.host_a.add_interface("192.168.77.1")
        await pair.connect()
        pair.a.addTransceiver("audio")
        await pair.a.setLocalDescription()
        offer = pair.a.localDescription
        assert "a=candidate:" in offer.sdp
        await pair.a.setLocalDescription(offer)

    lines = record(tmp_path, again)
    found = without_addresses(lines)
    assert replay(found) is None
    records = read_accounts(found)[0].records
    assert len([each for each in records if each.event == "description-applied"]) == 4
    told = foundation(CandidateType.HOST, ("192.168.77.1", 1), CandidateProtocol.UDP, None)
    assert any(f"candidate:{told} " in line for line in lines)
    assert not any(f"candidate:{told} " in line for line in found)


def test_a_transport_that_is_bundled_away_is_no_other_decision(tmp_path):
    async def bundled(pair):
        pair.a.addTransceiver("audio")
        await talk(pair)

    hidden = without_addresses(record(tmp_path, bundled))
    assert any("webrtc-pc 4.4.1.5" in line for line in hidden)
    assert replay(hidden) is None


async def be_told(pair, label):
    """The peer opens a channel of this name."""
    await talk(pair)
    pair.b.createDataChannel(label)
    await asyncio.sleep(1)


def test_an_address_that_only_the_label_of_a_channel_names_is_not_shared(tmp_path):
    lines = record(tmp_path, partial(be_told, label="ssh 198.51.100.77"))
    with pytest.raises(RecordingError, match="decides otherwise"):
        without_addresses(lines)


def test_a_label_that_looks_like_a_candidate_is_none(tmp_path):
    async def tell(pair):
        pair.a.createDataChannel("candidate:17")
        await talk(pair)

    hidden = without_addresses(record(tmp_path, tell))
    assert any('"candidate:17"' in line for line in hidden)
    assert replay(hidden) is None


def test_of_what_the_application_did_the_configuration_is_left(tmp_path):
    async def configured(pair):
        pair.net.turn_server("203.0.113.99")
        await talk(pair)
        pair.a.setConfiguration({"iceServers": [TURN]})

    servers = [{**TURN, "urls": "turn:203.0.113.99", "username": "älice", "credential": "s3cret"}]
    found = without_addresses(record(tmp_path, configured, configuration={"iceServers": servers}))
    told = [each for each in read_accounts(found)[0].records if each.layer == "api"]
    assert [each.values for each in told] == [
        ("turn:240.0.0.1", "all", "balanced"),
        ("turn:relay.example", "all", "balanced"),
    ]
    assert "api" in json.loads(found[2])
    for secret in ("203.0.113.99", "älice", json.dumps("älice")[1:-1], "s3cret"):
        assert not any(secret in line for line in found)
    assert replay(found) is None


def test_what_was_refused_is_left_with_the_error_that_comes_now(tmp_path):
    async def refused(pair):
        row = "candidate:842163049 1 udp 1 198.51.100.77 5000 typ host"
        with pytest.raises(RTCError):
            await pair.a.setRemoteDescription({"type": "offer", "sdp": f"v=0\r\n{row}\r\n"})

    lines = record(tmp_path, refused)
    found = without_addresses(lines)
    (before,), (after,) = (
        [each for each in read_accounts(some)[0].records if each.event == "rejected"]
        for some in (lines, found)
    )
    assert after.at == before.at
    assert str(fact(after, "text")).startswith("the remote offer is not valid SDP: line 2: ")
    for secret in ("842163049", "198.51.100.7"):
        assert secret in str(fact(before, "text"))
        assert not any(secret in line for line in found)


def test_the_recording_says_whether_its_addresses_are_pseudonyms(lines):
    found = without_addresses(lines)
    assert read_accounts(lines)[0].keeps_addresses
    assert not read_accounts(found)[0].keeps_addresses
    assert not read_accounts(without_addresses(found))[0].keeps_addresses


def test_what_does_not_go_the_same_way_is_refused(lines):
    damaged = [line.replace('"nominated"', '"identified"') for line in lines]
    with pytest.raises(RecordingError, match="decides otherwise"):
        without_addresses(damaged)


def test_what_is_no_recording_is_refused():
    with pytest.raises(RecordingError):
        without_addresses(["{}"])
