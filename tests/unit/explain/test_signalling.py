import pytest

from frazil.explain import Report, explain
from frazil.trace import Trace


def refused(addresses: tuple[str, ...], why: str = "privileged-port", now: float = 60.0) -> Report:
    """What is found where these candidates of the peer were refused."""
    trace = Trace()
    trace.record(0.0, "peer", "description-applied", side="remote", type="answer", sections=1)
    path = trace.of("0")
    path.record(0.0, "ice", "local-candidate", type="host", address="10.0.0.1:5000", ufrag="u")
    for address in addresses:
        path.record(0.1, "ice", "candidate-refused", address=address, why=why)
    path.record(0.2, "ice", "end-of-remote-candidates")
    return explain(trace.records, now)


@pytest.mark.parametrize("why", ["privileged-port", "filtered"])
def test_the_only_candidate_was_refused_here(why):
    (finding,) = refused(("10.0.0.2:443",), why).findings
    assert finding.code == "FZ-ICE-REFUSED"
    assert finding.sentence == (
        f"Every address of the peer was refused here: 10.0.0.2:443 ({why})."
    )
    assert [each.event for each in finding.evidence] == ["candidate-refused"]


def test_others_may_still_come():
    assert refused(("10.0.0.2:443",), now=1.9).codes == ()


def test_of_many_that_were_refused_some_are_named():
    (finding,) = refused(tuple(f"10.0.0.2:{port}" for port in range(1, 200))).findings
    assert finding.sentence.endswith(" and 195 more.")
