"""Asking for names, and answering for them, in virtual time."""

import pytest

from frazil.mdns import (
    MDNS_GROUP,
    AddressRecord,
    LookupEnded,
    MdnsEndpoint,
    decode,
    encode_query,
    encode_response,
)
from frazil.mdns.message import _labels
from frazil.mdns.resolver import MAX_LOOKUPS
from frazil.mdns.responder import MAX_NAMES, Responder
from frazil.trace import Trace

PEER = ("10.0.0.2", 5353)
LEGACY = ("10.0.0.2", 40000)
NAME = "1234.local"


class Bench:
    def __init__(self):
        self.now = 100.0
        self.trace = Trace()
        self.endpoint = MdnsEndpoint(self.trace)

    def receive(self, data, remote=PEER):
        self.endpoint.receive(data, remote, self.now)

    def sent(self):
        return self.endpoint.poll_transmits()

    def told(self):
        return [(decode(data).records, remote) for data, remote in self.sent()]

    def run(self, until):
        """Let time pass; the instants at which something was sent."""
        sent_at = []
        while (at := self.endpoint.next_timeout()) is not None and at <= until:
            self.now = at
            self.endpoint.handle_timeout(at)
            if self.sent():
                sent_at.append(at)
            later = self.endpoint.next_timeout()
            assert later is None or later > at
        self.now = until
        return sent_at


@pytest.fixture
def bench():
    return Bench()


def answer(name=NAME, address="10.0.0.7", ttl_s=120):
    return encode_response(AddressRecord(name, address, ttl_s))


# --- asking -------------------------------------------------------------------------------------


def test_a_name_is_asked_for_until_somebody_answers(bench):
    bench.endpoint.look_up(NAME, bench.now)
    assert bench.sent() == [(encode_query(NAME), MDNS_GROUP)]
    assert bench.run(101.5) == [101.0]
    bench.receive(answer())
    assert bench.endpoint.poll_events() == [LookupEnded(NAME, "10.0.0.7")]
    assert bench.endpoint.next_timeout() is None
    bench.receive(answer(address="10.0.0.8"))
    assert bench.endpoint.poll_events() == []


def test_a_name_that_nobody_has_costs_three_questions_and_five_seconds(bench):
    bench.endpoint.look_up(NAME, bench.now)
    bench.sent()
    assert bench.run(104.9) == [101.0, 103.0]
    assert bench.endpoint.poll_events() == []
    bench.run(105.0)
    assert bench.endpoint.poll_events() == [LookupEnded(NAME, None)]
    assert bench.endpoint.next_timeout() is None


def test_names_are_compared_without_case(bench):
    bench.endpoint.look_up("AbC.local", bench.now)
    bench.receive(answer("aBc.LOCAL"))
    assert bench.endpoint.poll_events() == [LookupEnded("AbC.local", "10.0.0.7")]


def test_a_name_that_is_being_looked_up_is_not_asked_for_again(bench):
    bench.endpoint.look_up(NAME, bench.now)
    bench.endpoint.look_up(NAME, bench.now)
    assert len(bench.sent()) == 1


def test_a_lookup_that_nobody_wants_any_more_is_forgotten(bench):
    bench.endpoint.look_up(NAME, bench.now)
    bench.endpoint.cancel(NAME)
    bench.receive(answer())
    assert bench.endpoint.poll_events() == []
    assert bench.endpoint.next_timeout() is None


@pytest.mark.parametrize("data", [answer("other.local"), answer(ttl_s=0), encode_query(NAME), b"?"])
def test_what_is_no_answer_is_none(bench, data):
    bench.endpoint.look_up(NAME, bench.now)
    bench.receive(data)
    assert bench.endpoint.poll_events() == []


def test_an_answer_from_another_port_is_not_believed(bench):
    bench.endpoint.look_up(NAME, bench.now)
    bench.receive(answer(), LEGACY)
    assert bench.endpoint.poll_events() == []
    assert bench.trace.counters == {"mdns-response-from-elsewhere": 1}


def test_there_are_not_too_many_lookups(bench):
    for number in range(MAX_LOOKUPS):
        bench.endpoint.look_up(f"n{number}.local", bench.now)
    with pytest.raises(ValueError, match="256 other names are being looked up"):
        bench.endpoint.look_up("one.more.local", bench.now)
    bench.endpoint.look_up("n0.local", bench.now)  # under way
    assert bench.endpoint.poll_events() == []


# --- answering ----------------------------------------------------------------------------------

RECORD = AddressRecord(NAME, "10.0.0.1", 120)


def test_who_asks_is_told_in_front_of_all(bench):
    bench.endpoint.publish("1234.LOCAL", "10.0.0.1")
    assert bench.sent() == []
    bench.receive(encode_query("1234.Local"))
    assert bench.told() == [((RECORD,), MDNS_GROUP)]


def test_nobody_is_told_of_names_of_others(bench):
    bench.endpoint.publish(NAME, "10.0.0.1")
    bench.receive(encode_query("other.local"))
    assert bench.sent() == []


def test_a_name_is_told_at_most_once_a_second(bench):
    bench.endpoint.publish(NAME, "10.0.0.1")
    bench.receive(encode_query(NAME))
    bench.sent()
    for _ in range(10):
        bench.now += 0.01
        bench.receive(encode_query(NAME))
    assert bench.sent() == []
    assert bench.run(110.0) == [101.0]


def test_whoever_knows_is_not_told(bench):
    bench.endpoint.publish(NAME, "10.0.0.1")
    known = bytearray(encode_query(NAME))
    known[7] = 1  # one record among the known answers
    fresh, stale = (
        bytes(known) + _labels(NAME) + b"\0\1\0\1" + ttl_s.to_bytes(4) + b"\0\4\x0a\0\0\1"
        for ttl_s in (100, 60)
    )
    bench.receive(fresh)
    assert bench.sent() == []
    bench.receive(stale)
    assert bench.told() == [((RECORD,), MDNS_GROUP)]


def test_who_does_not_listen_is_answered_directly_and_not_too_often(bench):
    bench.endpoint.publish(NAME, "10.0.0.1")
    query = b"\0\x4d" + encode_query(NAME)[2:]
    bench.receive(query, LEGACY)
    bench.receive(query, LEGACY)
    ((data, remote),) = bench.sent()
    assert remote == LEGACY
    assert decode(data).id == 77
    assert len(decode(data).questions) == 2
    assert decode(data).records == (AddressRecord(NAME, "10.0.0.1", 10),)


def test_the_answer_to_a_stranger_is_no_amplifier(bench):
    bench.endpoint.publish(NAME, "10.0.0.1")
    query = b"\0\x4d" + encode_query(NAME)[2:]
    bench.receive(query, LEGACY)
    ((data, _),) = bench.sent()
    assert len(data) < 4 * len(query)


def test_a_name_that_is_withdrawn_is_taken_back_where_it_was_told(bench):
    bench.endpoint.publish(NAME, "10.0.0.1")
    bench.endpoint.publish("untold.local", "10.0.0.1")
    bench.receive(encode_query(NAME))
    bench.sent()
    bench.receive(encode_query(NAME))
    bench.endpoint.withdraw(NAME)
    bench.endpoint.withdraw("untold.local")
    bench.endpoint.withdraw("never.local")
    assert bench.told() == [((AddressRecord(NAME, "10.0.0.1", 0),), MDNS_GROUP)]
    bench.now += 10
    bench.receive(encode_query(NAME))
    assert bench.sent() == []
    assert bench.endpoint.next_timeout() is None


def test_there_are_not_too_many_names():
    responder = Responder(MDNS_GROUP)
    for number in range(MAX_NAMES):
        responder.publish(f"n{number}.local", "10.0.0.1")
    responder.publish("n0.local", "10.0.0.2")
    with pytest.raises(ValueError, match="more than 8192 names"):
        responder.publish("one-more.local", "10.0.0.1")


def test_malformed_bytes_are_counted(bench):
    bench.receive(b"")
    bench.receive(bytes(20_000))
    assert bench.trace.counters == {"mdns-malformed": 2}
