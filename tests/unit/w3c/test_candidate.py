import json

import pytest

from frazil import RTCIceCandidate
from frazil.ice import Candidate, CandidateProtocol, CandidateType
from frazil.peer.candidate_init import CandidateInit
from frazil.peer.reader import read_candidate

HOST = "candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host"
SRFLX = (
    "candidate:2 2 udp 1694498815 203.0.113.7 6000 typ srflx raddr 192.0.2.1 rport 5000 ufrag abcd"
)
TCP = "candidate:3 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active"
DERIVED = (
    *("foundation", "component", "priority", "address", "port", "protocol", "type"),
    *("tcpType", "relatedAddress", "relatedPort"),
)


def derived(candidate: RTCIceCandidate) -> list:
    return [getattr(candidate, name) for name in DERIVED]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (HOST, ["1", "rtp", 2130706431, "192.0.2.1", 5000, "udp", "host", None, None, None]),
        (
            SRFLX,
            ["2", "rtcp", 1694498815, "203.0.113.7", 6000, "udp", "srflx", None, "192.0.2.1", 5000],
        ),
        (TCP, ["3", "rtp", 1518280447, "192.0.2.1", 9, "tcp", "host", "active", None, None]),
        ("", [None] * 10),
        ("candidate:gibberish", [None] * 10),
    ],
)
def test_the_fields_are_those_of_the_line(line, expected):
    candidate = RTCIceCandidate(line, sdpMid="0")
    assert candidate.candidate == line
    assert derived(candidate) == expected


def test_the_generation_comes_from_the_member_and_not_from_the_line():
    assert RTCIceCandidate(SRFLX, sdpMid="0").usernameFragment is None
    assert RTCIceCandidate(SRFLX, sdpMid="0", usernameFragment="wxyz").usernameFragment == "wxyz"


def test_what_is_signalled_comes_back_the_same():
    sent = RTCIceCandidate(HOST, "0", 0, "abcd")
    message = json.dumps(sent.toJSON())
    received = RTCIceCandidate(json.loads(message))
    assert received == sent
    assert hash(received) == hash(sent)
    assert received.toJSON() == {
        "candidate": HOST,
        "sdpMid": "0",
        "sdpMLineIndex": 0,
        "usernameFragment": "abcd",
    }
    assert read_candidate(received) == read_candidate(sent.toJSON())


@pytest.mark.parametrize("protocol", [None, "udp", "tcp", "tls"])
def test_server_and_relay_protocol_are_copied_and_never_signalled(protocol):
    given = {"sdpMid": "0", "relayProtocol": protocol, "url": "turn:turn.example.net"}
    candidate = RTCIceCandidate(given)
    assert candidate == RTCIceCandidate(sdpMid="0", relayProtocol=protocol, url=given["url"])
    copied = RTCIceCandidate(candidate)
    assert (copied.relayProtocol, copied.url) == (protocol, "turn:turn.example.net")
    signalled = RTCIceCandidate(copied.toJSON())
    assert signalled.relayProtocol is signalled.url is None
    assert read_candidate(given).url is None, "nothing that a peer says of itself"


def test_a_candidate_differs_from_others_and_from_its_dictionary():
    candidate = RTCIceCandidate(HOST, "0", 0, "abcd")
    assert candidate != RTCIceCandidate(HOST, "0", 0, "wxyz")
    assert candidate != candidate.toJSON()


def peer_reflexive(host: str) -> RTCIceCandidate:
    address, kind = (host, 5000), CandidateType.PEER_REFLEXIVE
    found = Candidate("1", 1, CandidateProtocol.UDP, 1, address, kind, address)
    init = CandidateInit("", "0", 0, "abcd")
    return RTCIceCandidate._of_peer_reflexive(init, found, is_remote=True)


def test_peer_reflexive_candidates_differ_by_what_is_not_told_of_them():
    first, same, other = map(peer_reflexive, ("192.0.2.1", "192.0.2.1", "192.0.2.2"))
    assert first == same
    assert hash(first) == hash(same)
    assert first != other
    assert first != RTCIceCandidate("", "0", 0, "abcd"), "that is the end of candidates"


def test_reading_a_line_does_not_make_another_candidate_of_it():
    read, unread = (RTCIceCandidate(HOST, "0") for _ in range(2))
    assert read.address == "192.0.2.1"
    assert read == unread
    assert hash(read) == hash(unread)


@pytest.mark.parametrize("init", [(), ({},), ({"candidate": HOST},), (HOST,)])
def test_a_candidate_belongs_to_an_m_section(init):
    with pytest.raises(TypeError, match="needs sdpMid or sdpMLineIndex"):
        RTCIceCandidate(*init)


@pytest.mark.parametrize(
    "members",
    [
        {"sdpMid": 0},
        {"sdpMLineIndex": "0"},
        {"sdpMid": "0", "candidate": b""},
        {"sdpMid": "0", "relayProtocol": "dtls"},
        {"sdpMid": "0", "url": 1},
    ],
)
def test_members_of_a_wrong_type_are_refused(members):
    with pytest.raises(TypeError, match="must be"):
        RTCIceCandidate(members)


def test_a_candidate_never_changes():
    candidate = RTCIceCandidate(HOST, "0")
    with pytest.raises(AttributeError):
        candidate.candidate = TCP
