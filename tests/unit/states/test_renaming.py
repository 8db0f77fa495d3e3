from frazil.states import enums
from frazil.states.enums import RTCIceConnectionState, RTCSignalingState
from frazil.states.renaming import OLD_NAMES, RTCIceState, current_ice_state


def test_only_starting_was_renamed():
    renamed = {str(old): str(current_ice_state(old)) for old in RTCIceState}
    assert renamed.pop("starting") == "new"
    assert all(old == new for old, new in renamed.items())


def test_every_current_ice_state_has_exactly_one_old_name():
    assert {current_ice_state(old) for old in RTCIceState} == set(RTCIceConnectionState)
    assert len(RTCIceState) == len(RTCIceConnectionState)


def test_the_table_agrees_with_the_function():
    table = {name.old: name.new for name in OLD_NAMES if name.kind == "iceState"}
    assert table == {
        str(old): str(new) for old in RTCIceState if (new := current_ice_state(old)) != old
    }


def test_no_name_is_listed_twice():
    names = [(name.kind, name.old) for name in OLD_NAMES]
    assert len(set(names)) == len(names)


def test_renamed_types_and_values_exist_today_under_the_new_name_only():
    for name in OLD_NAMES:
        if name.kind == "type":
            assert hasattr(enums, name.new)
            assert not hasattr(enums, name.old)
        if name.kind == "readyState":
            assert name.new in set(RTCSignalingState)
            assert name.old not in set(RTCSignalingState)
