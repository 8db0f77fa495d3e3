import pytest

from frazil.dashboard.traffic import MAX_SECONDS, Traffic

ONE, TWO = ["10.0.0.1", 1], ["10.0.0.2", 2]


def received(at, *datagrams):
    batch = [[each, ONE, TWO] for each in datagrams]
    return {"call": "transports.receive", "args": {"now": at, "datagrams": batch}}


def sent(at, *datagrams):
    result = [["0", ONE, TWO, list(datagrams)]]
    return {"call": "transports.poll_transmits", "args": {"now": at}, "result": result}


def points(*lines):
    traffic = Traffic()
    for line in lines:
        traffic.take(line)
    return traffic.to_json()


def test_bytes_second_by_second():
    assert points(
        sent(0.1, {"hex": "0011", "zeros": 98}, {"hex": "00"}),
        sent(0.9, {"hex": "00"}),
        received(2.5, {"hex": "0102"}, {"hex": "", "zeros": 5}),
    ) == {"width_s": 1, "points": [[0, 102, 0], [2, 0, 7]]}


def test_a_long_session_gets_wider_steps():
    lines = [sent(float(at), {"hex": "00"}) for at in range(2 * MAX_SECONDS + 1)]
    told = points(*lines)
    assert told["width_s"] == 4
    assert len(told["points"]) <= MAX_SECONDS
    assert sum(each[1] for each in told["points"]) == len(lines)
    assert [each[0] for each in told["points"][:2]] == [0, 4]


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"call": "connection.close"},
        {"call": "transports.receive"},
        {"call": "transports.receive", "args": {"now": "x", "datagrams": []}},
        received(float("nan"), {"hex": "00"}),
        received(1e300, {"hex": "00"}),
        received(0.0, None, 3, [], {}, {"hex": 3}, {"hex": ""}),
        received(0.0, {"hex": "", "zeros": 10**4000}),
        {"call": "transports.receive", "args": {"now": 0.0, "datagrams": [[], 3, None]}},
        {
            "call": "transports.poll_transmits",
            "args": {"now": 0.0},
            "result": [[], [1, 2, 3, 4], 5],
        },
        {"call": "transports.poll_transmits", "args": {"now": 0.0}, "result": "x"},
    ],
)
def test_lines_that_make_no_sense_count_nothing(line):
    assert points(line) == {"width_s": 1, "points": []}


def test_zeros_that_are_no_number_are_not_counted():
    assert points(received(0.0, {"hex": "00", "zeros": "many"}, {"hex": "00", "zeros": -7})) == {
        "width_s": 1,
        "points": [[0, 0, 2]],
    }
