from frazil.explain import explain
from frazil.explain.story import Path, Story
from frazil.trace import Trace


def moved(path: Trace, at: float, layer: str, old: str, new: str, cause: str) -> None:
    """A state machine of a transport moves."""
    facts = {"machine": layer, "old": old, "new": new, "cause": cause, "rule": "", "text": ""}
    path.record(at, layer, "state", **facts, evidence=(), deadline_at=None, next_deadline_at=None)


def described(trace: Trace, at: float, side: str, kind: str) -> None:
    """A description is in force."""
    trace.record(at, "peer", "description-applied", side=side, type=kind, sections=1)


def only_path(trace: Trace) -> Path:
    (path,) = Story(trace.records, 60.0).paths
    return path


def test_a_state_that_was_left_was_held():
    trace = Trace()
    moved(trace.of("0"), 1.0, "ice", "completed", "disconnected", "liveness-lost")
    moved(trace.of("0"), 2.0, "ice", "disconnected", "failed", "consent-lost")
    assert only_path(trace).has_worked


def test_a_path_that_a_restart_gave_up_is_not_one_of_the_new_generation():
    trace = Trace()
    moved(trace.of("0"), 1.0, "ice", "checking", "connected", "pair-valid")
    described(trace, 2.0, "local", "offer")
    moved(trace.of("0"), 3.0, "ice", "connected", "disconnected", "liveness-lost")
    described(trace, 4.0, "remote", "answer")
    trace.of("0").record(4.0, "ice", "restart", ufrag="b")
    moved(trace.of("0"), 4.0, "ice", "disconnected", "checking", "restart")
    assert not only_path(trace).has_worked


def test_the_checks_before_a_restart_are_none_of_the_new_generation():
    trace = Trace()
    trace.of("0").record(1.0, "ice", "pair-valid", pair="a->b", rtt_s=0.1)
    moved(trace.of("0"), 1.0, "ice", "checking", "connected", "pair-valid")
    described(trace, 2.0, "local", "offer")
    trace.of("0").record(3.0, "ice", "restart", ufrag="b")
    trace.of("0").record(4.0, "ice", "consent-renewed", pair="a->b", rtt_s=0.1)
    path = only_path(trace)
    assert (path.has_worked, path.valid) == (True, False)  # the old path goes on


def test_without_offers_a_restart_begins_where_it_is_gathered_for():
    trace = Trace()
    path = trace.of("0")
    for at in (1.0, 5.0):
        path.record(at, "ice", "gathering", state="gathering", text="")
        path.record(at + 0.1, "ice", "gathering", state="complete", text="")
    path.record(6.0, "ice", "restart", ufrag="b")
    assert [each.at for each in only_path(trace).attempt.of("ice", "gathering")] == [5.0, 5.1]


def test_checks_that_come_before_the_answer_may_be_those_of_an_earlier_connection():
    trace = Trace()
    trace.record(0.0, "api", "configured", servers="", policy="all", bundle="balanced")
    described(trace, 1.0, "local", "offer")
    refused = {"remote": "10.0.0.2:5000", "code": 401, "text": "unknown"}
    trace.of("0").record(2.0, "ice", "check-refused", **refused)
    assert "FZ-SIG-STALE" not in explain(trace.records, 20.0).codes
    described(trace, 2.0, "remote", "answer")
    assert "FZ-SIG-STALE" in explain(trace.records, 20.0).codes


def test_the_check_that_led_to_a_path_may_be_forgotten():
    trace = Trace()
    trace.of("0").record(1.0, "ice", "consent-renewed", pair="a->b", rtt_s=0.1)
    moved(trace.of("0"), 2.0, "ice", "connected", "failed", "consent-lost")
    assert only_path(trace).valid


def test_dtls_begins_on_a_path_that_works():
    trace = Trace()
    moved(trace.of("0"), 1.0, "dtls", "connected", "closed", "close-notify-received")
    path = only_path(trace)
    assert path.has_worked
    assert path.ice == "connected"
    assert explain(trace.records).codes == ("FZ-PEER-CLOSED",)


def test_what_sctp_does_it_does_over_dtls():
    trace = Trace()
    trace.of("0").record(1.0, "sctp", "stream-reset", is_repeated=False, streams=1)
    path = only_path(trace)
    assert (path.ice, path.dtls) == ("connected", "connected")


def test_dtls_is_not_said_to_be_new_where_the_beginning_was_forgotten():
    trace = Trace()
    moved(trace.of("0"), 1.0, "ice", "new", "checking", "remote-candidate")
    assert only_path(trace).dtls == "new"
    trace = Trace()
    moved(trace.of("0"), 1.0, "ice", "disconnected", "checking", "restart")
    assert only_path(trace).dtls == "connected"
    trace = Trace()
    trace.of("0").record(1.0, "ice", "consent-renewed", pair="a->b", rtt_s=0.1)
    assert only_path(trace).dtls == "connected"


def test_a_configuration_that_was_set_later_is_no_beginning():
    trace = Trace()
    for at in (0.0, 2.0):
        trace.record(at, "api", "configured", servers="", policy="all", bundle="balanced")
        trace.record(at + 1.0, "api", "called", method="createOffer", detail="")
    assert Story(trace.records, 60.0).is_whole
    assert not Story(trace.records[1:], 60.0).is_whole


def test_checks_that_are_refused_where_the_beginning_was_forgotten_are_nobodys():
    trace = Trace()
    trace.record(0.0, "api", "configured", servers="", policy="all", bundle="balanced")
    trace.of("0").record(0.1, "ice", "gathering", state="gathering", text="")
    described(trace, 0.2, "remote", "answer")
    facts = {"code": 401, "remote": "10.0.0.2", "text": "Unauthenticated"}
    trace.of("0").record(1.0, "ice", "check-refused", **facts)
    assert "FZ-SIG-STALE" in explain(trace.records, 60.0).codes
    assert "FZ-SIG-STALE" not in explain(trace.records[1:], 60.0).codes


def test_who_closes_is_not_too_early_where_the_beginning_was_forgotten():
    trace = Trace()
    trace.record(0.0, "api", "configured", servers="", policy="all", bundle="balanced")
    described(trace, 0.1, "local", "offer")
    trace.of("0").record(0.1, "ice", "gathering", state="gathering", text="")
    trace.record(0.2, "api", "called", method="close", detail="")
    assert explain(trace.records).codes == ("FZ-API-CLOSED",)
    for start in (1, 2, 3):
        assert explain(trace.records[start:]).codes == ()
