"""What payload asks of an agent, and what it shows of the peer."""

import pytest

from frazil.ice import Credentials
from support.ice_peer import LOCAL, LOCAL_2, REMOTE, IcePeer

STRANGER = ("10.6.6.6", 6666)


def connected() -> IcePeer:
    """One pair in use, of which everything was told."""
    peer = IcePeer()
    peer.validate(use_candidate=True)
    assert peer.agent.path == (LOCAL, REMOTE)
    return peer


def restart(peer: IcePeer) -> None:
    """Both ends have other credentials; nothing is gathered yet."""
    peer.theirs, peer.ours = Credentials("new1", "n" * 22), Credentials("new2", "m" * 22)
    peer.agent.set_local_credentials(peer.theirs, peer.now)
    peer.agent.set_remote_credentials(peer.ours, peer.now)
    peer.drain()


def test_the_pair_of_a_datagram_is_found_also_if_it_is_not_in_use():
    peer = connected()
    peer.check(LOCAL_2)
    passage = peer.agent.passage
    assert passage.pair_at(LOCAL, REMOTE) is peer.agent.pair_in_use
    assert passage.pair_at(LOCAL_2, REMOTE).key == (LOCAL_2, REMOTE)
    assert passage.pair_at(LOCAL, STRANGER) is None


def test_the_pair_in_use_comes_before_that_of_a_restart():
    peer = connected()
    used = peer.agent.pair_in_use
    restart(peer)
    peer.agent.local.add_address(LOCAL, peer.now)
    peer.check()
    (new,) = peer.agent.pairs
    assert new is not used
    assert peer.agent.passage.pair_at(LOCAL, REMOTE) is used


def test_the_pair_of_before_a_restart_is_found_until_there_is_a_new_one():
    peer = connected()
    peer.check(LOCAL_2)
    old = peer.agent.passage.pair_at(LOCAL_2, REMOTE)
    restart(peer)
    assert peer.agent.pairs == ()
    assert peer.agent.passage.pair_at(LOCAL_2, REMOTE) is old


def test_nothing_passes_before_there_is_a_pair():
    agent = IcePeer().agent
    assert agent.passage.pair_at(LOCAL, REMOTE) is None
    assert not agent.passage.is_alive
    assert agent.passage.quiet_at is None
    assert agent.passage.note_sent(100.0) is None
    assert not agent.passage.is_validated(LOCAL, REMOTE)


def test_an_acknowledgement_is_owed_once_until_the_peer_is_heard():
    peer = connected()
    passage = peer.agent.passage
    asked_at = passage.note_sent(peer.now)
    assert asked_at == pytest.approx(peer.now + 0.3)
    assert passage.note_sent(peer.now + 0.1) is None
    passage.note_authentic(LOCAL, REMOTE, peer.now + 0.2)
    assert passage.note_sent(peer.now + 0.2) == pytest.approx(asked_at + 0.2)


def test_payload_on_the_pair_in_use_is_no_news_but_puts_its_check_off():
    peer = connected()
    passage, quiet_at = peer.agent.passage, peer.agent.passage.quiet_at
    assert not peer.agent.outcome.has_news
    passage.note_authentic(LOCAL, REMOTE, quiet_at - 0.1)
    assert passage.quiet_at > quiet_at
    assert not peer.agent.outcome.has_news


def test_payload_from_anywhere_else_is_news():
    peer = connected()
    peer.agent.passage.note_stray(LOCAL, STRANGER, peer.now)
    assert peer.agent.outcome.has_news
    assert peer.agent.poll_events() == []
    assert not peer.agent.outcome.has_news
    peer.agent.passage.note_authentic(LOCAL_2, REMOTE, peer.now)
    assert peer.agent.outcome.has_news


def test_payload_brings_a_silent_pair_back():
    peer = connected()
    while peer.states[-1] != "disconnected":
        peer.run(0.1)
    revivals = peer.agent.passage.revivals
    peer.agent.passage.note_authentic(LOCAL, REMOTE, peer.now)
    peer.drain()
    assert peer.states[-1] == "connected"
    assert peer.agent.passage.revivals == revivals + 1
