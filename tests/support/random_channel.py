"""Channels between us and somebody else, to which happens what chance will have."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from frazil import RTCDataChannel
from support.frazil_peer import FrazilPeer
from support.remote_peer import RemoteChannel, RemotePeer

CROWD = 100
"""Channels that are opened at once, and closed at once."""
OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"ordered": False},
    {"maxRetransmits": 0},
    {"ordered": False, "maxRetransmits": 2},
    {"maxPacketLifeTime": 50},
    {"ordered": False, "maxPacketLifeTime": 5000},
)
SIZES = (0, 1, 10, 1000, 1180, 1200, 5000, 65_536, 262_144)


class End(ABC):
    """One end of a channel.

    Attributes:
        sent: What was sent from it.
        is_closed_here: Whether it was closed, and not the other one alone.
    """

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.is_closed_here = False

    @property
    @abstractmethod
    def state(self) -> str:
        """Its ``readyState``."""

    @property
    @abstractmethod
    def received(self) -> list[bytes]:
        """What has come."""

    @abstractmethod
    async def send(self, data: bytes) -> None:
        """Send a message."""

    @abstractmethod
    async def close(self) -> None:
        """Close the channel."""


class LocalEnd(End):
    """The end of a channel in this process, ours or of aiortc."""

    def __init__(self, channel: Any) -> None:
        super().__init__()
        self._channel = channel
        self._received: list[bytes] = []
        channel.on("message", self._received.append)

    @property
    def state(self) -> str:
        return str(self._channel.readyState)

    @property
    def received(self) -> list[bytes]:
        return self._received

    @property
    def buffered_amount(self) -> int:
        """Bytes that were sent and have not left yet."""
        return int(self._channel.bufferedAmount)

    async def send(self, data: bytes) -> None:
        self._channel.send(data)

    async def close(self) -> None:
        self._channel.close()


class PageEnd(End):
    """The end of a channel in a page."""

    def __init__(self, page: RemotePeer, channel: RemoteChannel) -> None:
        super().__init__()
        self._page = page
        self._channel = channel
        self._received: list[bytes] = []

    @property
    def state(self) -> str:
        return self._page.values(f"channel {self._channel.label}")[-1]

    @property
    def received(self) -> list[bytes]:
        self._received += [each for each in self._channel.take() if isinstance(each, bytes)]
        return self._received

    async def send(self, data: bytes) -> None:
        await self._channel.send(data)

    async def close(self) -> None:
        await self._channel.close()


class Partner(ABC):
    """Whoever has the other ends.

    Attributes:
        peer: The connection.
        max_size: The longest message that it takes, in bytes.
        ends_channels: Whether channels can be closed amid others and their messages, and all of
            the others and what was sent before stay whole.
    """

    peer: Any
    max_size = max(SIZES)
    ends_channels = True

    @abstractmethod
    async def open(self, label: str, **options: Any) -> End:
        """Open a channel over there."""

    @abstractmethod
    def found(self) -> dict[str, End]:
        """The ends of the channels that we have opened, by label."""


class PagePartner(Partner):
    """A page in a browser."""

    def __init__(self, page: RemotePeer) -> None:
        self.peer = page
        self._found: dict[str, End] = {}

    async def open(self, label: str, **options: Any) -> End:
        return PageEnd(self.peer, await self.peer.createDataChannel(label, **options))

    def found(self) -> dict[str, End]:
        while not self.peer.channels.empty():
            channel = self.peer.channels.get_nowait()
            self._found[channel.label] = PageEnd(self.peer, channel)
        return self._found


class Channel:
    """A channel, and what both ends know of it."""

    def __init__(self, label: str, options: dict[str, Any], ours: End | None, theirs: End | None):
        self.label = label
        self._options = options
        self.ours = ours
        self.theirs = theirs

    def __repr__(self) -> str:
        ends = [(each.state, len(each.sent), len(each.received)) for each in self.ends]
        return f"{self.label} {self._options}: {ends}"

    @property
    def ends(self) -> list[End]:
        """Those that there are."""
        return [each for each in (self.ours, self.theirs) if each is not None]

    @property
    def is_usable(self) -> bool:
        """Whether it is open at both ends."""
        return [each.state for each in self.ends] == ["open", "open"] and not self._is_closed

    @property
    def _is_closed(self) -> bool:
        return any(each.is_closed_here for each in self.ends)

    @property
    def _is_reliable(self) -> bool:
        return not self._options.keys() & {"maxRetransmits", "maxPacketLifeTime"}

    def is_settled(self) -> bool:
        """Whether nothing more happens: it is closed at both ends, or all is delivered."""
        if len(self.ends) < 2:
            return False
        if self._is_closed:
            return all(each.state == "closed" for each in self.ends)
        assert isinstance(self.ours, LocalEnd)
        return not self.ours.buffered_amount and all(
            len(to.received) == len(end.sent) or not self._is_reliable
            for end, to in zip(self.ends, reversed(self.ends), strict=True)
        )

    def check(self) -> None:
        """Each message came once at most, in order, and surely if that was promised."""
        assert self.is_settled(), self
        for end, to in zip(self.ends, reversed(self.ends), strict=True):
            places = {data: place for place, data in enumerate(end.sent)}
            arrived = [places[data] for data in to.received if data]
            assert len(arrived) == len(set(arrived)), self
            assert to.received.count(b"") <= end.sent.count(b""), self
            if self._options.get("ordered", True):
                assert arrived == sorted(arrived), self
            if self._is_reliable and not to.is_closed_here:
                assert len(to.received) == len(end.sent), self


class ChannelLife:
    """The channels of one connection, and what can happen to them.

    Attributes:
        channels: All there have been.
    """

    def __init__(self, random: Random, python: FrazilPeer, partner: Partner) -> None:
        self.channels: list[Channel] = []
        self._random = random
        self._python = python
        self._partner = partner
        self._found: dict[str, End] = {}
        python.on("datachannel", self._find)

    def _find(self, channel: RTCDataChannel) -> None:
        self._found[channel.label] = LocalEnd(channel)

    @property
    def happenings(self) -> list[Callable[[], Awaitable[None]]]:
        """Everything that can happen, the more often the likelier."""
        if not self._partner.ends_channels:
            return [*[self.open_ours, self.open_theirs] * 4, *[self.send] * 12, self.open_crowd]
        return [
            *[self.open_ours, self.open_theirs] * 4,
            *[self.send] * 12,
            *[self.close, self.close_at_both_ends, self.send_and_close] * 2,
            self.open_crowd,
            self.close_crowd,
        ]

    async def open_ours(self) -> None:
        """We open a channel."""
        label, options = self._next()
        end = LocalEnd(self._python.createDataChannel(label, **options))
        self.channels.append(Channel(label, options, end, None))

    async def open_theirs(self) -> None:
        """They open a channel."""
        label, options = self._next()
        end = await self._partner.open(label, **options)
        self.channels.append(Channel(label, options, None, end))

    async def open_crowd(self) -> None:
        """Many are opened in a row."""
        act = self._random.choice((self.open_ours, self.open_theirs))
        for _ in range(CROWD):
            await act()

    async def send(self) -> None:
        """Some ends send."""
        for channel in self._some(5):
            await self._send(self._random.choice(channel.ends))

    async def close(self) -> None:
        """Some ends are closed."""
        for channel in self._some(2):
            await self._close(self._random.choice(channel.ends))

    async def close_crowd(self) -> None:
        """Many are closed in a row."""
        for channel in self._some(CROWD):
            await self._close(self._random.choice(channel.ends))

    async def close_at_both_ends(self) -> None:
        """Neither end has heard of the other's end."""
        for channel in self._some(2):
            for end in channel.ends:
                await self._close(end)

    async def send_and_close(self) -> None:
        """What was sent before is still to arrive."""
        for channel in self._some(2):
            end = self._random.choice(channel.ends)
            await self._send(end)
            await self._close(end)

    def look(self) -> None:
        """See which channels have been announced at the other end."""
        theirs = self._partner.found()
        for channel in self.channels:
            channel.ours = channel.ours or self._found.get(channel.label)
            channel.theirs = channel.theirs or theirs.get(channel.label)

    async def _send(self, end: End) -> None:
        for _ in range(self._random.choice((1, 3, 10))):
            if end.state != "open":
                return
            size = min(self._random.choice(SIZES), self._partner.max_size)
            data = b"%d." % len(end.sent)
            end.sent.append(data.ljust(size, b".") if size else b"")
            await end.send(end.sent[-1])

    async def _close(self, end: End) -> None:
        end.is_closed_here = True
        await end.close()

    def _some(self, count: int) -> list[Channel]:
        self.look()
        usable = [each for each in self.channels if each.is_usable]
        return self._random.sample(usable, min(count, len(usable)))

    def _next(self) -> tuple[str, dict[str, Any]]:
        return f"channel {len(self.channels)}", self._random.choice(OPTIONS)
