"""The way of what idle connections exchange all the time, past everything else."""

import pytest

from frazil.types import Datagram, Transmit
from support.peer_pair import Peer

LOCAL, REMOTE = ("10.0.0.1", 1), ("10.0.0.2", 2)
LONE = Datagram(b"\0\1", LOCAL, REMOTE)
ANSWER = Transmit(b"\1\1", 2, LOCAL, REMOTE)
QUESTION = Transmit(b"\0\1", 2, LOCAL, REMOTE)


@pytest.fixture
def peer() -> Peer:
    """It has one transport, on which everything is usual."""
    peer = Peer()
    peer.channel()
    peer.set_local()
    peer.session.take_usual = lambda lone, now: [ANSWER]
    peer.session.ask_usual = lambda now: [QUESTION]
    return peer


def test_the_one_transport_is_asked_at_once(peer):
    transports = peer.pc.transports
    assert transports.take_usual("0", LONE, 1.0) == [ANSWER]
    assert transports.ask_usual(1.0) == ("0", [QUESTION])
    peer.session.take_usual = peer.session.ask_usual = lambda *_: None
    assert transports.take_usual("0", LONE, 1.0) is None
    assert transports.ask_usual(1.0) is None


def test_of_transports_that_are_not_in_use_nothing_is_usual(peer):
    assert peer.pc.transports.take_usual("7", LONE, 1.0) is None


def test_with_several_transports_each_is_asked_the_long_way(peer):
    peer.pc.transports.create()
    assert peer.pc.transports.ask_usual(1.0) is None
    assert peer.pc.transports.take_usual("0", LONE, 1.0) == [ANSWER]


def test_while_a_recovery_is_under_way_more_may_be_due(peer):
    transports = peer.pc.transports
    recovery = transports._recovery
    recovery._due_at, recovery._hosts = 9.0, {("0", LOCAL[0]): None}
    assert transports.next_timeout() == 9.0
    assert transports.ask_usual(1.0) is None
