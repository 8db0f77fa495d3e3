import asyncio
import logging

import pytest

from frazil import ConnectivityError, InvalidStateError, OperationError, RTCError
from frazil.w3c.inbox import MESSAGE_COST
from support.virtual_pair import VirtualPair, on_virtual_pair

KIB = 1024


async def collect(channel) -> list:
    return [message async for message in channel]


async def settle(seconds: float = 0.5) -> None:
    await asyncio.sleep(seconds)


# --- attributes -----------------------------------------------------------------------------------


@on_virtual_pair
async def test_both_ends_show_what_was_asked_for(pair: VirtualPair):
    mine, theirs = await pair.connect("log", ordered=False, maxRetransmits=3, protocol="x-log")
    for channel in (mine, theirs):
        assert (channel.label, channel.protocol) == ("log", "x-log")
        assert (channel.ordered, channel.maxRetransmits, channel.maxPacketLifeTime) == (
            False,
            3,
            None,
        )
        assert channel.negotiated is False
        assert channel.readyState == "open"
        assert channel.bufferedAmount == 0
    assert mine.id == theirs.id
    assert repr(mine) == f"<RTCDataChannel 'log' id={mine.id} open>"


@on_virtual_pair
async def test_settable_attributes_refuse_what_they_cannot_be(pair: VirtualPair):
    channel = pair.a.createDataChannel("chat")
    channel.bufferedAmountLowThreshold = 5
    channel.binaryType = "blob"
    assert (channel.bufferedAmountLowThreshold, channel.binaryType) == (5, "blob")
    for wrong in (-1, 1 << 32, 1.5, True, None):
        with pytest.raises(TypeError, match="bufferedAmountLowThreshold"):
            channel.bufferedAmountLowThreshold = wrong
    with pytest.raises(TypeError, match="binaryType"):
        channel.binaryType = "text"
    with pytest.raises(AttributeError):
        channel.ontrack = print


# --- sending --------------------------------------------------------------------------------------


@on_virtual_pair
async def test_every_kind_of_message_arrives_as_what_it_was(pair: VirtualPair):
    mine, theirs = await pair.connect()
    view = memoryview(b"0123456789")[::2]
    for message in (b"bytes", bytearray(b"array"), view, "grüß", b"", "", b"x" * 100_000):
        mine.send(message)
    await mine.drain(0)
    mine.close()
    expected = [b"bytes", b"array", b"02468", "grüß", b"", "", b"x" * 100_000]
    assert await collect(theirs) == expected


@on_virtual_pair
async def test_sending_what_cannot_be_sent(pair: VirtualPair):
    early = pair.a.createDataChannel("early")
    with pytest.raises(InvalidStateError, match="connecting"):
        early.send(b"x")
    mine, _ = await pair.connect()
    with pytest.raises(TypeError, match="bytes or str"):
        mine.send(3)
    with pytest.raises(TypeError, match="262144"):
        mine.send(b"x" * 262_145)
    for _ in range(64):
        mine.send(b"x" * 262_144)
    with pytest.raises(OperationError, match="bufferedamountlow"):
        mine.send(b"x")
    mine.close()
    with pytest.raises(InvalidStateError):
        mine.send(b"x")


@on_virtual_pair
async def test_drain_returns_when_little_enough_waits(pair: VirtualPair):
    mine, _ = await pair.connect()
    await mine.drain(0)
    for _ in range(40):
        mine.send(b"x" * 100_000)
    assert mine.bufferedAmount == 4_000_000
    await mine.drain()
    assert mine.bufferedAmount <= 262_144
    await mine.drain(0)
    assert mine.bufferedAmount == 0


@on_virtual_pair
async def test_drain_ends_with_an_error_when_the_channel_closes_first(pair: VirtualPair):
    mine, _ = await pair.connect()
    mine.send(b"x" * 200_000)
    pair.net.block()
    draining = asyncio.create_task(mine.drain(0))
    await asyncio.sleep(0)
    pair.a.close()
    with pytest.raises(InvalidStateError, match="bytes not sent"):
        await draining
    with pytest.raises(ValueError, match="-1"):
        await mine.drain(-1)


# --- opening --------------------------------------------------------------------------------------


@on_virtual_pair
async def test_wait_open_ends_when_the_channel_closes_instead(pair: VirtualPair):
    one, two = pair.a.createDataChannel("1"), pair.a.createDataChannel("2")
    waits = [asyncio.create_task(each.wait_open()) for each in (one, two)]
    await asyncio.sleep(0)
    one.close()
    with pytest.raises(InvalidStateError):
        await waits[0]
    pair.a.close()
    with pytest.raises(InvalidStateError, match="closed"):
        await waits[1]


@on_virtual_pair
async def test_id_of_a_channel_that_was_made_after_the_end_is_free_once_it_is_closed(
    pair: VirtualPair,
):
    mine, theirs = await pair.connect()
    late = []

    @theirs.on("message")
    def begin_too_late(_) -> None:
        late.append(pair.b.createDataChannel("late", negotiated=True, id=8))

    mine.send("last words")
    await mine.drain(0)
    pair.a.close()
    await settle()
    assert [channel.readyState for channel in late] == ["closed"]
    assert pair.b.createDataChannel("next", negotiated=True, id=8).id == 8


# --- reading --------------------------------------------------------------------------------------


@on_virtual_pair
async def test_messages_wait_for_the_first_reader(pair: VirtualPair):
    mine, theirs = await pair.connect()
    mine.send("one")
    mine.send(b"two")
    await settle()
    reader = aiter(theirs)
    assert [await anext(reader), await anext(reader)] == ["one", b"two"]


@on_virtual_pair
async def test_an_iteration_ends_at_close_with_everything_sent_before(pair: VirtualPair):
    mine, theirs = await pair.connect()
    reading = asyncio.create_task(collect(theirs))
    for number in range(100):
        mine.send(str(number))
    mine.close()
    assert await reading == [str(number) for number in range(100)]
    assert theirs.readyState == "closed"
    assert await collect(theirs) == []
    assert await collect(mine) == []


@on_virtual_pair
async def test_only_a_listener_can_answer_what_came_right_before_the_end(pair: VirtualPair):
    mine, theirs = await pair.connect()
    answered = []

    def answer(message):
        theirs.send(message)
        answered.append(message)

    theirs.on("message", answer)
    iteration = aiter(theirs)
    for number in range(3):
        mine.send(str(number))
    mine.close()
    await settle(1.0)
    assert answered == ["0", "1", "2"]
    assert [message async for message in iteration] == answered
    with pytest.raises(InvalidStateError, match="closed"):
        theirs.send("too late")


@on_virtual_pair
async def test_an_iteration_ends_when_the_peer_closes_its_connection(pair: VirtualPair):
    mine, theirs = await pair.connect()
    mine.send("last words")
    await mine.drain(0)
    pair.a.close()
    assert await collect(theirs) == ["last words"]


@on_virtual_pair
async def test_an_iteration_ends_when_our_own_connection_is_closed(pair: VirtualPair):
    mine, theirs = await pair.connect()
    mine.send("unread")
    await settle()
    reader = aiter(theirs)
    reading = asyncio.create_task(collect(mine))
    await asyncio.sleep(0)
    pair.b.close()
    pair.a.close()
    assert await reading == []
    assert await anext(reader) == "unread"
    with pytest.raises(StopAsyncIteration):
        await anext(reader)


@on_virtual_pair
async def test_two_readers_share_the_messages(pair: VirtualPair):
    mine, theirs = await pair.connect()
    async with asyncio.TaskGroup() as group:
        readers = [group.create_task(collect(theirs)) for _ in range(2)]
        await asyncio.sleep(0)
        for number in range(10):
            mine.send(str(number))
            await settle(0.1)
        mine.close()
    found = [reader.result() for reader in readers]
    assert sorted(found[0] + found[1]) == [str(number) for number in range(10)]


@on_virtual_pair
async def test_a_listener_sees_every_message_whether_or_not_somebody_reads(pair: VirtualPair):
    mine, theirs = await pair.connect()
    heard = []
    theirs.on("message", heard.append)
    mine.send("nobody reads")
    await settle()
    reader = aiter(theirs)
    mine.send("both")
    assert await anext(reader) == "both"
    del reader
    mine.send("nobody reads again")
    await settle()
    assert heard == ["nobody reads", "both", "nobody reads again"]
    mine.close()
    assert await collect(theirs) == []


@on_virtual_pair
async def test_what_came_before_the_listener_waits_for_an_iteration_only(pair: VirtualPair):
    mine, theirs = await pair.connect()
    mine.send("early")
    await settle()
    heard = []
    theirs.on("message", heard.append)
    mine.send("late")
    await settle()
    assert heard == ["late"]
    mine.close()
    assert await collect(theirs) == ["early"]


@on_virtual_pair
async def test_a_reader_that_gave_up_waiting_can_go_on(pair: VirtualPair):
    mine, theirs = await pair.connect()
    reader = aiter(theirs)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await anext(reader)
    mine.send("after all")
    assert await anext(reader) == "after all"


@on_virtual_pair
async def test_breaking_off_an_iteration_loses_nothing(pair: VirtualPair):
    mine, theirs = await pair.connect()
    for word in ("one", "two", "three"):
        mine.send(word)
    mine.close()
    async for message in theirs:
        assert message == "one"
        break
    assert await collect(theirs) == ["two", "three"]


def limit_unread(pc, size: int) -> None:
    pc._backend.public._backlog.limit = size


@on_virtual_pair
async def test_a_reader_that_falls_too_far_behind_is_told(pair: VirtualPair):
    limit_unread(pair.b, 10 * (10 * KIB + MESSAGE_COST))
    mine, theirs = await pair.connect()
    errors = []
    theirs.on("error", errors.append)
    reader = aiter(theirs)
    for number in range(15):
        mine.send(bytes([number]) * 10 * KIB)
    await settle(1.0)
    assert theirs.readyState == mine.readyState == "closed"
    assert [error.errorDetail for error in errors] == ["data-channel-failure"]
    for number in range(10):
        assert await anext(reader) == bytes([number]) * 10 * KIB
    for _ in range(2):
        with pytest.raises(RTCError, match="103040 bytes behind"):
            await anext(reader)


@on_virtual_pair
async def test_empty_messages_are_too_much_for_a_slow_reader_as_well(pair: VirtualPair):
    limit_unread(pair.b, 100 * MESSAGE_COST)
    mine, theirs = await pair.connect()
    reader = aiter(theirs)
    for _ in range(150):
        mine.send("")
    await settle(1.0)
    assert theirs.readyState == "closed"
    for _ in range(100):
        assert await anext(reader) == ""
    with pytest.raises(RTCError, match="bytes behind"):
        await anext(reader)


@on_virtual_pair
async def test_who_begins_to_read_a_full_backlog_is_not_too_slow(pair: VirtualPair):
    limit_unread(pair.b, 10 * (10 * KIB + MESSAGE_COST))
    mine, theirs = await pair.connect()
    for number in range(15):
        mine.send(bytes([number]) * 10 * KIB)
    await settle(1.0)
    reader = aiter(theirs)
    for number in range(15, 25):
        mine.send(bytes([number]) * 10 * KIB)
    await settle(1.0)
    assert theirs.readyState == "open"
    mine.send("one more")
    await settle(1.0)
    assert theirs.readyState == "closed"
    for number in range(5, 25):
        assert await anext(reader) == bytes([number]) * 10 * KIB
    with pytest.raises(RTCError, match="bytes behind"):
        await anext(reader)


@on_virtual_pair
async def test_who_reads_on_after_another_is_not_too_slow_from_the_start(pair: VirtualPair):
    limit_unread(pair.b, 10 * (10 * KIB + MESSAGE_COST))
    mine, theirs = await pair.connect()
    reader = aiter(theirs)
    for batch in (range(10), range(10, 20)):
        for number in batch:
            mine.send(bytes([number]) * 10 * KIB)
        await settle(1.0)
        assert theirs.readyState == "open"
        del reader
        reader = aiter(theirs)
    mine.send("more than twice the limit")
    await settle(1.0)
    assert theirs.readyState == "closed"
    for number in range(20):
        assert await anext(reader) == bytes([number]) * 10 * KIB
    with pytest.raises(RTCError, match="bytes behind"):
        await anext(reader)


@pytest.mark.parametrize(
    ("size", "limit", "kept"), [(10 * KIB, 10 * (10 * KIB + MESSAGE_COST), 10), (1, 650, 10)]
)
def test_a_channel_that_nobody_reads_stays_open_and_keeps_the_newest(caplog, size, limit, kept):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        limit_unread(pair.b, limit)
        mine, theirs = await pair.connect("telemetry")
        for number in range(15):
            mine.send(bytes([number]) * size)
        await settle(1.0)
        assert theirs.readyState == "open"
        mine.close()
        assert [message[0] for message in await collect(theirs)] == list(range(15 - kept, 15))

    with caplog.at_level(logging.WARNING, "frazil"):
        main()
    (record,) = caplog.records
    assert (record.name, record.code) == ("frazil.datachannel", "FZ-CHANNEL-UNREAD")
    begin = f"connection {record.connection}: FZ-CHANNEL-UNREAD: nobody reads channel 'telemetry'"
    assert record.getMessage().startswith(begin)


@on_virtual_pair
async def test_channels_that_nobody_reads_share_their_room(pair: VirtualPair):
    limit_unread(pair.b, 4 * (KIB + MESSAGE_COST))
    mine, theirs = await pair.connect("first")
    others = [pair.a.createDataChannel(f"{number}") for number in range(3)]
    await settle()
    for number in range(4):
        mine.send(bytes([number]) * KIB)
    await settle()
    for other in others:
        other.send(bytes(KIB))
    await settle()
    mine.close()
    await settle()
    for other in others:
        other.send(bytes(KIB))
        other.close()
    assert [message[0] for message in await collect(theirs)] == list(range(4))
    assert [len(await collect(channel)) for channel in pair.announced[1:]] == [1, 1, 1]


@on_virtual_pair
async def test_what_a_slow_reader_has_yet_to_read_takes_no_room_of_others(pair: VirtualPair):
    limit_unread(pair.b, 4 * (KIB + MESSAGE_COST))
    mine, theirs = await pair.connect("read")
    other = pair.a.createDataChannel("other")
    mine.send(bytes(KIB))
    await settle()
    slow = aiter(theirs)
    for _ in range(3):
        mine.send(bytes(KIB))
    await settle()
    for word in ("first", "second", "third"):
        other.send(word)
    other.close()
    await settle()
    assert await collect(pair.announced[1]) == ["first", "second", "third"]
    assert [len(await anext(slow)) for _ in range(4)] == [KIB] * 4


@on_virtual_pair
async def test_what_a_reader_left_behind_shares_the_room_again(pair: VirtualPair):
    limit_unread(pair.b, 4 * (KIB + MESSAGE_COST))
    mine, theirs = await pair.connect("read")
    other = pair.a.createDataChannel("other")
    reader = aiter(theirs)
    for number in range(4):
        mine.send(bytes([number]) * KIB)
    await settle()
    del reader
    for number in range(4, 6):
        mine.send(bytes([number]) * KIB)
    await settle()
    other.send(bytes(KIB))
    await settle()
    mine.close()
    assert [message[0] for message in await collect(theirs)] == [2, 3, 4, 5]
    other.send(bytes(KIB))
    other.close()
    assert len(await collect(pair.announced[1])) == 1


@on_virtual_pair
async def test_a_message_for_which_others_leave_no_room_drives_nothing_out(pair: VirtualPair):
    limit_unread(pair.b, 4 * (KIB + MESSAGE_COST))
    mine, _ = await pair.connect("first")
    other = pair.a.createDataChannel("other")
    await settle()
    for _ in range(3):
        mine.send(bytes(KIB))
    other.send("short")
    await settle()
    other.send(bytes(2 * KIB))
    await settle()
    other.close()
    assert await collect(pair.announced[1]) == ["short"]


@on_virtual_pair
async def test_a_channel_without_room_still_serves_who_listens_or_reads(pair: VirtualPair):
    limit_unread(pair.b, 2 * (KIB + MESSAGE_COST))
    mine, _ = await pair.connect("first")
    heard, read = pair.a.createDataChannel("heard"), pair.a.createDataChannel("read")
    await settle()
    for _ in range(4):
        mine.send(bytes(KIB))
    await settle()
    messages = []
    pair.announced[1].on("message", messages.append)
    reader = aiter(pair.announced[2])
    heard.send("listener")
    read.send("reader")
    await settle()
    assert messages == ["listener"]
    assert await anext(reader) == "reader"


@on_virtual_pair
async def test_what_arrives_on_a_channel_that_was_shown_to_nobody_is_not_kept(pair: VirtualPair):
    pair.b.removeEventListener("datachannel", pair.announced.append)
    channel = pair.a.createDataChannel("unknown")
    await pair.negotiate()
    await channel.wait_open(timeout=5)
    channel.send(bytes(KIB))
    await settle()
    assert channel.bufferedAmount == 0
    assert pair.b._backend.public.channels() == []


@on_virtual_pair
async def test_nobody_waits_longer_for_a_channel_than_wanted(pair: VirtualPair):
    loop = asyncio.get_running_loop()
    channel = pair.a.createDataChannel("chat")
    began = loop.time()
    with pytest.raises(ConnectivityError) as caught:
        await channel.wait_open(timeout=2.5)
    assert loop.time() - began == pytest.approx(2.5)
    assert str(caught.value).startswith("not open after 2.5 s: readyState is connecting\nFZ-SIG-")
    assert caught.value.report == pair.a.explain()


@on_virtual_pair
async def test_a_channel_that_opens_in_time_is_open(pair: VirtualPair):
    channel = pair.a.createDataChannel("chat")
    waiting = asyncio.create_task(channel.wait_open(timeout=5))
    await pair.negotiate()
    await waiting
    assert channel.readyState == "open"
    await channel.wait_open(timeout=0)
