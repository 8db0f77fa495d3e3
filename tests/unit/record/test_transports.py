"""The side that faces the network."""

import asyncio
import json

from frazil.record import replay
from support.recorded import record
from support.virtual_pair import VirtualPair

IDLE_S = 60
BINDING = ("0001", "0101")


async def rest(pair: VirtualPair) -> None:
    """Connect, and say nothing."""
    await pair.connect()
    await asyncio.sleep(IDLE_S)


def test_each_check_of_an_idle_connection_is_in_the_recording(tmp_path):
    lines = record(tmp_path, rest)
    found = {"transports.receive": [], "transports.poll_transmits": []}
    for line in map(json.loads, lines):
        if line.get("call") == "transports.receive":
            pieces = [data for data, _, _ in line["args"]["datagrams"]]
        elif line.get("call") == "transports.poll_transmits":
            pieces = [data for _, _, _, run in line.get("result") or () for data in run]
        else:
            continue
        if line["args"]["now"] > IDLE_S / 3:
            found[line["call"]] += [each["hex"][:4] for each in pieces]
    for kinds in found.values():
        for kind in BINDING:
            assert kinds.count(kind) >= IDLE_S * 2 / 3 / 6 - 1
    assert replay(lines) is None
