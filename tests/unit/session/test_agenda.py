"""Which part is asked for its deadline, and when."""

from types import SimpleNamespace

import pytest

from frazil.session.agenda import Agenda
from support.session_pair import STREAM, SessionPair


class Part:
    """Something with a deadline, which counts how often it is asked."""

    def __init__(self, at: float | None = None) -> None:
        self.at = at
        self.asked = 0

    def next_timeout(self) -> float | None:
        self.asked += 1
        return self.at


class Desk:
    """An agenda over parts that do nothing."""

    def __init__(self) -> None:
        self.ice, self.relays, self.dtls, self.sctp = Part(), Part(), Part(), Part()
        self.encapsulation = SimpleNamespace(data=self.sctp)
        self.route = SimpleNamespace(path=(("10.0.0.1", 1), ("10.0.0.2", 2)))
        self.agenda = Agenda(self.ice, self.relays, self.dtls, self.encapsulation, self.route)

    @property
    def asked(self) -> tuple[int, ...]:
        return tuple(part.asked for part in (self.ice, self.relays, self.dtls, self.sctp))

    def look(self) -> float | None:
        self.agenda.look_beside_ice()
        return self.agenda.next_timeout()


@pytest.mark.interpreted
@pytest.mark.parametrize("first", ["ice", "relays", "dtls", "sctp"])
def test_the_earliest_deadline_counts_whosever_it_is(first):
    desk = Desk()
    assert desk.look() is None
    desk.agenda.forget()
    getattr(desk, first).at = 5.0
    assert desk.look() == 5.0
    desk.agenda.forget()
    for part in (desk.ice, desk.relays, desk.dtls, desk.sctp):
        part.at = 3.0 if part is getattr(desk, first) else 4.0
    assert desk.look() == 3.0


@pytest.mark.interpreted
def test_a_check_makes_only_ice_be_asked_again():
    desk = Desk()
    desk.look()
    assert desk.asked == (1, 1, 1, 1)
    desk.agenda.check_is_known = False
    desk.ice.at, desk.relays.at = 7.0, 1.0
    assert desk.agenda.next_timeout() == 7.0
    assert desk.asked == (2, 1, 1, 1)


@pytest.mark.interpreted
def test_payload_makes_only_sctp_be_asked_again():
    desk = Desk()
    desk.look()
    desk.sctp.at, desk.dtls.at = 7.0, 1.0
    assert desk.look() == 7.0
    assert desk.asked == (1, 1, 1, 2)


@pytest.mark.interpreted
def test_payload_makes_a_check_due_earlier_and_never_later():
    desk = Desk()
    desk.look()
    desk.agenda.hasten_check(None)
    assert desk.agenda.next_timeout() is None
    desk.agenda.hasten_check(7.0)
    assert desk.agenda.next_timeout() == 7.0
    desk.agenda.hasten_check(9.0)
    desk.agenda.hasten_check(None)
    assert desk.agenda.next_timeout() == 7.0
    desk.agenda.hasten_check(5.0)
    assert desk.agenda.next_timeout() == 5.0
    assert desk.ice.asked == 1


@pytest.mark.interpreted
def test_everybody_is_asked_again_when_anything_may_have_changed():
    desk = Desk()
    desk.look()
    desk.agenda.hasten_check(1.0)
    desk.agenda.forget()
    desk.ice.at = 7.0
    assert desk.look() == 7.0
    assert desk.asked == (2, 2, 2, 2)


@pytest.mark.interpreted
def test_what_rests_beside_ice_does_so_until_a_deadline_of_another_part():
    desk = Desk()
    desk.ice.at = 1.0
    desk.look()
    assert desk.agenda.rest_until == float("inf")
    desk.sctp.at = 4.0
    desk.look()
    assert desk.agenda.rest_until == 4.0


@pytest.mark.interpreted
def test_sctp_is_not_asked_while_nothing_may_be_sent_or_there_is_none():
    desk = Desk()
    desk.sctp.at = 1.0
    path, desk.route.path = desk.route.path, None
    assert desk.look() is None
    desk.route.path, desk.encapsulation.data = path, None
    assert desk.look() is None
    assert desk.sctp.asked == 0
    desk.encapsulation.data = desk.sctp
    assert desk.look() == 1.0


def test_payload_never_makes_the_deadline_later_than_that_of_ice_or_sctp():
    pair = SessionPair().connect()
    session = pair.a.session
    for size in (10, 100_000, 10):
        pair.send(pair.a, bytes(size))
        pair.send(pair.b, bytes(size))
        for _ in range(20):
            pair.run(0.01)
            deadlines = (session.ice.next_timeout(), session.data.next_timeout())
            assert session.next_timeout() <= min(at for at in deadlines if at is not None)


def test_payload_makes_the_next_check_due_no_later_for_who_only_receives():
    pair = SessionPair().connect()
    session = pair.a.session
    for _ in range(200):
        pair.send(pair.b, bytes(2000))  # two packets, which are acknowledged at once
        pair.run(0.05)
        assert session.next_timeout() <= session.ice.next_timeout()


def test_payload_that_is_not_answered_is_a_reason_to_ask_soon():
    pair = SessionPair().connect()
    session = pair.a.session
    pair.run(1.0)
    pair.keep = lambda side, data: False
    session.send(STREAM, b"hello?", False, pair.now)
    session.poll_transmits(pair.now)
    assert session.next_timeout() <= session.ice.next_timeout() < pair.now + 0.5
