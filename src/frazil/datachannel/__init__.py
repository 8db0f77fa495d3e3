"""Data channels: DCEP and the channels of one association (RFC 8831, RFC 8832)."""

from frazil.datachannel.channel import Channel
from frazil.datachannel.channel_set import ChannelSet
from frazil.datachannel.event import (
    ChannelAnnounced,
    ChannelEvent,
    ChannelMessage,
    ChannelStateChanged,
    MessagesArrived,
    OutgoingMessage,
)
from frazil.datachannel.parameter import ChannelParameters
from frazil.datachannel.ppid import Ppid, encode_content

__all__ = [
    "Channel",
    "ChannelAnnounced",
    "ChannelEvent",
    "ChannelMessage",
    "ChannelParameters",
    "ChannelSet",
    "ChannelStateChanged",
    "MessagesArrived",
    "OutgoingMessage",
    "Ppid",
    "encode_content",
]
