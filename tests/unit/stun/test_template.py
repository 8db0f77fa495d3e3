import pytest

from frazil.stun import Attribute, Message, MessageClass, Method, Template, keyed_mac

KEY = b"VOkJxbRl1RmTxUk/WvJxBt"
ID, OTHER_ID = bytes(range(12)), bytes(range(100, 112))


def answer(transaction_id: bytes, address: str, *, key: bytes = KEY, **options) -> bytes:
    attributes = {Attribute.SOFTWARE: "frost", Attribute.XOR_MAPPED_ADDRESS: (address, 5000)}
    message = Message(Method.BINDING, MessageClass.SUCCESS, transaction_id, attributes)
    return message.encode(key, **options)


@pytest.mark.parametrize("address", ["10.0.0.1", "2001:db8::7"])
def test_makes_what_the_codec_makes(address):
    template = Template.of(answer(ID, address), keyed_mac(KEY))
    assert template is not None
    assert template.encode(ID) == answer(ID, address)
    assert template.encode(OTHER_ID) == answer(OTHER_ID, address)


@pytest.mark.parametrize("address", ["10.0.0.1", "2001:db8::7"])
def test_knows_its_like_and_nothing_else(address):
    template = Template.of(answer(ID, address), keyed_mac(KEY))
    assert template is not None
    like = answer(OTHER_ID, address)
    assert template.matches(like)
    for at in range(len(like)):
        assert not template.matches(like[:at] + bytes([like[at] ^ 1]) + like[at + 1 :])
        assert not template.matches(like[:at])
    assert not template.matches(like + b"\0")
    assert not template.matches(answer(OTHER_ID, address, key=b"another"))
    assert not template.matches(answer(OTHER_ID, "10.0.0.2"))
    assert not template.matches(answer(OTHER_ID, "2001:db8::8"))


@pytest.mark.parametrize(
    "sample",
    [
        answer(ID, "10.0.0.1", fingerprint=False),
        answer(ID, "10.0.0.1", sha256=True),
        answer(ID, "10.0.0.1", key=b"another"),
        Message(Method.BINDING, MessageClass.INDICATION, ID).encode(),
        b"",
        bytes(100),
    ],
    ids=["no fingerprint", "other algorithm", "other key", "unsigned", "empty", "no STUN"],
)
def test_what_is_no_example(sample):
    assert Template.of(sample, keyed_mac(KEY)) is None
