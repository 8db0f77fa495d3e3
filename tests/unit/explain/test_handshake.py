"""Why there is no DTLS on a path that works, from what a trace shows."""

from frazil.explain import explain
from frazil.states.enums import RTCDtlsTransportState, RTCIceTransportState
from frazil.trace import Reason, StateChange, Trace


def described(trace: Trace, at: float, *, we_offer: bool) -> None:
    """An offer and its answer are in force."""
    offer, answer = ("local", "remote") if we_offer else ("remote", "local")
    for side, kind in ((offer, "offer"), (answer, "answer")):
        trace.record(at, "peer", "description-applied", side=side, type=kind, sections=1)


def began(path: Trace, at: float) -> None:
    """ICE has a path, and the first flight of DTLS was sent."""
    ice, dtls = RTCIceTransportState, RTCDtlsTransportState
    for layer, old, new in (
        ("ice", ice.CHECKING, ice.CONNECTED),
        ("dtls", dtls.NEW, dtls.CONNECTING),
    ):
        change = StateChange(at, f"{layer}-transport 0", old, new, Reason("test", "", "it was so"))
        path.record_change(layer, "state", change)
    path.record(at, "dtls", "flight-sent", records=1, size=200)


def test_an_answer_is_lost_only_where_nothing_comes_of_the_peer():
    """No check came, and the handshake has no time limit yet."""
    trace = Trace()
    path = trace.of("0")
    path.record(0.0, "ice", "role", role="controlled", why="signalling")
    described(trace, 0.0, we_offer=False)
    began(path, 0.1)
    assert explain(trace.records, 60.0).codes == ("FZ-SIG-ANSWER-LOST",)
    path.record(0.2, "dtls", "flight-received", type="handshake", records=5, size=900)
    assert explain(trace.records, 60.0).codes == ("FZ-DTLS-MTU",)


def test_a_restart_on_a_path_that_works_hides_no_handshake_that_hangs():
    """ICE had not ended its checks: the restart moves no state."""
    trace = Trace()
    path = trace.of("0")
    described(trace, 0.0, we_offer=True)
    began(path, 0.1)
    described(trace, 1.0, we_offer=True)
    path.record(1.1, "ice", "restart", ufrag="b")
    assert explain(trace.records, 10.0).codes == ("FZ-DTLS-NO-ANSWER",)
