import pytest

from frazil.types import Run
from support.session_pair import SessionPair

TRAFFIC = (
    "bytes_received",
    "bytes_sent",
    "packets_received",
    "packets_sent",
    "received_at",
    "sent_at",
)


def is_dtls(data: bytes) -> bool:
    return 20 <= data[0] <= 63


def traffic(side):
    return side.session.survey().traffic


def test_what_left_is_what_was_sent_and_what_arrived():
    pair = SessionPair().connect()
    pair.send(pair.a, bytes(50_000))
    pair.run(5.0)
    for side in pair.sides:
        sent = [data for data in side.sent if is_dtls(data)]
        mine, theirs = traffic(side), traffic(pair.peer(side))
        assert (mine.packets_sent, mine.bytes_sent) == (len(sent), sum(map(len, sent)))
        assert (mine.packets_sent, mine.bytes_sent) == (
            theirs.packets_received,
            theirs.bytes_received,
        )
    assert traffic(pair.a).bytes_sent > 50_000


def test_the_pair_in_use_carries_all_of_one_path():
    pair = SessionPair().connect()
    for side in pair.sides:
        survey = side.session.survey()
        of_pair, of_transport = survey.pair_in_use.traffic, survey.traffic
        for name in TRAFFIC:
            assert getattr(of_pair, name) == getattr(of_transport, name)
        assert survey.pair_in_use in tuple(survey.generations[0].checklist)
        assert survey.pair_changes == 1


def test_datagrams_of_strangers_do_not_count():
    pair = SessionPair().connect()
    before = traffic(pair.a).packets_received
    pair.inject(pair.a, b"\x17\xfe\xfd" + bytes(40), ("10.0.0.66", 6))
    assert traffic(pair.a).packets_received == before


def test_datagrams_lost_on_the_way_count_where_they_left_only():
    pair = SessionPair().connect()
    before = traffic(pair.a).packets_sent, traffic(pair.b).packets_received
    pair.keep = lambda side, data: False
    pair.send(pair.a, b"lost")
    assert traffic(pair.a).packets_sent == before[0] + 1
    assert traffic(pair.b).packets_received == before[1]


def test_a_closed_session_keeps_its_numbers_and_counts_its_goodbye():
    pair = SessionPair().connect()
    survey = pair.a.session.survey()
    before = survey.traffic.packets_sent
    pair.a.session.close(pair.now)
    pair.flush()
    last = pair.a.session.survey()
    sent = [data for data in pair.a.sent if is_dtls(data)]
    assert last.traffic.packets_sent == len(sent) == before + 2
    assert (last.generations, last.cipher) == (survey.generations, survey.cipher)
    assert last.tls_version == "FEFD"
    assert (last.pair_in_use, last.pair_changes) == (None, 2)
    pair.a.session.close(pair.now)
    assert pair.a.session.survey() == last


def test_nothing_is_negotiated_at_first():
    survey = SessionPair().a.session.survey()
    assert survey.as_tuple()[1:] == ((), None, 0, None, None)


@pytest.mark.parametrize(
    ("size", "segment", "count"), [(1, 5, 1), (5, 5, 1), (6, 5, 2), (10, 5, 2)]
)
def test_a_run_knows_how_many_datagrams_it_has(size, segment, count):
    run = Run(bytes(size), segment)
    assert run.datagram_count == count == len(run.datagrams())
