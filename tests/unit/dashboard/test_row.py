from frazil.dashboard.row import path_of
from frazil.trace import Trace


def trace(*events):
    trace = Trace()
    for at, (event, facts) in enumerate(events):
        trace.record(float(at), "ice", event, **facts)
    return trace.records


VALID = ("pair-valid", {"pair": "a->b", "rtt_s": 0.03})
SELECTED = ("selected", {"pair": "a->b", "nominated": True, "text": ""})
RENEWED = ("consent-renewed", {"pair": "a->b", "rtt_s": 0.05})
OTHER = ("pair-valid", {"pair": "a->c", "rtt_s": 0.9})
UNSELECTED = ("unselected", {"pair": "a->b", "text": ""})


def test_the_pair_in_use_and_its_last_round_trip():
    assert path_of(trace(VALID, SELECTED)) == ("a->b", 0.03)
    assert path_of(trace(VALID, SELECTED, OTHER)) == ("a->b", 0.03)
    assert path_of(trace(VALID, SELECTED, RENEWED, OTHER)) == ("a->b", 0.05)


def test_when_the_selection_is_forgotten_consent_tells_of_it():
    assert path_of(trace(RENEWED)) == ("a->b", 0.05)


def test_no_pair_is_in_use():
    assert path_of(()) == ("", None)
    assert path_of(trace(VALID)) == ("", None)
    assert path_of(trace(VALID, SELECTED, RENEWED, UNSELECTED)) == ("", None)


def test_a_round_trip_that_nobody_knows():
    unknown = ("pair-valid", {"pair": "a->b", "rtt_s": None})
    assert path_of(trace(unknown, SELECTED)) == ("a->b", None)
    assert path_of(trace(SELECTED)) == ("a->b", None)
