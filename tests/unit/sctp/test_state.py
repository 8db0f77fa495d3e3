from frazil.sctp.state import (
    ACCEPTS_MESSAGES,
    RECEIVES_DATA,
    SENDS_DATA,
    TRANSITIONS,
    AssociationState,
    StateCause,
)


def reachable(state):
    seen = {state}
    todo = [state]
    while todo:
        here = todo.pop()
        for (old, _), edge in TRANSITIONS.items():
            if old is here and edge.state not in seen:
                seen.add(edge.state)
                todo.append(edge.state)
    return seen


def test_every_state_is_reachable_and_can_end():
    assert reachable(AssociationState.CLOSED) == set(AssociationState)
    for state in AssociationState:
        assert TRANSITIONS[state, StateCause.ENDED].state is AssociationState.CLOSED


def test_every_cause_is_used_and_every_edge_names_its_clause():
    assert {cause for _, cause in TRANSITIONS} == set(StateCause)
    for edge in TRANSITIONS.values():
        assert edge.rule.startswith(("RFC 9260 ", "draft-hancke-tsvwg-snap"))


def test_sets_of_states():
    assert AssociationState.CLOSED not in SENDS_DATA | RECEIVES_DATA
    assert AssociationState.COOKIE_WAIT not in SENDS_DATA | RECEIVES_DATA
    assert AssociationState.COOKIE_ECHOED not in SENDS_DATA | RECEIVES_DATA
    assert AssociationState.SHUTDOWN_RECEIVED in SENDS_DATA - RECEIVES_DATA
    assert not {state for state in ACCEPTS_MESSAGES if "shutdown" in state}
