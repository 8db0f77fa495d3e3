"""What two peers say to each other all the way, and whether all of it arrives."""

import asyncio
from collections.abc import Coroutine, Iterator
from itertools import count
from random import Random
from typing import Any, Final

from chaos.manner import Manner
from chaos.meter import Meter
from support.scenario import Peer, Stage

PAUSE_S: Final = 2.9
"""Between two messages of a peer."""
NOTE_EVERY: Final = 5
"""One in so many comes with a channel that is opened for a note and closed behind it."""
LONG_EVERY: Final = 12
"""Of so many one is as long as they get."""
SIZES: Final = (0, 0, 100, 1200, 5000, 20_000)
"""What a message may be longer than its number."""
THRESHOLDS: Final = (0, 0, 1000, 10_000)
"""Of ``bufferedamountlow``."""
LATE_S: Final = 30.0
"""What was said last may take so long."""
CHAT: Final = "chat"
LOOSE: Final = "loose"
"""Its messages may overtake each other."""
FLEETING: Final = "fleeting"
"""Its messages may be lost."""
LAST: Final = "last"
_REPLY: Final = Manner(max_retransmits=0)
"""Where the other side closes the channel, what comes last may be lost."""


class Talk:
    """They talk on three channels, and pass notes on channels made for one.

    Args:
        stage: Where they meet.
        peers: The first one makes the channels that stay.
        seed: Decides what is said.
        fleeting: What the channel is like on which words may be lost.
        longest: How long the longest messages are.
    """

    def __init__(
        self, stage: Stage, peers: tuple[Peer, Peer], seed: int, fleeting: Manner, longest: int
    ) -> None:
        self._stage = stage
        self._peers = peers
        self._random = Random(seed)
        self._longest = longest
        self._manners = {CHAT: Manner(), LOOSE: Manner(is_ordered=False), FLEETING: fleeting}
        self._authors: dict[str, Peer] = {}
        self._said: dict[tuple[Peer, str], list[str]] = {}
        self._meters: dict[tuple[Peer, str], Meter] = {}
        self._sure: dict[Peer, list[str]] = {peer: [] for peer in peers}
        self._is_sure = False
        self._notes: list[asyncio.Task[None]] = []
        self._lasting = list(self._manners)
        for label, manner in self._manners.items():
            peers[0].channel(label, **manner.options())
        self._talking = asyncio.create_task(self._talk())

    async def end(self) -> None:
        """Stop, wait until the last word has arrived, and see that each channel takes another."""
        self._talking.cancel()
        async with asyncio.timeout(LATE_S):
            await asyncio.gather(*self._notes)
        await self._stage.sleep(LATE_S)

    def close(self) -> None:
        """Say nothing more."""
        for task in (self._talking, *self._notes):
            task.cancel()

    def be_sure(self) -> None:
        """From now on the network loses nothing, unless what is said fills its buffers."""
        self._is_sure = self._manners[FLEETING].loses_only_on_the_way and not self._longest

    def say_last(self) -> None:
        """One more word on every channel that stays."""
        for peer in self._peers:
            for label in self._lasting:
                self._say(peer, label, LAST)

    def _say(self, peer: Peer, label: str, text: str) -> None:
        """Say something, if the channel is open."""
        channel = peer.channels.get(label)
        if channel is None or channel.readyState != "open":
            return
        meter = self._meters.get((peer, label))
        if meter is None:
            threshold = self._random.choice(THRESHOLDS)
            meter = self._meters[peer, label] = Meter(channel, threshold)
        meter.say(text)
        self._said.setdefault((peer, label), []).append(text)
        if self._is_sure and label == FLEETING:
            self._sure[peer].append(text)

    async def _talk(self) -> None:
        for number in count():
            await self._stage.sleep(PAUSE_S)
            for side, peer in enumerate(self._peers):
                text = str(number).ljust(self._draw_size(), ".")
                self._say(peer, CHAT, text)
                self._say(peer, (LOOSE, FLEETING)[number % 2], text)
                if number % LONG_EVERY == side:
                    label = self._random.choice(self._lasting)
                    self._say(peer, label, f"long {number}".ljust(self._longest, "."))
                if number % NOTE_EVERY == side and CHAT in peer.channels:
                    self._pass(self._note(peer, f"note {number} of {peer.name}"))

    def _draw_size(self) -> int:
        return self._random.choice(SIZES)

    def _pass(self, note: Coroutine[Any, Any, None]) -> None:
        self._notes.append(asyncio.create_task(note))

    async def _note(self, peer: Peer, label: str) -> None:
        """Open a channel and close it, with or without words in between."""
        random, sleep = self._random, self._stage.sleep
        self._manners[label] = Manner.draw(random) if random.random() < 0.3 else Manner()
        self._authors[label] = peer
        channel = peer.channel(label, **self._manners[label].options())
        if random.random() < 0.7:
            await channel.wait_open()
            size = self._longest if random.random() < 0.1 else self._draw_size()
            for text in ("first", "second".ljust(size, ".")):
                self._say(peer, label, text)
            if random.random() < 0.3:
                await sleep(random.choice((0.0, 0.1, 1.0)))
                self._say(self._other(peer), label, "reply".ljust(self._draw_size(), "."))
        else:
            await sleep(random.choice((0.0, 0.1, 1.0)))
        channel.close()

    # --- what has arrived ---------------------------------------------------------------------

    def verify(self) -> None:
        """What had to arrive has, in order where there is one, and nothing else has."""
        for speaker in self._peers:
            hearer = self._other(speaker)
            for label, heard in hearer.inbox.items():
                said = self._said.get((speaker, label), [])
                assert self._promise(speaker, label).allows(said, heard), label
        for speaker, said in self._sure.items():
            assert set(said) <= set(self._other(speaker).inbox[FLEETING]), said
        for (speaker, label), said in self._said.items():
            if LAST in said:
                assert LAST in self._other(speaker).inbox[label], label
            if self._promise(speaker, label).is_reliable:
                assert label in self._other(speaker).inbox, label
        for label, channel in self._channels():
            assert label not in self._manners or self._manners[label].matches(channel), label
            assert channel.readyState == ("closed" if label in self._authors else "open"), label
        for meter in self._meters.values():
            meter.verify()

    def _channels(self) -> Iterator[tuple[str, Any]]:
        for peer in self._peers:
            yield from peer.channels.items()

    def _promise(self, speaker: Peer, label: str) -> Manner:
        """How what the speaker says there has to arrive."""
        is_reply = self._authors.get(label, speaker) is not speaker
        return _REPLY if is_reply else self._manners.get(label, Manner())

    def _other(self, peer: Peer) -> Peer:
        alice, bob = self._peers
        return bob if peer is alice else alice
