"""What becomes of DTLS, brought to the association that it carries."""

import random

import pytest

from frazil.errors import InvalidStateError
from frazil.sctp import SctpConfig, SignalledInits, announce, settled
from frazil.session.event import MessagesArrived, RemoteClosed
from support.session_pair import STREAM, SessionPair, is_dtls, story


def test_without_dtls_there_is_no_association():
    session = SessionPair().a.session
    with pytest.raises(InvalidStateError, match="DTLS before SCTP"):
        session.start_sctp(5000, 0.0)
    assert session.data is None


def test_an_association_that_is_wanted_late_begins_at_once():
    pair = SessionPair().start_ice()
    for side in pair.sides:
        pair.start_dtls(side)
    pair.run(2.0)
    for side in pair.sides:
        assert story(side) == ["dtls connecting", "dtls connected"]
        pair.start_data(side)
    pair.run(2.0)
    for side in pair.sides:
        assert story(side)[2:] == ["sctp connected"]


def test_what_comes_with_the_goodbye_is_told_before_the_end():
    pair = SessionPair().connect()
    pair.a.session.send(STREAM, b"last words", False, pair.now)
    last = [data for each in pair.a.session.poll_transmits(pair.now) for data in each.datagrams()]
    pair.a.session.close(pair.now)
    goodbye = [
        data for each in pair.a.session.poll_transmits(pair.now) for data in each.datagrams()
    ]
    (alert,) = [data for data in goodbye if data[0] == 21]
    pair.inject(pair.b, b"".join((*last, alert)))  # records of one datagram
    assert pair.b.events[0] == MessagesArrived([(STREAM, b"last words", False)])
    assert story(pair.b) == ["dtls closed", "remote close_notify", "sctp closed", "channel closed"]
    assert len(pair.b.of(RemoteClosed)) == 1


def test_a_dtls_failure_closes_sctp_and_the_channels():
    pair = SessionPair().start_ice()
    for side in pair.sides:
        pair.start_dtls(side, trusts=side.certificate.fingerprint())
        pair.start_data(side)
    pair.run(2.0)
    for side in pair.sides:
        assert story(side)[-3:] == [
            "dtls failed",
            "sctp closed failed",
            "channel closed failed",
        ]
        assert side.of(RemoteClosed) == []
        assert side.session.data.next_timeout() is None


def test_sctp_that_is_started_on_a_failed_dtls_transport_is_closed_at_once():
    pair = SessionPair().start_ice()
    for side in pair.sides:
        pair.start_dtls(side, trusts=side.certificate.fingerprint())
    pair.run(2.0)
    pair.start_data(pair.a)
    assert story(pair.a)[-2:] == ["sctp closed failed", "channel closed"]


def test_an_association_that_signalling_ended_is_followed_by_another():
    pair = SessionPair().connect()
    pair.a.session.send(STREAM, b"to nobody", False, pair.now)
    for side in pair.sides:
        side.session.stop_sctp(pair.now)
        assert side.session.data is None
    pair.run(5.0)
    for side in pair.sides:
        assert side.events == []
        pair.start_data(side)
    pair.run(1.0)
    pair.send(pair.a, b"hello again")
    pair.run(1.0)
    assert pair.b.messages == [b"hello again"]


# --- an answer that overtakes its description -----------------------------------------------------


def with_dtls() -> tuple[SessionPair, SignalledInits, SignalledInits]:
    """A pair without an association, and what its descriptions have settled for each side."""
    pair = SessionPair().start_ice()
    for side in pair.sides:
        pair.start_dtls(side)
    pair.run(2.0)
    return pair, *both_inits()


def both_inits() -> tuple[SignalledInits, SignalledInits]:
    """What descriptions have settled for each side."""
    config = SctpConfig()
    ours, theirs = (announce(config, random.Random(seed).randbytes) for seed in (3, 4))
    inits_a, inits_b = settled(ours, theirs), settled(theirs, ours)
    assert inits_a is not None
    assert inits_b is not None
    return inits_a, inits_b


def test_what_comes_before_the_answer_is_there_with_it():
    pair, inits_a, inits_b = with_dtls()
    pair.start_data(pair.b, inits_b)
    pair.send(pair.b, b"early")
    pair.run(0.1)
    pair.start_data(pair.a, inits_a)
    assert pair.a.messages == [b"early"]
    pair.run(2.0)
    for side in pair.sides:
        assert story(side)[2:] == ["sctp connected"]
        assert [each for each in side.trace.records if each.event == "t3-expired"] == []


def test_only_so_many_packets_are_kept_before_the_answer():
    pair, inits_a, inits_b = with_dtls()
    pair.start_data(pair.b, inits_b)
    pair.send(pair.b, bytes(20_000))
    pair.run(0.1)
    assert "sctp-too-early" not in pair.a.trace.counters
    pair.run(4.0)  # T3 expires three times
    assert pair.a.trace.counters["sctp-too-early"] == 3
    pair.start_data(pair.a, inits_a)
    pair.run(10.0)
    assert pair.a.messages == [bytes(20_000)]


def test_what_comes_of_an_ended_association_takes_no_room_of_the_next():
    pair = SessionPair().connect()
    inits_a, inits_b = both_inits()
    pair.a.session.stop_sctp(pair.now)
    pair.send(pair.b, bytes(20_000))
    pair.run(0.1)
    pair.b.session.stop_sctp(pair.now)
    pair.start_data(pair.b, inits_b)
    pair.send(pair.b, b"early")
    pair.run(0.1)
    pair.start_data(pair.a, inits_a)
    assert pair.a.messages == [b"early"]


def test_what_comes_before_the_answer_is_kept_where_an_association_ended_by_itself():
    pair = SessionPair().connect()
    inits_a, inits_b = both_inits()
    pair.keep = lambda side, data: not is_dtls(data)
    pair.a.session.data.abort(pair.now)
    pair.send(pair.a, b"too late")
    pair.run(0.1)
    pair.keep = lambda side, data: True
    assert story(pair.a) == ["sctp closed", "channel closed"]
    assert story(pair.b) == []
    pair.send(pair.b, b"to nobody")
    pair.run(0.1)
    assert story(pair.b) == ["remote sctp-abort", "sctp closed failed", "channel closed failed"]
    pair.b.session.stop_sctp(pair.now)
    pair.start_data(pair.b, inits_b)
    pair.send(pair.b, b"early")
    pair.run(0.1)
    pair.a.session.stop_sctp(pair.now)
    pair.start_data(pair.a, inits_a)
    assert pair.a.messages == [b"early"]
