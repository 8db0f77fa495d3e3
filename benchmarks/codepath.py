"""The paths on which the cost of a packet is decided, run one by one in virtual time.

Everything is seeded. Only OpenSSL draws randomness of its own, and that decides nothing here.
"""

import asyncio
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol, TypeAlias, TypeVar

from tally import Tally, tally
from tap import Tap

_TESTS = Path(__file__).parents[1] / "tests"
sys.path.append(str(_TESTS))

from frazil.dtls import record  # noqa: E402
from frazil.sctp import SctpConfig  # noqa: E402
from frazil.sctp.chunk import ChunkType  # noqa: E402
from frazil.sdp import parse_sdp, write_sdp  # noqa: E402
from frazil.session.config import SessionConfig  # noqa: E402
from frazil.stun.attribute import Attribute  # noqa: E402
from frazil.stun.message import Message, MessageClass, Method  # noqa: E402
from frazil.testing import VirtualNetwork, run  # noqa: E402
from frazil.types import Datagram, Transmit  # noqa: E402
from support.dtls_pair import DtlsPair  # noqa: E402
from support.sctp_pair import Pair, chunk_types  # noqa: E402
from support.session_pair import STREAM, SessionPair, Side  # noqa: E402
from support.virtual_pair import VirtualPair  # noqa: E402

T = TypeVar("T")
Content: TypeAlias = bytes | str

OFFER = _TESTS / "support" / "sdp_corpus" / "chromium-156-offer-data.sdp"
KEY = b"twenty-two characters."
PPID_BINARY = 53
WARM_UP = 4
"""Messages before any is counted, so that windows and timers are those of a living link."""
BATCH = 64
"""Messages, or datagrams, that one turn of the loop brings."""
FULL_SIZE = 1132
"""Bytes of a message that fill a packet, if it is cut into full ones."""
WITHOUT_I_DATA = SessionConfig(sctp=SctpConfig(interleaving=False))
WITHOUT_HEARTBEATS = SessionConfig(sctp=SctpConfig(heartbeat_s=3600.0))
SHORT_S = 0.0001
"""From one end to the other: too short to be paced."""
IDLE_S = 1.0
"""Long enough for every delayed acknowledgement."""
SETTLED_S = 60.0
"""Long enough for two ends that say nothing to have taken turns several times."""


class Meter(Protocol):
    """Runs a step of a path and remembers what it cost."""

    def __call__(self, name: str, step: Callable[[], T]) -> T:
        """The result of the step."""


def count_paths() -> dict[str, Tally]:
    """What each step costs in a process that has done all of them before."""
    tallies: dict[str, Tally] = {}

    def meter(name: str, step: Callable[[], T]) -> T:
        results: list[T] = []
        tallies[name] = tally(lambda: results.append(step()))
        return results[0]

    for _ in range(2):
        run_paths(meter)
    return tallies


def run_paths(meter: Meter) -> None:
    """Every path from its beginning."""
    _stun(meter)
    _sdp(meter)
    _dtls(meter)
    for size in (64, 2000):
        _sctp(meter, size)
    _session(meter, 64)
    _batches(meter)
    run(partial(_messages, meter))
    _idle(meter)


def _stun(meter: Meter) -> None:
    attributes = {
        Attribute.USERNAME: "abcd:efgh",
        Attribute.PRIORITY: 1845501695,
        Attribute.ICE_CONTROLLING: 4711,
    }
    check = Message(Method.BINDING, MessageClass.REQUEST, bytes(range(12)), attributes)
    data = meter("STUN check: write and sign", lambda: check.encode(KEY))
    assert meter("STUN check: read and verify", lambda: Message.decode(data).is_authentic(KEY))


def _sdp(meter: Meter) -> None:
    text = OFFER.read_text()
    description = meter("SDP, offer of a channel by Chromium: read", lambda: parse_sdp(text))
    meter("SDP, the same: write", lambda: write_sdp(description))


def _dtls(meter: Meter) -> None:
    one = bytes((23, 254, 253, *bytes(8), 0, 100)) + bytes(100)
    records = meter("DTLS: split a datagram of three records", lambda: record.split(one * 3))
    assert len(records) == 3
    pair = DtlsPair().connect()
    payloads = [bytes(1160)] * 12
    pair.client.send(payloads)
    pair.client.poll_runs()
    meter("DTLS: seal a batch of 12", lambda: pair.client.send(payloads))
    (run,) = pair.client.poll_runs()
    batch = run.datagrams()
    opened = meter("DTLS: open a batch of 12", lambda: pair.server.receive(batch, pair.now))
    assert opened == payloads


def _sctp(meter: Meter, size: int) -> None:
    """Of two messages the second is counted, for which an acknowledgement is due at once."""
    pair = Pair(delay_s=SHORT_S).connect()
    sender, receiver = pair.a.association, pair.b.association
    message = bytes(size)
    for _ in range(WARM_UP):
        sender.send(1, PPID_BINARY, message, pair.now)
        pair.run_for(IDLE_S)

    def send() -> list[bytes]:
        sender.send(1, PPID_BINARY, message, pair.now)
        return sender.poll_packets(pair.now)

    def receive(packets: Sequence[bytes]) -> None:
        receiver.receive(packets, pair.now)
        assert receiver.poll_events()

    first = send()
    second = meter(f"SCTP, message of {size} B: queue, build the packets", send)
    receive(first)
    meter(f"SCTP, message of {size} B: read the packets, deliver", lambda: receive(second))
    sacks = meter(
        f"SCTP, message of {size} B: build a SACK", lambda: receiver.poll_packets(pair.now)
    )
    assert [chunk_types(packet) for packet in sacks] == [[ChunkType.SACK]]
    meter(f"SCTP, message of {size} B: read a SACK", lambda: sender.receive(sacks, pair.now))


def _session(meter: Meter, size: int) -> None:
    """The same through all layers below the event loop."""
    pair = SessionPair().connect()
    message = bytes(size)
    for _ in range(WARM_UP):
        pair.send(pair.a, message)
        pair.run(IDLE_S)

    def send() -> list[Transmit]:
        pair.a.session.send(STREAM, message, False, pair.now)
        return pair.a.session.poll_transmits(pair.now)

    def receive(side: Side, transmits: Sequence[Transmit]) -> None:
        source = pair.peer(side).address
        batch = [
            Datagram(data, side.address, source) for one in transmits for data in one.datagrams()
        ]
        side.session.receive(batch, pair.now)
        side.session.poll_events()

    first = send()
    second = meter(f"All layers, message of {size} B: send", send)
    receive(pair.b, first)
    meter(f"All layers, message of {size} B: receive", lambda: receive(pair.b, second))
    answer = meter(
        f"All layers, message of {size} B: acknowledge",
        lambda: pair.b.session.poll_transmits(pair.now),
    )
    assert answer
    meter(
        f"All layers, message of {size} B: hear the acknowledgement",
        lambda: receive(pair.a, answer),
    )


def _batches(meter: Meter) -> None:
    """To and from a peer that acknowledges every second packet, each alone."""
    pair = SessionPair(WITHOUT_I_DATA, delay_s=SHORT_S).connect()
    for _ in range(WARM_UP):
        pair.send(pair.a, bytes(BATCH * FULL_SIZE))
        pair.run(IDLE_S)
    source, sink = pair.a.session, pair.b.session

    def arrivals(side: Side, transmits: Sequence[Transmit]) -> list[Datagram]:
        remote = pair.peer(side).address
        return [
            Datagram(data, side.address, remote) for one in transmits for data in one.datagrams()
        ]

    def send() -> list[Transmit]:
        source.send(STREAM, bytes(BATCH * FULL_SIZE), False, pair.now)
        return source.poll_transmits(pair.now)

    transmits = meter(f"All layers, {BATCH} full datagrams: send", send)
    singles = arrivals(pair.b, transmits)
    pair.now += SHORT_S
    meter(f"All layers, {BATCH} full datagrams: receive", lambda: sink.receive(singles, pair.now))
    meter(f"All layers, {BATCH} full datagrams: acknowledge", lambda: sink.poll_transmits(pair.now))
    pair.run(IDLE_S)

    full = arrivals(pair.b, send())
    pair.now += SHORT_S
    sacks: list[Datagram] = []
    for at in range(0, len(full), 2):
        sink.receive(full[at : at + 2], pair.now)
        sacks += arrivals(pair.a, sink.poll_transmits(pair.now))
    assert len(sacks) == len(full) // 2 == BATCH // 2
    send()  # more than the window takes
    pair.now += SHORT_S
    meter(
        f"All layers, {len(sacks)} lone SACKs: hear them", lambda: source.receive(sacks, pair.now)
    )


async def _messages(meter: Meter, net: VirtualNetwork) -> None:
    """Messages sent in one turn of the loop, from ``send()`` to the listeners."""
    taps = [Tap(net.host(name, host)) for name, host in (("a", "10.0.0.1"), ("b", "10.0.0.2"))]
    message = bytes(64)
    async with VirtualPair(net, taps) as pair:
        sender, receiver = await pair.connect()
        heard: list[Content] = []
        receiver.on("message", heard.append)

        def answer(_: Content) -> None:
            for _ in range(BATCH):
                sender.send(message)

        sender.on("message", answer)
        for _ in range(WARM_UP):
            receiver.send("more")
            await asyncio.sleep(IDLE_S)
        heard.clear()
        a, b = taps
        a.held, b.held = [], []
        receiver.send("more")
        await asyncio.sleep(0)
        question = b.take()
        meter(f"Public, {BATCH} messages of 64 B in one turn: send", lambda: a.hand_over(question))
        batch = a.take()
        meter(f"Public, {BATCH} messages of 64 B: receive", lambda: b.hand_over(batch))
        assert heard == [message] * BATCH
        sacks = b.take()
        meter(f"Public, {BATCH} messages of 64 B: hear of it", lambda: a.hand_over(sacks))
        a.held = b.held = None


def _idle(meter: Meter) -> None:
    """One end asks whether the other still consents: what an idle connection does all the time."""
    pair = SessionPair(WITHOUT_HEARTBEATS).connect()
    pair.run(SETTLED_S)
    asking = min(pair.sides, key=lambda side: side.session.next_timeout() or 0.0)
    asked = pair.peer(asking)
    now = asking.session.next_timeout() or 0.0

    def let_pass() -> list[Transmit]:
        return finish(asking, asking.session.ask_usual(now))

    def receive(side: Side, transmits: Sequence[Transmit]) -> list[Transmit]:
        (sent,) = transmits
        lone = Datagram(sent.data, sent.remote, sent.local)
        return finish(side, side.session.take_usual(lone, now))

    def finish(side: Side, transmits: list[Transmit] | None) -> list[Transmit]:
        assert transmits is not None
        assert side.session.next_timeout()
        return transmits

    question = meter("All layers, idle: ask for consent", let_pass)
    answer = meter("All layers, idle: give it", lambda: receive(asked, question))
    assert not meter("All layers, idle: hear of it", lambda: receive(asking, answer))
