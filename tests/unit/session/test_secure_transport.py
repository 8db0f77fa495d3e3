"""What DTLS takes and from where, between ICE and the association."""

from frazil.dtls import DtlsConfig, DtlsEndpoint, DtlsRole, DtlsStateChanged
from frazil.ice import UNKNOWN_TRAITS, AgentTraits
from frazil.session.config import SessionConfig
from frazil.states.enums import RTCIceRole
from frazil.trace import Trace
from frazil.types import Datagram
from support.session_pair import SessionPair, is_dtls, story

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


# --- the clock of the handshake -------------------------------------------------------------------


def test_the_handshake_has_its_time_only_while_something_arrives():
    """Also while a restart looks for a path, though the one of before is still in use."""
    pair = SessionPair(SessionConfig(dtls=DtlsConfig(handshake_timeout_s=10.0)))
    pair.keep = lambda side, data: not is_dtls(data)
    pair.start()
    pair.run(2.0)
    pair.keep = lambda side, data: False
    pair.run(7.0)
    assert {side.session.ice.state for side in pair.sides} == {"disconnected"}
    pair.restart_ice()
    pair.run(12.0)
    for side in pair.sides:
        assert (side.session.ice.state, story(side)) == ("checking", ["dtls connecting"])
        assert side.session.ice.path is not None
    pair.keep = lambda side, data: True
    pair.run(2.0)
    for side in pair.sides:
        assert story(side)[:2] == ["dtls connecting", "dtls connected"]


def test_whose_offer_was_answered_waits_for_no_check():
    """There never is one of a peer that is lite, and does not say so."""
    pair = SessionPair()
    pair.a.session.set_role(RTCIceRole.CONTROLLING, pair.now)
    for side in pair.sides:
        side.session.set_local_credentials(side.credentials, pair.now)
    pair.a.session.set_remote_credentials(pair.b.credentials, pair.now)
    for side in pair.sides:
        pair.gather(side)
    pair.start_dtls(pair.a)
    pair.run(41.0)
    assert checks(pair.b) == 0
    assert pair.a.session.ice.state == "completed"
    assert story(pair.a) == ["dtls connecting", "dtls failed"]


# --- an answer that takes its time ----------------------------------------------------------------


class SlowAnswer(SessionPair):
    """The answer has been given and is on its way: ``a`` answers checks, and sends none."""

    def begin(self, traits: AgentTraits = UNKNOWN_TRAITS) -> "SlowAnswer":
        for side, role in zip(
            self.sides, (RTCIceRole.CONTROLLING, RTCIceRole.CONTROLLED), strict=True
        ):
            side.session.set_role(role, self.now)
        self.a.session.set_local_credentials(self.a.credentials, self.now)
        self.b.session.set_remote_credentials(self.a.credentials, self.now, traits)
        self.b.session.set_local_credentials(self.b.credentials, self.now)
        self.gather(self.a)
        self.gather(self.b)
        self.start_dtls(self.b)
        self.run(1.0)
        assert story(self.b) == ["dtls connecting"]
        return self

    def arrive(self) -> None:
        self.a.session.set_remote_credentials(self.b.credentials, self.now)
        self.start_dtls(self.a)


def test_dtls_waits_for_an_answer_as_long_as_that_takes():
    pair = SlowAnswer().begin()
    (event,) = pair.b.of(DtlsStateChanged)
    assert event.change.reason.next_deadline_at is None
    pair.run(600.0)
    assert story(pair.b) == ["dtls connecting"]
    pair.arrive()
    pair.run(0.5)
    for side in pair.sides:
        assert story(side) == ["dtls connecting", "dtls connected"]


def test_dtls_has_its_time_once_the_answer_has_arrived():
    pair = SlowAnswer().begin()
    pair.run(60.0)
    pair.keep = lambda side, data: not is_dtls(data)
    arrived_at = pair.now
    pair.arrive()
    pair.run(39.9)
    assert story(pair.b) == ["dtls connecting"]
    pair.run(1.0)
    assert story(pair.b) == ["dtls connecting", "dtls failed"]
    reason = pair.b.of(DtlsStateChanged)[-1].change.reason
    assert reason.cause == "handshake-timeout"
    assert arrived_at + 40.0 < reason.deadline_at < arrived_at + 40.1


def test_a_path_that_comes_back_starts_no_clock_before_the_answer_has_arrived():
    pair = SlowAnswer().begin()
    pair.keep = lambda side, data: False
    pair.run(8.0)
    assert pair.b.session.ice.state == "disconnected"
    pair.keep = lambda side, data: True
    pair.run(60.0)
    assert pair.b.session.ice.state == "connected"
    assert story(pair.b) == ["dtls connecting"]


def test_a_lite_peer_sends_no_checks_so_nothing_is_waited_for():
    pair = SlowAnswer().begin(AgentTraits(is_lite=True))
    (event,) = pair.b.of(DtlsStateChanged)
    assert event.change.reason.next_deadline_at == event.change.at + 40.0
    pair.run(41.0)
    assert story(pair.b) == ["dtls connecting", "dtls failed"]


def test_a_peer_that_takes_part_in_the_handshake_has_the_answer():
    """It sends no checks, and does not say that it is lite."""
    pair = SlowAnswer().begin()
    pair.run(60.0)
    hello = next(data for data in pair.b.sent if is_dtls(data))
    trusted = [pair.b.certificate.fingerprint()]
    peer = DtlsEndpoint(pair.a.certificate, DtlsRole.SERVER, trusted, Trace())
    peer.receive([hello], pair.now)
    for run in peer.poll_runs():
        for datagram in run.datagrams():
            pair.inject(pair.b, datagram)
    pair.run(39.9)
    assert story(pair.b) == ["dtls connecting"]
    pair.run(0.2)
    assert story(pair.b) == ["dtls connecting", "dtls failed"]
