"""Recordings of connections, and their replay.

The core has no clock and no randomness of its own, so a connection can be done again from what went
into it. A recording holds just that, call by call, together with what came out.
"""

from frazil.record.anonymous import without_addresses
from frazil.record.boundary import INPUTS
from frazil.record.connection import RecordedConnection
from frazil.record.divergence import Divergence
from frazil.record.recorder import Recorder, Sink
from frazil.record.redaction import Redaction
from frazil.record.replay import Player, Recording, replay, whole_lines
from frazil.record.value import Json, RecordingError
from frazil.record.what_if import Outcome, what_if

__all__ = [
    "INPUTS",
    "Divergence",
    "Json",
    "Outcome",
    "Player",
    "RecordedConnection",
    "Recorder",
    "Recording",
    "RecordingError",
    "Redaction",
    "Sink",
    "replay",
    "what_if",
    "whole_lines",
    "without_addresses",
]
