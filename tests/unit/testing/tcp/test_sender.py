import asyncio

import pytest

from frazil.testing import Fate, VirtualLoop
from frazil.testing.tcp.receiver import Receiver
from frazil.testing.tcp.segment import Segment, SegmentKind
from frazil.testing.tcp.sender import Sender


def play(script):
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(script())


class Wire:
    """Notes when what is sent; each segment meets the fate that is set."""

    def __init__(self, fate=Fate.DELIVERED):
        self.fate = fate
        self.sent = []
        self.arrived = 0
        self.despair = 0
        self.sender = Sender(self._ship, self._on_arrival, self._on_despair)

    def _ship(self, data, report):
        now = round(asyncio.get_running_loop().time(), 6)
        self.sent.append((now, Segment.decode(data).number))
        if self.fate is not None:
            report(self.fate)

    def _on_arrival(self):
        self.arrived += 1

    def _on_despair(self):
        self.despair += 1


def test_segments_are_numbered_and_forgotten_on_arrival():
    async def script():
        wire = Wire()
        for kind in (SegmentKind.SYN, SegmentKind.DATA, SegmentKind.END):
            wire.sender.send(kind, b"x")
        assert wire.sent == [(0.0, 0), (0.0, 1), (0.0, 2)]
        assert (wire.arrived, wire.sender.is_idle, wire.sender.unsent_bytes) == (3, True, 0)

    play(script)


def test_what_is_lost_is_repeated_later_and_later_until_it_arrives():
    async def script():
        wire = Wire(Fate.LOST)
        wire.sender.send(SegmentKind.DATA, b"abc")
        assert (wire.sender.is_idle, wire.sender.unsent_bytes) == (False, 3)
        await asyncio.sleep(1.5)
        wire.fate = Fate.DELIVERED
        await asyncio.sleep(100)
        assert [at for at, _ in wire.sent] == [0.0, 0.2, 0.6, 1.4, 3.0]
        assert (wire.sender.is_idle, wire.sender.unsent_bytes) == (True, 0)

    play(script)


@pytest.mark.parametrize(
    ("kind", "count", "last"), [(SegmentKind.SYN, 7, 63.0), (SegmentKind.DATA, 16, 804.6)]
)
def test_despair_comes_once_and_in_the_time_of_linux(kind, count, last):
    async def script():
        wire = Wire(Fate.BLOCKED)
        wire.sender.send(kind)
        await asyncio.sleep(5000)
        assert len(wire.sent) == count
        assert wire.sent[-1][0] == last
        assert wire.despair == 1

    play(script)


def test_stop_leaves_no_timer():
    async def script():
        wire = Wire(Fate.LOST)
        wire.sender.send(SegmentKind.DATA)
        wire.sender.stop()
        assert asyncio.get_running_loop().timers() == []

    play(script)


def test_copies_count_once():
    async def script():
        wire = Wire(None)
        reports = []
        wire.sender._ship = lambda data, report: reports.append(report)
        wire.sender.send(SegmentKind.DATA, b"abc")
        for fate in (Fate.DELIVERED, Fate.DELIVERED, Fate.LOST):
            reports[0](fate)
        assert (wire.arrived, wire.sender.unsent_bytes) == (1, 0)
        assert asyncio.get_running_loop().timers() == []

    play(script)


def test_receiver_brings_into_order_each_once():
    receiver = Receiver()
    one, two, three = (Segment(SegmentKind.DATA, number) for number in range(3))
    assert receiver.take(three) == []
    assert receiver.take(one) == [one]
    assert receiver.take(one) == []
    assert receiver.take(three) == []
    assert receiver.take(two) == [two, three]
    assert receiver.take(two) == []
