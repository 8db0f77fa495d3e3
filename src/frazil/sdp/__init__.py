"""Session descriptions: text to model, model to text, and whether a model makes sense.

``parse_sdp`` and ``write_sdp`` are inverse to each other. ICE candidates stay lines of text here;
their grammar belongs to :mod:`frazil.ice`.
"""

from frazil.sdp.grammar import SdpSyntaxError
from frazil.sdp.reader import parse_sdp
from frazil.sdp.session import (
    AddressType,
    Connection,
    Direction,
    Fingerprint,
    MediaDescription,
    Origin,
    SessionDescription,
    Setup,
)
from frazil.sdp.validation import SdpSemanticError, validate_answer, validate_offer
from frazil.sdp.writer import write_sdp

__all__ = [
    "AddressType",
    "Connection",
    "Direction",
    "Fingerprint",
    "MediaDescription",
    "Origin",
    "SdpSemanticError",
    "SdpSyntaxError",
    "SessionDescription",
    "Setup",
    "parse_sdp",
    "validate_answer",
    "validate_offer",
    "write_sdp",
]
