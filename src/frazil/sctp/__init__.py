"""SCTP over DTLS: chunks, association, streams, reassembly, congestion control.

RFC 9260 with partial reliability (RFC 3758), stream reset (RFC 6525), message interleaving
(RFC 8260) and encapsulation in DTLS (RFC 8261). :class:`Association` is the way in.
"""

from frazil.sctp.association import Association
from frazil.sctp.bundler import MAX_POLL_PACKETS
from frazil.sctp.config import MAX_STREAMS, SctpConfig
from frazil.sctp.event import (
    AssociationCloseCause,
    AssociationClosed,
    AssociationEstablished,
    BufferReleased,
    MessagesReceived,
    SctpEvent,
    StreamResetFailed,
    StreamsReset,
    UserMessage,
)
from frazil.sctp.signalled_init import SignalledInits, announce, is_usable, settled
from frazil.sctp.state import AssociationState

__all__ = [
    "MAX_POLL_PACKETS",
    "MAX_STREAMS",
    "Association",
    "AssociationCloseCause",
    "AssociationClosed",
    "AssociationEstablished",
    "AssociationState",
    "BufferReleased",
    "MessagesReceived",
    "SctpConfig",
    "SctpEvent",
    "SignalledInits",
    "StreamResetFailed",
    "StreamsReset",
    "UserMessage",
    "announce",
    "is_usable",
    "settled",
]
