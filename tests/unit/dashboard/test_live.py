import asyncio
import json
import threading

import pytest

from frazil import RTCPeerConnection
from frazil.dashboard import live
from frazil.dashboard.encoding import dump
from frazil.dashboard.feed import Mark
from frazil.dashboard.live import row_of, view_of
from frazil.w3c.census import Census
from support.virtual_pair import VirtualPair, on_virtual_pair


def enter(connection):
    census = Census()
    return census.get(census.enter(connection, connection._loop))


@on_virtual_pair
async def test_the_view_says_what_the_api_says(pair: VirtualPair) -> None:
    channel, _ = await pair.connect("<b>chat</b>")
    channel.send(b"12345")
    await asyncio.sleep(10)
    view = await view_of(enter(pair.a), pair.a, Mark())
    changes = [each for each in view["records"] if each["event"] == "state-changed"]
    assert [
        (each["at"], each["facts"]["machine"], each["facts"]["new"], each["facts"]["text"])
        for each in changes
    ] == [(each.at, each.machine, each.new, each.reason.text) for each in pair.a.stateHistory]
    (shown,) = view["pairs"]
    assert shown["is_in_use"]
    assert shown["state"] == "succeeded"
    assert shown["local"] == {"type": "host", "protocol": "udp", "address": "10.0.0.1:49152"}
    (told,) = view["channels"]
    assert (told["label"], told["messages_sent"], told["bytes_sent"]) == ("<b>chat</b>", 1, 5)
    (transport,) = view["transports"]
    assert transport["bytes_sent"] > 800
    assert view["findings"] == []
    assert view["now"] == asyncio.get_running_loop().time()
    assert json.loads(dump(view)) == view


@on_virtual_pair
async def test_afterwards_only_what_is_new(pair: VirtualPair) -> None:
    await pair.connect()
    entry = enter(pair.a)
    first = await view_of(entry, pair.a, Mark())
    assert "meanings" in first
    await asyncio.sleep(30)
    pair.a.restartIce()
    later = await view_of(entry, pair.a, Mark(*first["mark"]))
    assert "meanings" not in later
    keys = {each["key"] for each in later["records"]}
    assert 0 < len(keys) < len(first["records"])
    assert "restartIce" in {each["facts"].get("method") for each in later["records"]}


@on_virtual_pair
async def test_state_changes_that_the_trace_forgot_are_there(pair: VirtualPair) -> None:
    await pair.connect()
    entry = enter(pair.a)
    while pair.a.trace.forgotten < 50:
        pair.net.block(pair.host_a, pair.host_b, for_s=10)
        await asyncio.sleep(20)
    view = await view_of(entry, pair.a, Mark())
    changes = [each for each in view["records"] if each["event"] == "state-changed"]
    assert len(changes) == len(pair.a.stateHistory)
    assert [each["at"] for each in changes] == [each.at for each in pair.a.stateHistory]
    assert len({each["key"] for each in view["records"]}) == len(view["records"])


@on_virtual_pair
async def test_the_line_in_the_list(pair: VirtualPair) -> None:
    entry = enter(pair.a)
    assert row_of(entry, pair.a).state == "new"
    await pair.connect()
    row = row_of(entry, pair.a)
    assert row.state == "connected"
    changes = [each for each in pair.a.stateHistory if each.machine == "connection"]
    assert row.why == changes[-1].reason.text
    assert row.since == entry.epoch + changes[-1].at
    assert row.pair == "10.0.0.1:49152->10.0.0.2:49152"
    assert row.rtt_s is not None
    assert row == row_of(entry, pair.a)
    await asyncio.sleep(1)
    assert row == row_of(entry, pair.a)  # time alone changes nothing


@on_virtual_pair
async def test_a_connection_that_is_closed_can_be_looked_at(pair: VirtualPair) -> None:
    await pair.connect()
    await pair.a.close()
    entry = enter(pair.a)
    assert row_of(entry, pair.a).state == "closed"
    view = await view_of(entry, pair.a, Mark())
    assert view["records"][-1]["facts"]["new"] == "closed"


def test_a_connection_of_another_thread_is_looked_at_there(monkeypatch):
    monkeypatch.setattr(live, "ANSWER_LIMIT_S", 60.0)
    ready, over = threading.Event(), threading.Event()
    made = []

    async def elsewhere():
        async with RTCPeerConnection() as connection:
            made.append(connection)
            ready.set()
            await asyncio.to_thread(over.wait, 30)

    thread = threading.Thread(target=asyncio.run, args=(elsewhere(),))
    thread.start()
    ready.wait(30)
    connection = made[0]
    entry = enter(connection)
    try:
        view = asyncio.run(view_of(entry, connection, Mark()))
    finally:
        over.set()
        thread.join(30)
    assert view["records"][0]["event"] == "configured"

    with pytest.raises(TimeoutError):  # nobody runs that loop any more
        asyncio.run(view_of(entry, connection, Mark()))


def test_a_loop_that_is_busy_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(live, "ANSWER_LIMIT_S", 0.0)
    ready, over = threading.Event(), threading.Event()
    made = []

    async def elsewhere():
        connection = RTCPeerConnection()
        made.append(connection)
        ready.set()
        over.wait(30)  # it is busy
        await connection.close()

    thread = threading.Thread(target=asyncio.run, args=(elsewhere(),))
    thread.start()
    ready.wait(30)
    try:
        with pytest.raises(TimeoutError):
            asyncio.run(view_of(enter(made[0]), made[0], Mark()))
    finally:
        over.set()
        thread.join(30)
