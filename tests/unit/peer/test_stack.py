import pytest

from frazil.peer.history import History
from frazil.peer.stack import TransportStack
from frazil.peer.transport import SctpTransport
from frazil.states.enums import RTCDtlsTransportState, RTCSctpTransportState
from frazil.trace import Reason, Trace
from support.session_pair import SessionPair

REASON = Reason("close", "webrtc-pc close()", "it was closed")


@pytest.fixture
def stack() -> TransportStack:
    return TransportStack("7", SessionPair().a.session)


def moves(history: History) -> list[tuple[float, str, str, str]]:
    return [(each.at, each.machine, each.old, each.new) for each in history.changes]


def test_everything_is_closed_in_the_order_of_the_layers(stack):
    history = History(Trace())
    stack.sctp = SctpTransport("7", stack.dtls)
    assert stack.close_slots(history, REASON, 3.0) == [stack.ice, stack.dtls, stack.sctp]
    assert moves(history) == [
        (3.0, "ice-transport 7", "new", "closed"),
        (3.0, "dtls-transport 7", "new", "closed"),
        (3.0, "sctp-transport 7", "connecting", "closed"),
    ]
    assert {each.reason.cause for each in history.changes} == {"close"}
    assert stack.ice.state == stack.dtls.state == stack.sctp.state == "closed"


def test_what_was_closed_before_is_not_closed_again(stack):
    history = History(Trace())
    stack.sctp = SctpTransport("7", stack.dtls)
    stack.dtls.state = RTCDtlsTransportState.CLOSED
    stack.sctp.state = RTCSctpTransportState.CLOSED
    assert stack.close_slots(history, REASON, 3.0) == [stack.ice]
    assert stack.close_slots(history, REASON, 4.0) == []
    assert moves(history) == [(3.0, "ice-transport 7", "new", "closed")]


def test_what_is_closed_has_no_pair():
    session = SessionPair().connect().a.session
    stack = TransportStack("7", session)
    stack.ice.selected_pair = session.ice.selected_pair
    assert stack.ice.selected_pair is not None
    stack.close_slots(History(Trace()), REASON, 3.0)
    assert stack.ice.selected_pair is None
