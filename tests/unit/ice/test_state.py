import pytest

from frazil.ice.state import TRANSITIONS, Cause, transport_machine
from frazil.states.enums import RTCIceTransportState as State
from frazil.trace import Trace


def test_a_move_follows_the_table_and_tells_why():
    trace = Trace()
    machine = transport_machine("0", trace)
    change = machine.move(
        Cause.REMOTE_CANDIDATE,
        "because",
        5.0,
        evidence=(("pairs", 1),),
        deadline_at=4.0,
        next_deadline_at=9.0,
    )
    assert machine.state is State.CHECKING
    assert (change.at, change.machine, change.old, change.new) == (
        5.0,
        "ice-transport 0",
        State.NEW,
        State.CHECKING,
    )
    reason = change.reason
    assert (reason.cause, reason.text, reason.evidence) == (
        "remote-candidate",
        "because",
        (("pairs", 1),),
    )
    assert (reason.deadline_at, reason.next_deadline_at) == (4.0, 9.0)
    assert reason.rule == TRANSITIONS[State.NEW, Cause.REMOTE_CANDIDATE].rule
    assert [record.event for record in trace.records] == ["state"]


def test_a_missing_edge_is_a_defect():
    machine = transport_machine("0", Trace())
    with pytest.raises(KeyError):
        machine.move(Cause.CHECKS_DONE, "", 0.0)
    assert machine.state is State.NEW


def test_no_edge_leads_to_where_it_starts_or_out_of_closed():
    for (state, _), edge in TRANSITIONS.items():
        assert edge.to is not state
        assert state is not State.CLOSED


def test_restart_leads_where_webrtc_pc_says():
    """From completed to connected, from disconnected and failed to checking, else nowhere."""
    restarts = {
        state: edge.to for (state, cause), edge in TRANSITIONS.items() if cause is Cause.RESTART
    }
    assert restarts == {
        State.COMPLETED: State.CONNECTED,
        State.DISCONNECTED: State.CHECKING,
        State.FAILED: State.CHECKING,
    }
