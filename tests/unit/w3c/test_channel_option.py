import pytest

from frazil.peer.channel_init import ChannelInit
from frazil.peer.priority import RTCPriorityType
from frazil.w3c.channel_option import read_options

DEFAULTS = {
    "ordered": True,
    "maxPacketLifeTime": None,
    "maxRetransmits": None,
    "protocol": "",
    "negotiated": False,
    "id": None,
    "priority": "low",
}


@pytest.mark.parametrize("dictionary", [None, {}])
def test_without_options_there_are_the_defaults_of_the_standard(dictionary):
    assert read_options(dictionary, **DEFAULTS) == ChannelInit()


def test_keywords_and_a_dictionary_say_the_same():
    options = {"ordered": False, "maxRetransmits": 3, "protocol": "x", "priority": "high"}
    expected = ChannelInit(
        ordered=False, max_retransmits=3, protocol="x", priority=RTCPriorityType.HIGH
    )
    assert read_options(None, **(DEFAULTS | options)) == expected
    assert read_options(options, **DEFAULTS) == expected


@pytest.mark.parametrize("name", DEFAULTS)
def test_any_keyword_beside_a_dictionary_is_one_too_many(name):
    with pytest.raises(TypeError, match="not as both"):
        read_options({}, **(DEFAULTS | {name: "something"}))


def test_the_keywords_of_the_method_are_those_of_the_dictionary():
    """Else one that was not given would look as if it had been."""
    from inspect import signature

    from frazil import RTCPeerConnection

    parameters = signature(RTCPeerConnection.createDataChannel).parameters.values()
    keywords = {each.name: each.default for each in parameters if each.kind is each.KEYWORD_ONLY}
    assert keywords == DEFAULTS


def test_what_is_wrong_is_named():
    with pytest.raises(TypeError, match="maxRetransmits"):
        read_options({"maxRetransmits": 65_536}, **DEFAULTS)
