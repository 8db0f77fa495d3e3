"""Messages of every size and kind between two whole peers."""

import asyncio

import pytest

from frazil import InvalidStateError, OperationError
from frazil.testing import Conditions
from support.scenario import states

SIZES = [0, 1, 1024, 16 * 1024, 64 * 1024, 256 * 1024]
LOSSY = Conditions(delay_s=0.02, loss=0.05)


@pytest.mark.parametrize("ordered", [True, False], ids=["ordered", "unordered"])
@pytest.mark.parametrize("loss", [0.0, 0.05], ids=["clean", "lossy"])
async def test_every_size_arrives_whole_in_both_directions(stage, ordered, loss):
    alice, bob = stage.pair()
    stage.net.connect("alice", "bob", Conditions(delay_s=0.02, loss=loss))
    await stage.connect(ordered=ordered)
    binary = [bytes([size % 251]) * size for size in SIZES]
    text = ["å" * (size // 2) for size in SIZES]
    for peer in (alice, bob):
        for message in binary + text:
            peer.channels["chat"].send(message)
    await stage.sleep(30)
    for peer in (alice, bob):
        inbox = peer.inbox["chat"]
        assert inbox == binary + text if ordered else same_elements(inbox, binary + text)
        assert peer.channels["chat"].bufferedAmount == 0


def same_elements(one, other):
    return sorted(one, key=repr) == sorted(other, key=repr)


async def test_a_message_too_large_is_refused_by_its_sender(stage):
    alice, bob = await stage.connect()
    limit = alice.pc.sctp.maxMessageSize
    channel = alice.channels["chat"]
    channel.send(bytes(limit))
    with pytest.raises(TypeError):
        channel.send(bytes(limit + 1))
    await stage.sleep(1)
    assert [len(message) for message in bob.inbox["chat"]] == [limit]


async def test_max_retransmits_0_loses_under_loss_but_never_blocks(stage):
    alice, bob = stage.pair()
    await stage.connect("quick", ordered=False, maxRetransmits=0)
    await stage.connect_channel("safe")
    stage.net.connect("alice", "bob", Conditions(delay_s=0.02, loss=0.2))
    for number in range(500):
        alice.channels["quick"].send(f"{number}")
        await stage.sleep(0.02)
    sent_all_at = stage.now
    alice.channels["safe"].send("done")
    await stage.until(lambda: bob.inbox["safe"] == ["done"])
    assert stage.now - sent_all_at < 5
    received = [int(number) for number in bob.inbox["quick"]]
    assert 350 <= len(received) <= 450
    assert len(set(received)) == len(received)
    assert max(received) > 490


async def test_an_ordered_channel_with_max_retransmits_0_skips_what_is_lost(stage):
    alice, bob = stage.pair()
    await stage.connect("quick", maxRetransmits=0)
    stage.net.connect("alice", "bob", Conditions(delay_s=0.02, loss=0.2))
    for number in range(500):
        alice.channels["quick"].send(f"{number}")
        await stage.sleep(0.02)
    await stage.sleep(5)
    received = [int(number) for number in bob.inbox["quick"]]
    assert 350 <= len(received) < 500
    assert received == sorted(received)


async def test_max_packet_life_time_gives_up_what_is_too_old(stage):
    alice, bob = await stage.connect("brief", maxPacketLifeTime=500)
    channel = alice.channels["brief"]
    assert (bob.channels["brief"].maxPacketLifeTime, channel.maxRetransmits) == (500, None)
    stage.net.block("alice", "bob", for_s=2)
    channel.send("too late")
    await stage.sleep(2.1)
    channel.send("in time")
    await stage.sleep(5)
    assert bob.inbox["brief"] == ["in time"]
    assert channel.bufferedAmount == 0


async def test_negotiated_channels_need_no_announcement(stage):
    alice, bob = stage.pair()
    mine = alice.channel("agreed", negotiated=True, id=7)
    theirs = bob.channel("also agreed", negotiated=True, id=7)
    await stage.negotiate()
    await mine.wait_open()
    await theirs.wait_open()
    mine.send("to bob")
    theirs.send("to alice")
    await stage.sleep(1)
    assert (alice.inbox["agreed"], bob.inbox["also agreed"]) == (["to alice"], ["to bob"])
    assert bob.fired("pc", "datachannel") == alice.fired("pc", "datachannel") == []


async def test_labels_protocols_and_text_of_all_planes(stage):
    label, protocol = "Grüße 日本 \U0001f9ca", "протокол"
    alice, bob = await stage.connect(label, protocol=protocol)
    alice.channels[label].send("\U0001f9ca\x00 ünï")
    await stage.sleep(1)
    assert bob.channels[label].protocol == protocol
    assert bob.inbox[label] == ["\U0001f9ca\x00 ünï"]


async def test_a_hundred_channels_of_both_sides(stage):
    alice, bob = await stage.connect()
    for number in range(100):
        alice.channel(f"a{number}")
        bob.channel(f"b{number}")
    await stage.sleep(5)
    assert len(alice.channels) == len(bob.channels) == 201
    for peer in (alice, bob):
        assert {str(channel.readyState) for channel in peer.channels.values()} == {"open"}
        for label, channel in peer.channels.items():
            channel.send(f"{peer.name} on {label}")
    await stage.sleep(5)
    for peer, other in ((alice, bob), (bob, alice)):
        assert peer.inbox == {label: [f"{other.name} on {label}"] for label in peer.channels}
    ids = {channel.id: label for label, channel in alice.channels.items()}
    assert ids == {channel.id: label for label, channel in bob.channels.items()}
    assert len({channel_id % 2 for channel_id, label in ids.items() if label[0] == "a"}) == 1


async def test_closing_delivers_everything_first(stage):
    alice, bob = stage.pair()
    await stage.connect()
    stage.net.connect("alice", "bob", Conditions(delay_s=0.03, loss=0.02, rate_bps=20_000_000))
    channel = alice.channels["chat"]
    for number in range(40):
        channel.send(bytes([number]) * 50_000)
    channel.close()
    assert channel.readyState == "closing"
    with pytest.raises(InvalidStateError):
        channel.send("more")
    await stage.until(lambda: channel.readyState == "closed")
    await stage.sleep(1)
    assert bob.inbox["chat"] == [bytes([number]) * 50_000 for number in range(40)]
    assert [event.type for event in bob.fired("channel chat")] == ["open", "closing", "close"]
    assert [event.type for event in alice.fired("channel chat")][-1] == "close"
    assert alice.fired("channel chat", "error") == []
    assert states(alice, "connectionState") == "new connecting connected"


async def test_an_id_is_used_again_after_its_channel_is_closed(stage):
    alice, bob = await stage.connect()
    for number in range(5):
        label = f"round {number}"
        bob.channel(label, negotiated=True, id=4)
        channel = alice.channel(label, negotiated=True, id=4)
        await channel.wait_open()
        channel.send(label)
        channel.close()
        await stage.until(lambda channel=channel: channel.readyState == "closed")
        await stage.sleep(1)
        assert bob.inbox[label] == [label]


async def test_the_next_channel_has_another_id_than_the_one_that_was_closed(stage):
    await stage.connect()
    before = await stage.connect_channel("before")
    before.close()
    await stage.until(lambda: before.readyState == "closed")
    assert (await stage.connect_channel("after")).id == before.id + 2


async def test_the_buffered_amount_falls_and_tells_when_it_is_low(stage):
    alice, _ = stage.pair()
    await stage.connect()
    stage.net.connect("alice", "bob", Conditions(delay_s=0.01, rate_bps=8_000_000))
    channel = alice.channels["chat"]
    channel.bufferedAmountLowThreshold = 100_000
    amounts = []
    channel.on("bufferedamountlow", lambda: amounts.append(channel.bufferedAmount))
    for _ in range(10):
        channel.send(bytes(100_000))
    assert channel.bufferedAmount == 1_000_000
    await channel.drain(500_000)
    assert 100_000 < channel.bufferedAmount <= 500_000
    assert amounts == []
    await channel.drain(0)
    assert channel.bufferedAmount == 0
    assert len(amounts) == 1
    assert amounts[0] <= 100_000


async def test_an_answer_takes_the_acknowledgement_along(stage):
    alice, bob = await stage.connect()
    there, back = alice.channels["chat"], bob.channels["chat"]
    back.on("message", back.send)
    received = 0

    @there.on("message")
    def ping(message):
        nonlocal received
        received += 1
        if received < 50:
            there.send(message)

    before = await packets_of(alice)
    there.send("ping")
    await stage.until(lambda: received == 50)
    sent, arrived = await packets_of(alice)
    assert (sent - before[0], arrived - before[1]) == (50, 50)


async def packets_of(peer):
    """How many datagrams went to the other and came from there, checks aside."""
    report = await peer.pc.getStats()
    (transport,) = [each for each in report.values() if each["type"] == "transport"]
    return transport["packetsSent"], transport["packetsReceived"]


async def test_an_empty_buffer_is_seen_without_a_listener(stage):
    alice, bob = await stage.connect()
    channel = alice.channels["chat"]
    channel.send(b"twelve bytes")
    assert channel.bufferedAmount == 12
    await stage.until(lambda: bob.inbox["chat"] == [b"twelve bytes"])
    assert channel.bufferedAmount == 0


async def test_too_much_waiting_is_refused_and_room_comes_back(stage):
    alice, _ = await stage.connect()
    channel = alice.channels["chat"]
    stage.net.block("alice", "bob", for_s=3)
    with pytest.raises(OperationError):
        send_without_end(channel)
    before = channel.bufferedAmount
    await stage.sleep(60)
    assert channel.bufferedAmount < before
    channel.send(b"room again")


def send_without_end(channel):
    while True:
        channel.send(bytes(256 * 1024))


async def test_iteration_ends_with_the_channel_and_sees_every_message(stage):
    alice, bob = stage.pair()
    got = []

    @bob.pc.on("datachannel")
    async def read(channel):
        got.extend([message async for message in channel])
        got.append("the end")

    channel = alice.channel()
    await stage.negotiate()
    await channel.wait_open()
    for number in range(1000):
        channel.send(f"{number}")
        if number % 100 == 0:
            await stage.sleep(0.01)
    channel.close()
    await stage.sleep(5)
    assert got == [*(f"{number}" for number in range(1000)), "the end"]


async def test_messages_both_ways_at_once_keep_their_order(stage):
    alice, bob = stage.pair()
    stage.net.connect(
        "alice", "bob", Conditions(delay_s=0.02, jitter_s=0.03, loss=0.02, reordering=0.05)
    )
    await stage.connect()

    async def talk(peer):
        for number in range(300):
            peer.channels["chat"].send(f"{number} " + "x" * (number * 7 % 3000))
            await stage.sleep(0.005)

    await asyncio.gather(talk(alice), talk(bob))
    await stage.sleep(10)
    expected = [f"{number} " + "x" * (number * 7 % 3000) for number in range(300)]
    assert alice.inbox["chat"] == bob.inbox["chat"] == expected


async def test_priorities_share_what_the_path_carries(stage):
    """webrtc-priority 6: both ends know it, and each level gets twice as much as the one below."""
    alice, bob = await stage.connect("first")
    priorities = ["very-low", "low", "medium", "high"]
    channels = [alice.pc.createDataChannel(each, priority=each) for each in priorities]
    stage.net.connect("alice", "bob", Conditions(rate_bps=100_000_000))
    await stage.sleep(1)
    theirs = [bob.channels[each] for each in priorities]
    assert [each.priority for each in channels] == [each.priority for each in theirs] == priorities
    for channel in channels:
        while channel.bufferedAmount < 4_000_000:
            channel.send(bytes(4000))
    before = [each.bufferedAmount for each in channels]
    while channels[3].bufferedAmount > 1_000_000:
        await stage.sleep(0.01)
    sent = [start - each.bufferedAmount for start, each in zip(before, channels, strict=True)]
    shares = [each / sent[0] for each in sent]
    assert shares == pytest.approx([1, 2, 4, 8], rel=0.02)
