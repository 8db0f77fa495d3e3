import pytest

from frazil.stun import (
    Attribute,
    Message,
    MessageClass,
    Method,
    checked_ufrag,
    class_of,
    transaction_id_of,
)
from frazil.stun.glance import MAX_GLANCED_ATTRIBUTES

TRANSACTION = bytes(range(12))


def message(
    kind: MessageClass = MessageClass.REQUEST, method: Method = Method.BINDING, **attributes: object
) -> bytes:
    named = {Attribute[name]: value for name, value in attributes.items()}
    return Message(method, kind, TRANSACTION, named).encode()


@pytest.mark.parametrize("method", [Method.BINDING, Method.DATA, Method.ALLOCATE])
@pytest.mark.parametrize("kind", MessageClass)
def test_the_class_is_that_of_the_decoded_message(kind, method):
    assert class_of(message(kind, method)) is kind


def test_the_transaction_id_is_that_of_the_message():
    assert transaction_id_of(message()) == TRANSACTION


def test_the_ufrag_is_the_receivers():
    assert checked_ufrag(message(USERNAME="ours:theirs")) == "ours"
    assert checked_ufrag(message(PRIORITY=1, SOFTWARE="x" * 5, USERNAME="ours:theirs")) == "ours"


@pytest.mark.parametrize(
    "data",
    [
        message(),
        message(USERNAME="alice"),
        message(USERNAME="ours:theirs")[:21],
        message(SOFTWARE="x")[:20]
        + b"\x00\x07\x00\x00" * MAX_GLANCED_ATTRIBUTES
        + b"\x00\x06\x00\x03a:b",
        message()[:20] + b"\x80\x22\xff\xff",
    ],
)
def test_without_a_username_at_a_sensible_place_there_is_no_ufrag(data):
    assert checked_ufrag(data) is None


def test_strange_bytes_are_no_ufrag_of_anybody():
    assert checked_ufrag(message()[:20] + b"\x00\x06\x00\x04\xff\xfe:b") == "\ufffd\ufffd"
