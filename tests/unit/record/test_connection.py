"""Nothing that goes into the core escapes a recording."""

import inspect
import typing

import pytest

from frazil.peer.channel import DataChannel
from frazil.peer.connection import PeerConnection
from frazil.peer.task_runner import TaskRunner
from frazil.peer.transceiver import Transceiver
from frazil.peer.transport_set import TransportSet
from frazil.record import INPUTS
from frazil.record.value import hints_of

INSIDE = {
    PeerConnection: set(),
    TaskRunner: set(),
    TransportSet: {
        "adopt",
        "configure",
        "create",
        "discard",
        "close",
        "close_pool",
        "drain",
        "next_timeout",
        "is_validated",
        "datagram_sizes",
        "has_relay",
        "take_usual",
        "ask_usual",
    },
    DataChannel: set(),
    Transceiver: {"finish", "close", "use"},
}
"""What the core calls itself, what changes nothing, and what recorded connections do without."""


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("connection", PeerConnection),
        ("connection", TaskRunner),
        ("transports", TransportSet),
        ("channel", DataChannel),
        ("transceiver", Transceiver),
    ],
)
def test_every_method_of_the_boundary_is_recorded(name, kind):
    methods = {
        method
        for method, value in vars(kind).items()
        if inspect.isfunction(value) and not method.startswith("_")
    }
    missing = {each for each in methods - INSIDE[kind] if f"{name}.{each}" not in INPUTS}
    assert missing == set(), "record these in src/frazil/record"


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_every_argument_can_be_read_back(name):
    hints = hints_of(INPUTS[name])
    parameters = list(inspect.signature(INPUTS[name]).parameters)[1:]
    for parameter in parameters:
        kinds = (hints[parameter], *typing.get_args(hints[parameter]))
        assert all(kind is not typing.Any for kind in kinds), parameter
