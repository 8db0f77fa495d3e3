import asyncio
from dataclasses import fields, replace

import pytest

from frazil.errors import InvalidAccessError
from frazil.ice import CandidateProtocol, CandidateType, PairState, TcpType
from frazil.peer.stats import (
    CandidatePairStats,
    CandidateStats,
    CertificateStats,
    PeerConnectionStats,
    StatsType,
)
from frazil.testing import run
from frazil.turn import RelayProtocol
from frazil.w3c import RTCStatsReport
from frazil.w3c.stats import request_report

PAIR = CandidatePairStats(
    id="p",
    transport_id="t",
    local_candidate_id="l",
    remote_candidate_id="r",
    state=PairState.IN_PROGRESS,
    nominated=False,
    packets_sent=1,
    packets_received=2,
    bytes_sent=3,
    bytes_received=4,
    last_packet_sent_at=99.0,
    last_packet_received_at=None,
    total_round_trip_time=0.5,
    current_round_trip_time=0.25,
    requests_sent=5,
    requests_received=6,
    responses_sent=7,
    responses_received=8,
    consent_requests_sent=9,
)
CANDIDATE = CandidateStats(
    type=StatsType.REMOTE_CANDIDATE,
    id="c",
    transport_id="t",
    address="192.0.2.1",
    port=9,
    protocol=CandidateProtocol.TCP,
    candidate_type=CandidateType.SERVER_REFLEXIVE,
    priority=1,
    foundation="f",
    username_fragment="u",
    related_address="10.0.0.1",
    related_port=8,
    tcp_type=TcpType.PASSIVE,
    url="stun:192.0.2.53",
    relay_protocol=RelayProtocol.TLS,
)


def told(stats, now: float = 100.0, timestamp: float = 5_000_000.0):
    return RTCStatsReport([stats], now, timestamp)[stats.id]


def test_members_have_the_names_of_the_standard():
    assert told(PAIR) == {
        "id": "p",
        "timestamp": 5_000_000.0,
        "type": "candidate-pair",
        "transportId": "t",
        "localCandidateId": "l",
        "remoteCandidateId": "r",
        "state": "in-progress",
        "nominated": False,
        "packetsSent": 1,
        "packetsReceived": 2,
        "bytesSent": 3,
        "bytesReceived": 4,
        "lastPacketSentTimestamp": 4_999_000.0,
        "totalRoundTripTime": 0.5,
        "currentRoundTripTime": 0.25,
        "requestsSent": 5,
        "requestsReceived": 6,
        "responsesSent": 7,
        "responsesReceived": 8,
        "consentRequestsSent": 9,
    }


def test_candidates_tell_all_that_applies():
    assert told(CANDIDATE) == {
        "id": "c",
        "timestamp": 5_000_000.0,
        "type": "remote-candidate",
        "transportId": "t",
        "address": "192.0.2.1",
        "port": 9,
        "protocol": "tcp",
        "candidateType": "srflx",
        "priority": 1,
        "foundation": "f",
        "usernameFragment": "u",
        "relatedAddress": "10.0.0.1",
        "relatedPort": 8,
        "tcpType": "passive",
        "url": "stun:192.0.2.53",
        "relayProtocol": "tls",
    }


def test_only_a_secret_address_is_there_and_none():
    optional = [field.name for field in fields(CANDIDATE) if "None" in str(field.type)]
    assert "address" in optional
    members = told(replace(CANDIDATE, **dict.fromkeys(optional)))
    assert [name for name, value in members.items() if value is None] == ["address"]
    assert len(members) == len(told(CANDIDATE)) - len(optional) + 1


def test_numbers_within_words_stay():
    certificate = CertificateStats(
        id="x",
        fingerprint="AB",
        fingerprint_algorithm="sha-256",
        base64_certificate="AA==",
        issuer_certificate_id="y",
    )
    members = told(certificate)
    assert members["base64Certificate"] == "AA=="
    assert (members["type"], members["issuerCertificateId"]) == ("certificate", "y")


def test_a_report_is_found_by_id_and_by_type_in_order():
    connection = PeerConnectionStats(id="pc", data_channels_opened=2, data_channels_closed=1)
    report = RTCStatsReport([connection, PAIR, CANDIDATE], 0.0, 0.0)
    assert list(report) == ["pc", "p", "c"]
    assert report.of_type("peer-connection") == [report["pc"]]
    assert report.of_type("codec") == []
    assert report["pc"]["dataChannelsOpened"] == 2
    assert report.get("elsewhere") is None


@pytest.mark.parametrize("value", [0, False, 0.0])
def test_what_is_zero_is_told(value):
    assert told(replace(PAIR, current_round_trip_time=value))["currentRoundTripTime"] == value


# --- asking for a report --------------------------------------------------------------------------


def test_a_report_shows_what_is_there_once_earlier_calls_were_flushed():
    async def main(_):
        loop, items = asyncio.get_running_loop(), [CANDIDATE]
        future = request_report(loop, lambda: tuple(items), None, ())
        items.append(PAIR)
        assert not future.done()
        assert list(await future) == ["c", "p"]

    run(main)


def test_of_a_track_there_is_nothing_to_tell():
    async def main(_):
        track = object()
        loop = asyncio.get_running_loop()
        assert len(await request_report(loop, lambda: (CANDIDATE,), track, [track])) == 0

    run(main)


def test_a_track_of_somebody_else_is_refused_at_once():
    async def main(_):
        future = request_report(asyncio.get_running_loop(), tuple, object(), [object()])
        assert isinstance(future.exception(), InvalidAccessError)

    run(main)


def test_who_gave_up_waiting_for_a_report_gets_none():
    async def main(_):
        asked = []
        future = request_report(asyncio.get_running_loop(), lambda: asked.append(1) or (), None, ())
        future.cancel()
        await asyncio.sleep(1)
        assert asked == []

    run(main)
