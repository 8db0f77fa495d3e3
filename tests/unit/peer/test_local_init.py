"""Which descriptions announce INIT, and which associations begin with it."""

import re
from collections.abc import Callable

import pytest

from frazil.sctp import SctpConfig
from support.peer_pair import Peer, connect, media_peer, moved, negotiate, with_another_port

SNAP = SctpConfig()
LINE = re.compile(r"a=sctp-init:(\S+)\r\n")


def pair() -> tuple[Peer, Peer]:
    one, two = Peer("one", 1, sctp=SNAP), Peer("two", 2, sctp=SNAP)
    one.channel()
    return one, two


def announced(description) -> list[str]:
    return LINE.findall(description["sdp"] if isinstance(description, dict) else description.sdp)


def test_both_announce_and_no_handshake_is_needed() -> None:
    one, two = pair()
    offer = one.set_local()
    two.set_remote(offer)
    answer = two.set_local()
    one.set_remote(answer)
    (ours,), (theirs,) = announced(offer), announced(answer)
    assert ours != theirs
    mine, other = one.session.signalled, two.session.signalled
    assert mine is not None
    assert other is not None
    assert (mine.local, mine.remote) == (other.remote, other.local)


def test_later_descriptions_repeat_it() -> None:
    one, two = pair()
    negotiate(one, two)
    first = announced(one.pc.local_description), announced(two.pc.local_description)
    connect(one)
    connect(two)
    negotiate(two, one)
    negotiate(one, two)
    assert (announced(one.pc.local_description), announced(two.pc.local_description)) == first
    assert all(len(each) == 1 for each in first)


def test_every_offer_of_an_association_says_the_same() -> None:
    one, _ = pair()
    first = announced(one.complete(one.pc.create_offer()))
    assert announced(one.complete(one.pc.create_offer())) == first
    one.set_local()
    assert announced(one.complete(one.pc.create_offer())) == first


def test_the_answer_says_nothing_if_the_offer_does_not() -> None:
    one, two = pair()
    offer = LINE.sub("", one.set_local().sdp)
    two.set_remote({"type": "offer", "sdp": offer})
    answer = two.set_local()
    assert announced(answer) == []
    assert two.session.signalled is None


def test_a_peer_without_it_gets_a_handshake_and_is_not_told_again() -> None:
    one, two = Peer("one", 1, sctp=SNAP), Peer("two", 2)
    one.channel()
    assert announced(one.set_local())
    two.set_remote(one.pc.local_description)
    one.set_remote(two.set_local())
    assert one.session.signalled is two.session.signalled is None
    connect(one)
    connect(two)
    one.set_local()
    assert announced(one.pc.local_description) == []


def test_an_association_by_packets_is_not_announced_when_the_peer_begins_to() -> None:
    one, two = Peer("one", 1), Peer("two", 2, sctp=SNAP)
    one.channel()
    negotiate(one, two)
    connect(one)
    connect(two)
    two.set_remote(one.set_local())
    assert announced(two.set_local()) == []


def test_the_next_association_has_another() -> None:
    one, two = pair()
    negotiate(one, two)
    first = announced(one.pc.local_description), announced(two.pc.local_description)
    for peer in (one, two):
        connect(peer)
        peer.session.report_sctp("connected", "closed", failed=True)
        peer.run()
    negotiate(one, two)
    second = announced(one.pc.local_description), announced(two.pc.local_description)
    assert first[0] != second[0]
    assert first[1] != second[1]
    assert one.session.signalled is not None
    assert one.session.signalled.local == two.session.signalled.remote


@pytest.mark.parametrize("change", [moved, with_another_port])
def test_an_answer_that_ends_an_association_announces_the_next(change: Callable) -> None:
    one, two = pair()
    negotiate(one, two)
    (first,) = announced(one.pc.local_description)
    connect(one)
    offer = {"type": "offer", "sdp": change(two.set_local().sdp)}
    one.set_remote(offer)
    one.set_remote({"type": "rollback"})
    assert announced(one.complete(one.pc.create_offer())) == [first]
    one.set_remote(offer)
    (second,) = announced(one.set_local())
    assert second != first
    assert one.session.signalled is not None
    one.run()
    one.set_remote(offer)
    assert announced(one.set_local()) == [second]


def test_a_peer_that_copies_our_line_gets_a_handshake() -> None:
    one, two = Peer("one", 1, sctp=SNAP), Peer("two", 2)
    one.channel()
    two.set_remote(one.set_local())
    (line,) = announced(one.pc.local_description)
    answer = two.set_local().sdp.replace("a=sctp-port", f"a=sctp-init:{line}\r\na=sctp-port")
    one.set_remote({"type": "answer", "sdp": answer})
    assert one.session.signalled is None
    assert one.session.called("start_sctp") == [(5000,)]


def test_an_offer_with_something_else_in_it_is_answered_without() -> None:
    one, two = Peer("one", 1), Peer("two", 2, sctp=SNAP)
    one.channel()
    offer = one.set_local().sdp.replace(
        "a=sctp-port", "a=sctp-init:Q29va2llTW9uc3Rlcg==\r\na=sctp-port"
    )
    two.set_remote({"type": "offer", "sdp": offer})
    assert announced(two.set_local()) == []
    assert two.session.signalled is None


def test_nothing_is_announced_without_data_channels() -> None:
    one = media_peer("audio", sctp=SNAP)
    assert announced(one.set_local()) == []


def test_nothing_is_announced_unless_it_is_wanted() -> None:
    one = Peer("one", 1, sctp=None)
    one.channel()
    assert announced(one.set_local()) == []


def test_after_a_rollback_both_still_agree() -> None:
    one, two = pair()
    two.channel()
    offer = one.set_local()
    two.set_local()
    two.set_local({"type": "rollback"})
    two.set_remote(offer)
    one.set_remote(two.set_local())
    mine, other = one.session.signalled, two.session.signalled
    assert mine is not None
    assert other is not None
    assert (mine.local, mine.remote) == (other.remote, other.local)
