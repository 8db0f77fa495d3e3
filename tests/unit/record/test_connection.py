"""Nothing that goes into the core escapes a recording."""

import asyncio
import gc
import inspect
import typing

import pytest

from frazil.peer.channel import DataChannel
from frazil.peer.connection import PeerConnection
from frazil.peer.task_runner import TaskRunner
from frazil.peer.transceiver import Transceiver
from frazil.peer.transport_set import TransportSet
from frazil.record import INPUTS
from frazil.record.connection import RecordedChannel
from frazil.record.value import hints_of
from support.recorded import record

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


def test_a_recording_keeps_nothing_that_the_connection_has_forgotten(tmp_path):
    left = []

    async def one_after_the_other(pair):
        await pair.connect()
        for _ in range(5):
            channel = pair.a.createDataChannel("over")
            await channel.wait_open()
            channel.close()
            await asyncio.sleep(1)
        del channel
        gc.collect()
        left.extend(each for each in gc.get_objects() if type(each) is RecordedChannel)

    record(tmp_path, one_after_the_other)
    assert [each.label for each in left if each.label == "over"] == []
