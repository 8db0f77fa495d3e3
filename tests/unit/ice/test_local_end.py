"""What is found at our end reaches gathering, pairs, and the pair in use."""

import pytest

from frazil.ice import ACTIVE_PORT, AddressesNeeded, Candidate, CandidateError, PairAdded, TcpType
from frazil.ice.event import CandidateGathered, GatheringStateChanged
from frazil.turn import RelayProtocol
from support.ice_peer import LOCAL, LOCAL_2, REMOTE, IcePeer

LATE = ("10.2.0.1", 1002)
RELAYED, MAPPED, SERVER = ("198.51.100.1", 49152), ("203.0.113.7", 61000), ("192.0.2.1", 3478)
URL = "turn:relay.example"


def gathering() -> IcePeer:
    """Our end waits for a server; the peer has signalled where it is."""
    peer = IcePeer(addresses=())
    peer.agent.local.gather_again(peer.now)
    peer.agent.local.expect_server(URL)
    line = f"candidate:1 1 udp 2130706431 {REMOTE[0]} {REMOTE[1]} typ host"
    peer.agent.add_remote_candidates([Candidate.from_line(line)], peer.now)
    peer.agent.poll_events()
    peer.requests.clear()
    return peer


def kinds(peer: IcePeer) -> list[type]:
    return [type(event) for event in peer.agent.poll_events()]


def test_what_is_added_is_told_and_paired_at_once():
    peer = gathering()
    peer.agent.local.add_address(LATE, peer.now)
    assert [pair.key for pair in peer.agent.pairs] == [(LATE, REMOTE)]
    assert kinds(peer)[:2] == [PairAdded, CandidateGathered]
    peer.drain()
    assert [(local, remote) for _, local, remote in peer.requests] == [(LATE, REMOTE)]


def test_a_relayed_address_is_one_more_end_of_pairs():
    peer = gathering()
    peer.agent.local.add_relayed(RELAYED, MAPPED, URL, SERVER, RelayProtocol.UDP, peer.now)
    assert [pair.key for pair in peer.agent.pairs] == [(RELAYED, REMOTE)]
    (told,) = [e for e in peer.agent.poll_events() if isinstance(e, CandidateGathered)]
    assert (told.candidate.type, told.candidate.related) == ("relay", MAPPED)


def test_what_a_relay_sees_is_told_and_needs_no_pair_of_its_own():
    peer = gathering()
    peer.agent.local.add_address(LATE, peer.now)
    peer.agent.poll_events()
    peer.agent.local.add_reflected(LATE, MAPPED, URL, SERVER, peer.now)
    (told,) = peer.agent.poll_events()
    assert (told.candidate.type, told.candidate.address) == ("srflx", MAPPED)
    assert [pair.key for pair in peer.agent.pairs] == [(LATE, REMOTE)]


def test_streams_that_lead_nowhere_yet_are_no_news():
    peer = gathering()
    peer.agent.local.add_tcp((LATE[0], ACTIVE_PORT), TcpType.ACTIVE, peer.now)
    assert not peer.agent.outcome.has_news
    assert peer.agent.pairs == ()


def test_an_address_that_is_known_is_no_news():
    peer = gathering()
    peer.agent.local.add_address(LATE, peer.now)
    peer.agent.poll_events()
    peer.agent.local.add_address(LATE, peer.now)
    assert not peer.agent.outcome.has_news


def test_gathering_ends_when_all_was_tried():
    peer = gathering()
    peer.agent.local.address_failed(LATE[0], "it is in use", peer.now)
    peer.agent.local.addresses_done(peer.now)
    (failed,) = peer.agent.poll_events()
    assert failed == CandidateError("", 701, "it is in use", (LATE[0], 0))
    assert peer.agent.gathering_state == "gathering"
    peer.agent.local.server_done(URL, peer.now)
    assert peer.agent.gathering_state == "complete"


def test_a_pool_is_gathered_once_and_before_there_are_credentials():
    peer = IcePeer()
    peer.agent.local.gather_early(peer.now)
    assert kinds(peer) == []
    assert peer.agent.gathering_state == "complete"


def test_our_end_changes_and_gathers_anew():
    peer = IcePeer()
    peer.agent.local.gather_again(peer.now)
    events = peer.agent.poll_events()
    assert [type(event) for event in events] == [AddressesNeeded, GatheringStateChanged]
    assert peer.agent.gathering_state == "gathering"


def test_an_interface_goes_with_its_pairs_and_what_came_there_is_nobodys():
    peer = IcePeer()
    peer.validate(LOCAL)
    peer.validate(LOCAL_2)
    peer.agent.local.remove_address(LOCAL_2, peer.now)
    assert [pair.key for pair in peer.agent.pairs] == [(LOCAL, REMOTE)]
    assert not peer.agent.passage.is_validated(LOCAL_2, REMOTE)
    assert peer.agent.passage.is_validated(LOCAL, REMOTE)


def test_a_relay_that_refuses_the_peer_fails_their_pairs_except_the_one_in_use():
    peer = IcePeer()
    peer.validate(LOCAL, use_candidate=True)
    peer.check(LOCAL_2)
    for base in (LOCAL, LOCAL_2):
        peer.agent.local.refuse_peer(base, REMOTE[0], 403, peer.now)
    states = {pair.key[0]: (str(pair.state), pair.error_code) for pair in peer.agent.pairs}
    assert states == {LOCAL: ("succeeded", None), LOCAL_2: ("failed", 403)}


def test_a_server_that_took_a_candidate_back_is_told_and_changes_nothing():
    peer = IcePeer()
    error = CandidateError(URL, 508, "the relay is gone", None)
    peer.agent.local.report(error, peer.now)
    assert peer.agent.poll_events() == [error]
    assert not peer.agent.outcome.has_news


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("gather_early", ()),
        ("gather_again", ()),
        ("addresses_done", ()),
        ("add_address", (LATE,)),
        ("add_tcp", ((LATE[0], ACTIVE_PORT), TcpType.ACTIVE)),
        ("add_relayed", (RELAYED, MAPPED, URL, SERVER, RelayProtocol.UDP)),
        ("add_reflected", (LOCAL, MAPPED, URL, SERVER)),
        ("address_failed", (LATE[0], "it is in use")),
        ("remove_address", (LOCAL,)),
        ("remove_relayed", (LOCAL,)),
        ("lose_stream", (LOCAL, REMOTE, "closed")),
        ("refuse_peer", (LOCAL, REMOTE[0], 403)),
        ("add_stun_server", ("stun:x", [SERVER])),
        ("server_done", ("stun:x",)),
        ("server_failed", (CandidateError("stun:x", 701, "no", None),)),
        ("report", (CandidateError(URL, 508, "the relay is gone", None),)),
    ],
)
def test_once_the_agent_is_closed_nothing_follows(name, arguments):
    peer = IcePeer()
    peer.validate(use_candidate=True)
    peer.agent.close(peer.now)
    getattr(peer.agent.local, name)(*arguments, peer.now)
    assert peer.agent.poll_events() == []
    assert peer.agent.poll_transmits() == []
    assert peer.agent.next_timeout() is None
    assert peer.agent.state == "closed"
