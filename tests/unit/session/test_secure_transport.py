"""What DTLS takes and from where, between ICE and the association."""

from frazil.types import Datagram
from support.session_pair import SessionPair

ELSEWHERE = ("203.0.113.7", 7777)


def record(content_type: int = 23, epoch: int = 1) -> bytes:
    """A record with the right shape and nothing inside that could verify."""
    return bytes((content_type, 0xFE, 0xFD)) + epoch.to_bytes(2) + bytes(6) + b"\0\x28" + bytes(40)


def checks(side) -> int:
    return sum(data[:2] == b"\0\1" for data in side.sent)


def after(pair: SessionPair, data: bytes) -> int:
    """How many checks a datagram from elsewhere brings after a second of silence."""
    pair.run(1.0)
    before = checks(pair.a)
    pair.inject(pair.a, data, ELSEWHERE)
    return checks(pair.a) - before


def test_payload_from_elsewhere_is_dropped_and_asked_about():
    pair = SessionPair().connect()
    assert after(pair, record()) == 2
    assert pair.a.trace.counters["dtls-from-unvalidated-address"] == 1
    assert pair.a.messages == []


def test_what_comes_together_is_judged_by_where_each_came_from():
    pair = SessionPair().connect()
    local, remote = pair.a.session.ice.path
    batch = [Datagram(record(), local, each) for each in (remote, ELSEWHERE, remote, ELSEWHERE)]
    pair.a.session.receive(batch, pair.now)
    counters = pair.a.trace.counters
    assert counters["dtls-from-unvalidated-address"] == 2
    assert counters["dtls-payload-unverified"] == 2


def test_what_is_no_payload_of_this_association_is_no_hint():
    pair = SessionPair().connect()
    for data in (record(content_type=22), record(epoch=0), record()[:-1], b"\x17", bytes([20]) * 9):
        assert after(pair, data) == 0


def test_there_is_no_hint_before_the_association():
    pair = SessionPair().start_ice()
    assert after(pair, record()) == 0


def test_payload_that_leaves_is_told_to_ice():
    pair = SessionPair().connect()
    pair.run(1.0)
    pair.keep = lambda side, data: side is pair.a
    pair.send(pair.a, b"hello?")
    before = checks(pair.a)
    pair.run(0.45)
    assert checks(pair.a) == before + 1
