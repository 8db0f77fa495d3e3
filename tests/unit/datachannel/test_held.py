import pytest

from frazil.datachannel.held import MAX_HELD_MESSAGES, MAX_HELD_SIZE, HeldMessages


@pytest.fixture
def held():
    return HeldMessages(MAX_HELD_MESSAGES, MAX_HELD_SIZE)


def test_messages_come_out_in_order_and_once(held):
    assert held.hold(1, 51, b"a")
    assert held.hold(3, 53, b"b")
    assert held.hold(1, 53, b"c")
    assert held.release(1) == [(1, 51, b"a"), (1, 53, b"c")]
    assert held.release(1) == []
    assert held.release(3) == [(3, 53, b"b")]


def test_the_number_is_bounded_over_all_streams(held):
    for stream_id in range(MAX_HELD_MESSAGES):
        assert held.hold(stream_id, 51, b"x")
    assert not held.hold(500, 51, b"x")
    held.release(0)
    assert held.hold(500, 51, b"x")


def test_the_size_is_bounded_over_all_streams(held):
    assert held.hold(1, 53, bytes(MAX_HELD_SIZE - 1))
    assert not held.hold(3, 53, b"xx")
    assert held.hold(3, 53, b"x")
    held.release(1)
    assert held.hold(5, 53, b"xx")


def test_what_is_forgotten_leaves_room(held):
    for stream_id in range(MAX_HELD_MESSAGES):
        assert held.hold(stream_id, 51, bytes(MAX_HELD_SIZE // MAX_HELD_MESSAGES))
    held.clear()
    assert held.release(0) == []
    assert held.hold(1, 53, bytes(MAX_HELD_SIZE))
