import pytest

from frazil.dtls.state import TRANSITIONS, Cause, transport_machine
from frazil.states.enums import RTCDtlsTransportState as State
from frazil.trace import Trace


def test_closed_is_final_and_failed_leads_only_to_closed():
    assert {cause for state, cause in TRANSITIONS if state is State.CLOSED} == set()
    assert {cause for state, cause in TRANSITIONS if state is State.FAILED} == {Cause.CLOSE}


def test_connected_is_entered_only_by_a_verified_handshake():
    ways_in = [key for key, edge in TRANSITIONS.items() if edge.to is State.CONNECTED]
    assert ways_in == [(State.CONNECTING, Cause.HANDSHAKE_COMPLETED)]


def test_a_move_carries_its_reason_and_is_traced():
    trace = Trace()
    machine = transport_machine("3", trace)
    change = machine.move(Cause.STARTED, "It starts.", 2.5, next_deadline_at=32.5)
    assert (change.at, change.machine, change.old, change.new) == (
        2.5,
        "dtls-transport 3",
        "new",
        "connecting",
    )
    assert change.reason.cause == "started"
    assert change.reason.rule == "webrtc-pc RTCDtlsTransportState connecting"
    assert change.reason.next_deadline_at == 32.5
    assert machine.state is State.CONNECTING
    (record,) = trace.records
    assert (record.layer, record.event) == ("dtls", "state")
    assert record.facts["cause"] == "started"


def test_a_missing_edge_is_a_defect():
    machine = transport_machine("0", Trace())
    with pytest.raises(KeyError):
        machine.move(Cause.HANDSHAKE_COMPLETED, "Impossible.", 0.0)
    assert machine.state is State.NEW
