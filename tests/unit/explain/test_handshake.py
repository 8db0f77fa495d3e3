"""Why there is no DTLS on a path that works, from what a trace shows."""

from frazil.explain import explain
from frazil.states.enums import RTCDtlsTransportState, RTCIceTransportState
from frazil.trace import Reason, StateChange, Trace


def test_an_answer_is_lost_only_where_nothing_comes_of_the_peer():
    """No check came, and the handshake has no time limit yet."""
    ice, dtls = RTCIceTransportState, RTCDtlsTransportState
    trace = Trace()
    path = trace.of("0")
    path.record(0.0, "ice", "role", role="controlled", why="signalling")
    for side, kind in (("remote", "offer"), ("local", "answer")):
        trace.record(0.0, "peer", "description-applied", side=side, type=kind, sections=1)
    for layer, old, new in (
        ("ice", ice.CHECKING, ice.CONNECTED),
        ("dtls", dtls.NEW, dtls.CONNECTING),
    ):
        change = StateChange(0.1, f"{layer}-transport 0", old, new, Reason("test", "", "it was so"))
        path.record_change(layer, "state", change)
    path.record(0.1, "dtls", "flight-sent", records=1, size=200)
    assert explain(trace.records, 60.0).codes == ("FZ-SIG-ANSWER-LOST",)
    path.record(0.2, "dtls", "flight-received", records=5, size=900)
    assert explain(trace.records, 60.0).codes == ("FZ-DTLS-MTU",)


def test_a_restart_on_a_path_that_works_hides_no_handshake_that_hangs():
    """ICE had not ended its checks: the restart moves no state."""
    ice, dtls = RTCIceTransportState, RTCDtlsTransportState
    trace = Trace()
    path = trace.of("0")
    for side, kind in (("local", "offer"), ("remote", "answer")):
        trace.record(0.0, "peer", "description-applied", side=side, type=kind, sections=1)
    for layer, old, new in (
        ("ice", ice.CHECKING, ice.CONNECTED),
        ("dtls", dtls.NEW, dtls.CONNECTING),
    ):
        change = StateChange(0.1, f"{layer}-transport 0", old, new, Reason("test", "", "it was so"))
        path.record_change(layer, "state", change)
    path.record(0.1, "dtls", "flight-sent", records=1, size=200)
    trace.record(1.0, "peer", "description-applied", side="local", type="offer", sections=1)
    trace.record(1.1, "peer", "description-applied", side="remote", type="answer", sections=1)
    path.record(1.1, "ice", "restart", ufrag="b")
    assert explain(trace.records, 10.0).codes == ("FZ-DTLS-NO-ANSWER",)
