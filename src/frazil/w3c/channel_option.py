"""The options of ``createDataChannel``, which may come in two ways."""

from collections.abc import Mapping
from typing import Any, Final

from frazil.peer.channel_init import ChannelInit
from frazil.peer.reader import read_channel

_DEFAULTS: Final = {
    "ordered": True,
    "maxPacketLifeTime": None,
    "maxRetransmits": None,
    "protocol": "",
    "negotiated": False,
    "id": None,
    "priority": "low",
}


def read_options(dictionary: Mapping[str, Any] | None, **keywords: Any) -> ChannelInit:
    """What a channel shall be like.

    Args:
        dictionary: The W3C dictionary, if there is one.
        keywords: All its members; those that were not given have their defaults.

    Raises:
        TypeError: A member has the wrong type or is out of range, or there are both.
    """
    if dictionary is not None and keywords != _DEFAULTS:
        raise TypeError("give the options as keywords or as a dictionary, not as both")
    return read_channel(keywords if dictionary is None else dictionary)
