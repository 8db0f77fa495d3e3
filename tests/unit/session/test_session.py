import random

import pytest

from frazil.datachannel import ChannelParameters
from frazil.errors import InvalidStateError
from frazil.session.agenda import Agenda
from frazil.session.config import MAX_EARLY_DATAGRAMS
from frazil.session.encapsulation import Encapsulation
from frazil.session.event import (
    MessagesArrived,
    RemoteCloseCause,
    RemoteClosed,
    SctpChanged,
)
from frazil.session.route import Route
from frazil.session.session import Session
from frazil.states.enums import RTCIceRole
from frazil.stun import is_stun
from frazil.types import Datagram
from support.session_pair import STREAM, SessionPair, ShortcutPair, Side, is_dtls, story

CLIENT_HELLO = 22
ALERT = 21


# --- demultiplexing -------------------------------------------------------------------------------


def test_layers_come_up_in_order():
    pair = SessionPair().start()
    pair.run(2.0)
    for side in pair.sides:
        assert story(side) == ["dtls connecting", "dtls connected", "sctp connected"]


def test_nothing_is_sent_that_need_not_be_to_set_up_a_connection():
    request, answer, flight, finished, record = 0, 1, 22, 20, 23
    pair = SessionPair(delay_s=0.004).start()
    pair.run(0.2)
    a, b = ([data[0] for data in side.sent] for side in pair.sides)
    # A check of its own and the nomination, DTLS, and of SCTP the INIT and the COOKIE ECHO.
    assert a == [request, answer, request, flight, finished, record, record]
    # A check of its own, DTLS, and of SCTP the answers.
    assert b == [request, answer, flight, answer, flight, record, record]


def test_sctp_waits_as_long_as_the_path_lives_however_bad_it_is():
    application_data = 23
    pair = SessionPair().start()
    pair.keep = lambda side, data: data[0] != application_data
    pair.run(120.0)
    pair.keep = lambda side, data: True
    pair.run(6.0)
    for side in pair.sides:
        assert story(side) == ["dtls connecting", "dtls connected", "sctp connected"]


def test_every_layer_gets_its_datagrams_from_one_batch_and_the_rest_is_counted():
    pair = SessionPair().connect()
    for data in (b"", b"\x80rtp", b"\x50turn", b"\x00stun?"):
        pair.inject(pair.a, data)
    assert pair.a.trace.counters["datagram-of-unknown-protocol"] == 3
    pair.send(pair.b, b"still here")
    pair.run(1.0)
    assert pair.a.messages == [b"still here"]


def test_dtls_from_an_address_that_ice_has_not_validated_never_reaches_the_endpoint():
    pair = SessionPair().start_ice()
    pair.start_dtls(pair.b)
    pair.run(1.0)
    hello = next(data for data in pair.b.sent if is_dtls(data))
    stranger = SessionPair()
    stranger.start_ice()
    stranger.start_dtls(stranger.a)
    stranger.inject(stranger.a, hello, ("203.0.113.9", 9))
    assert stranger.a.trace.counters["dtls-from-unvalidated-address"] == 1
    assert story(stranger.a) == []
    assert not any(is_dtls(data) for data in stranger.a.sent)


def test_a_connected_association_ignores_records_from_elsewhere():
    pair = SessionPair().connect()
    pair.keep = lambda side, data: False
    pair.send(pair.b, b"captured")
    captured = pair.b.sent[-1]
    pair.inject(pair.a, captured, ("203.0.113.9", 9))
    assert pair.a.messages == []
    pair.inject(pair.a, captured)
    assert pair.a.messages == [b"captured"]


# --- early ClientHello ----------------------------------------------------------------------------


def test_a_client_hello_before_the_answer_is_kept_and_answered_at_once():
    pair = SessionPair().start_ice()
    pair.start_dtls(pair.b)
    pair.run(0.5)
    sent = len([data for data in pair.b.sent if is_dtls(data)])
    assert sent >= 1
    pair.keep = lambda side, data: side is pair.a  # no repetition helps
    pair.start_dtls(pair.a)
    assert any(is_dtls(data) for data in pair.a.sent)
    assert story(pair.a) == ["dtls connecting"]


def test_only_so_many_datagrams_are_kept_before_the_answer():
    pair = SessionPair().start_ice()
    pair.run(0.5)
    for _ in range(MAX_EARLY_DATAGRAMS + 3):
        pair.inject(pair.a, bytes([CLIENT_HELLO]) + b"hello")
    assert pair.a.trace.counters["dtls-too-early"] == 3
    pair.start_dtls(pair.a)
    assert pair.a.trace.counters["dtls-malformed"] == MAX_EARLY_DATAGRAMS


# --- misuse ---------------------------------------------------------------------------------------


def test_layers_start_from_below():
    pair = SessionPair()
    with pytest.raises(InvalidStateError, match="DTLS before SCTP"):
        pair.a.session.start_sctp(5000, 0.0)
    with pytest.raises(InvalidStateError, match="not negotiated"):
        pair.a.session.open_channel(ChannelParameters(label="x"), 0.0)


def test_starting_a_layer_twice_changes_nothing():
    pair = SessionPair().connect()
    dtls, data = pair.a.session.dtls, pair.a.session.data
    pair.start_dtls(pair.a)
    pair.a.session.start_sctp(5001, pair.now)
    assert pair.a.session.dtls is dtls
    assert pair.a.session.data is data


# --- the path comes and goes ----------------------------------------------------------------------


def lose_path(pair: SessionPair) -> None:
    """Cut the wire until consent has expired."""
    pair.keep = lambda side, data: False
    pair.run(40.0)
    assert pair.a.session.ice.path is None
    assert pair.b.session.ice.path is None


def test_between_inputs_nothing_is_to_be_sent_and_the_deadline_stays():
    pair = SessionPair().connect()
    session = pair.a.session
    idle_at = session.next_timeout()
    assert session.is_drained
    assert session.poll_transmits(pair.now) == []
    assert session.next_timeout() == idle_at
    session.send(STREAM, b"wake up", False, pair.now)
    assert not session.is_drained
    assert len(session.poll_transmits(pair.now)) == 1
    assert session.is_drained
    assert session.next_timeout() < idle_at  # it may have to be sent again


def test_the_clock_of_sctp_stands_still_without_a_path():
    pair = SessionPair().connect()
    lose_path(pair)
    pair.send(pair.a, b"waiting")
    sent = len(pair.a.sent)
    data = pair.a.session.data
    assert data is not None
    pair.run(3600.0)
    assert pair.a.session.next_timeout() is None or pair.a.session.next_timeout() > pair.now
    assert not any(is_dtls(each) for each in pair.a.sent[sent:])
    assert story(pair.a) == story(pair.b) == []


def test_after_a_short_blackout_data_flows_at_once_and_not_when_old_timers_expire():
    pair = SessionPair().connect()
    pair.keep = lambda side, data: False
    pair.send(pair.a, b"through")
    pair.run(20.0)
    pair.keep = lambda side, data: True
    pair.run(1.5)
    assert pair.b.messages == [b"through"]


def test_after_a_blackout_that_a_restart_ends_data_flows_at_once():
    """The first to get through is the answer to a check of the restart, on the path of before."""
    pair = SessionPair().connect()
    pair.keep = lambda side, data: False
    pair.send(pair.a, b"through")
    pair.run(8.0)
    assert pair.a.session.ice.state == pair.b.session.ice.state == "disconnected"
    path = pair.a.session.ice.path
    old = [side.credentials.ufrag.encode() for side in pair.sides]
    pair.restart_ice()
    pair.run(10.0)
    assert pair.a.session.ice.state == pair.b.session.ice.state == "checking"

    def works() -> bool:
        return pair.a.session.ice.state in ("connected", "completed")

    def keep(side: Side, data: bytes) -> bool:
        if is_dtls(data):
            return works()
        is_check = data[:2] == b"\0\1"
        return not (is_check and (side is pair.b or any(ufrag in data for ufrag in old)))

    pair.keep = keep
    for _ in range(100):
        pair.run(0.1)
        if works():
            break
    pair.run(0.1)
    assert pair.a.session.ice.path == path
    assert pair.b.messages == [b"through"]


def test_a_restart_sends_nothing_again_over_a_path_that_is_silent():
    pair = SessionPair().connect()
    pair.keep = lambda side, data: False
    pair.send(pair.a, b"through")
    pair.run(8.0)
    sent = len(pair.a.sent)
    pair.restart_ice()
    assert pair.a.session.ice.state == "checking"
    assert not any(is_dtls(data) for data in pair.a.sent[sent:])


def test_a_better_state_on_the_same_path_does_not_restart_congestion_control(monkeypatch):
    calls = []
    pair = SessionPair()
    pair.start()
    data = pair.a.session.data
    monkeypatch.setattr(type(data), "path_changed", lambda self, now: calls.append(now))
    pair.run(10.0)
    assert pair.a.session.ice.state == "completed"
    assert len(calls) <= 2  # each side's first path


# --- goodbye --------------------------------------------------------------------------------------


def test_close_says_goodbye_in_both_layers_and_the_peer_hears_of_it_once():
    pair = SessionPair().connect()
    pair.a.session.close(pair.now)
    pair.run(0.1)
    assert story(pair.b) == [
        "remote sctp-abort",
        "sctp closed failed",
        "channel closed failed",
        "dtls closed",
    ]
    assert story(pair.a) == []
    assert pair.b.of(SctpChanged)[0].cause_code == 12


def test_messages_sent_before_the_goodbye_arrive_with_it():
    pair = SessionPair().connect()
    pair.a.session.send(STREAM, b"last words", False, pair.now)
    pair.flush()
    pair.a.session.close(pair.now)
    pair.run(0.1)
    assert pair.b.events[0] == MessagesArrived([(STREAM, b"last words", False)])
    assert pair.b.events[1] == RemoteClosed(RemoteCloseCause.SCTP_ABORT)


def test_a_lost_abort_leaves_close_notify_to_tell():
    pair = SessionPair().connect()
    pair.a.session.close(pair.now)
    pair.keep = lambda side, data: not is_dtls(data) or data[0] == ALERT
    pair.run(0.1)
    assert story(pair.b) == [
        "dtls closed",
        "remote close_notify",
        "sctp closed",
        "channel closed",
    ]


def test_close_in_the_middle_of_the_handshake_tells_the_peer():
    pair = SessionPair().start_ice()
    pair.start_dtls(pair.b)
    pair.start_dtls(pair.a)
    for side in pair.sides:
        pair.start_data(side)
    pair.keep = lambda side, data: side is pair.b or not is_dtls(data)
    pair.run(1.0)
    assert story(pair.a) == story(pair.b) == ["dtls connecting"]
    pair.keep = lambda side, data: True
    pair.b.session.close(pair.now)
    pair.run(0.1)
    assert "remote close_notify" in story(pair.a)
    assert story(pair.a)[-1] == "channel closed"


@pytest.mark.parametrize("phase", range(6))
def test_close_works_in_every_phase_and_twice(phase):
    pair = SessionPair()
    steps = (
        lambda: None,
        lambda: pair.a.session.set_role(RTCIceRole.CONTROLLING, 0.0),
        pair.start_ice,
        lambda: pair.run(0.2),
        lambda: pair.start_dtls(pair.a),
        lambda: pair.start_data(pair.a),
    )
    for step in steps[: phase + 1]:
        step()
    session = pair.a.session
    session.close(pair.now)
    session.close(pair.now)
    pair.a.events.clear()
    pair.flush()
    pair.run(1.0)
    assert pair.a.events == []
    assert session.next_timeout() is None


def test_close_after_dtls_failed():
    pair = SessionPair().start_ice()
    for side in pair.sides:
        pair.start_dtls(side, trusts=side.certificate.fingerprint())
        pair.start_data(side)
    pair.run(2.0)
    assert "dtls failed" in story(pair.a)
    pair.a.session.close(pair.now)
    pair.flush()
    assert pair.a.session.next_timeout() is None


# --- ends -----------------------------------------------------------------------------------------


def test_what_is_sent_after_the_end_is_lost_without_an_exception():
    pair = SessionPair().connect()
    pair.a.session.close(pair.now)
    pair.run(0.1)
    assert pair.b.of(RemoteClosed) == [RemoteClosed(RemoteCloseCause.SCTP_ABORT)]
    pair.send(pair.b, b"too late")
    pair.b.session.close_channel(STREAM, pair.now)
    stream = pair.b.session.open_channel(ChannelParameters(label="late"), pair.now)
    pair.b.session.send(stream, b"too late", False, pair.now)
    pair.b.session.close_channel(stream, pair.now)
    pair.run(1.0)
    assert pair.b.trace.counters["message-for-closed-channel"] == 2


def test_what_is_sent_while_the_peer_closes_the_channel_is_lost_without_an_exception():
    pair = SessionPair().connect()
    pair.a.session.close_channel(STREAM, pair.now)
    pair.run(1.0)
    assert story(pair.b) == ["channel closed"]
    pair.send(pair.b, b"too late")
    assert pair.b.trace.counters["message-for-closed-channel"] == 1


@pytest.mark.interpreted
def test_no_layer_is_asked_for_anything_while_both_ends_are_idle(monkeypatch):
    pair = SessionPair().connect()
    pair.run(70)
    asked: list[str] = []
    for kind, name in (
        (Session, "_settle"),
        (Agenda, "look_beside_ice"),
        (Route, "advance"),
        (Encapsulation, "collect"),
    ):
        monkeypatch.setattr(kind, name, lambda *_, name=name, **__: asked.append(name))
    before = [side.session.survey().pair_in_use.consent_requests_sent for side in pair.sides]
    pair.run(21)  # there is no heartbeat of SCTP meanwhile
    after = [side.session.survey().pair_in_use.consent_requests_sent for side in pair.sides]
    assert all(new - old >= 3 for old, new in zip(before, after, strict=True))
    assert asked == []


def test_a_lone_check_that_is_forged_is_not_answered_as_usual():
    pair = SessionPair().connect()
    pair.run(30)
    asked: list[bytes] = []
    pair.keep = lambda side, data: asked.append(data) or True if data[:2] == b"\0\1" else True
    pair.run(10)
    forged = asked[-1][:8] + bytes(12) + asked[-1][20:]
    answers = len([each for each in pair.a.sent + pair.b.sent if each[:2] == b"\1\1"])
    pair.inject(pair.a, forged)
    pair.inject(pair.b, forged)
    sent = pair.a.sent + pair.b.sent
    assert len([each for each in sent if each[:2] == b"\1\1"]) == answers
    counters = [side.trace.counters.get("stun-malformed") for side in pair.sides]
    assert counters == [1, 1]  # its fingerprint is that of another


def idle_life(pair: SessionPair, loss: float) -> list:
    """What two ends that say nothing send, and what they know in the end."""
    sent: list[tuple[float, str, bytes]] = []
    draw = random.Random(7).random

    def keep(side: Side, data: bytes) -> bool:
        if is_stun(data):
            sent.append((pair.now, side.session.name, data))
        return draw() >= loss

    pair.connect()
    pair.keep = keep
    pair.run(300)
    for side in pair.sides:
        used = side.session.survey().pair_in_use
        sent.append((used.requests_received, used.responses_received, used.consented_at))
        ice = [each for each in side.trace.records if each.layer == "ice"]
        sent.append([(str(each), each.count, each.last_at) for each in ice])
        sent.append(side.trace.counters)
    return sorted(sent, key=repr)


@pytest.mark.parametrize("loss", [0.0, 0.1])
def test_the_way_of_the_usual_leads_to_the_same(loss):
    pair = ShortcutPair()
    assert idle_life(pair, loss) == idle_life(SessionPair(), loss)
    assert pair.shortcuts > 300 / 2.5 * 2.5 * (1 - 4 * loss)


def test_nothing_is_usual_while_something_waits_to_be_sent():
    pair = ShortcutPair().connect()
    pair.run(60)
    taken = pair.shortcuts
    held: list[Datagram] = []
    pair.receive = lambda side, batch: held.append((side, batch[0]))
    while not held:
        pair.run(0.1)
    side, lone = held[0]
    session = side.session
    received = session.survey().pair_in_use.requests_received
    session.send(STREAM, b"first", False, pair.now)
    assert session.take_usual(lone, pair.now) is None
    assert session.ask_usual(pair.now) is None
    assert session.survey().pair_in_use.requests_received == received
    session.poll_transmits(pair.now)
    (answer,) = session.take_usual(lone, pair.now)
    assert (answer.data[:2], answer.local, answer.remote) == (b"\1\1", lone.local, lone.remote)
    assert session.survey().pair_in_use.requests_received == received + 1
    assert session.poll_transmits(pair.now) == []
    assert taken > 0


def test_what_is_no_check_is_not_usual():
    pair = SessionPair().connect()
    pair.run(60)
    before = dict(pair.a.trace.counters)
    for data in (b"", b"\0", b"\x16\xfe\xfd", bytes(1200)):
        lone = Datagram(data, pair.a.address, pair.b.address)
        assert pair.a.session.take_usual(lone, pair.now) is None
    assert pair.a.trace.counters == before
