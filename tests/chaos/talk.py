"""What two peers say to each other all the way, and whether all of it arrives."""

import asyncio
from collections.abc import Coroutine, Sequence
from itertools import count
from random import Random
from typing import Any, Final

from support.scenario import Peer, Stage

PAUSE_S: Final = 2.9
"""Between two messages of a peer."""
NOTE_EVERY: Final = 5
"""One in so many comes with a channel that is opened for a note and closed behind it."""
SIZES: Final = (0, 0, 100, 1200, 5000, 20_000)
"""What a message may be longer than its number."""
LATE_S: Final = 30.0
"""What was said last may take so long."""
CHAT: Final = "chat"
LOOSE: Final = "loose"
"""Its messages may overtake each other."""


class Talk:
    """They talk on a channel in order and on one without, and pass notes on channels made for one.

    Args:
        stage: Where they meet.
        peers: The first one makes the two channels that stay.
        seed: Decides what is said.
    """

    def __init__(self, stage: Stage, peers: tuple[Peer, Peer], seed: int) -> None:
        self._stage = stage
        self._peers = peers
        self._random = Random(seed)
        self._said: dict[tuple[Peer, str], list[str]] = {}
        self._notes: list[asyncio.Task[None]] = []
        for label, is_ordered in ((CHAT, True), (LOOSE, False)):
            peers[0].channel(label, ordered=is_ordered)
        self._talking = asyncio.create_task(self._talk())

    async def end(self) -> None:
        """Stop, and wait until the last word has arrived."""
        self._talking.cancel()
        async with asyncio.timeout(LATE_S):
            await asyncio.gather(*self._notes)
        await self._stage.sleep(LATE_S)

    def close(self) -> None:
        """Say nothing more."""
        for task in (self._talking, *self._notes):
            task.cancel()

    def say(self, peer: Peer, label: str, text: str) -> None:
        """Say something, if the channel is open."""
        channel = peer.channels.get(label)
        if channel is not None and channel.readyState == "open":
            channel.send(text)
            self._said.setdefault((peer, label), []).append(text)

    async def _talk(self) -> None:
        for number in count():
            await self._stage.sleep(PAUSE_S)
            for side, peer in enumerate(self._peers):
                text = str(number) + "." * self._random.choice(SIZES)
                self.say(peer, CHAT, text)
                self.say(peer, LOOSE, text)
                if number % NOTE_EVERY == side and CHAT in peer.channels:
                    self._pass(self._note(peer, f"note {number} of {peer.name}"))

    def _pass(self, note: Coroutine[Any, Any, None]) -> None:
        self._notes.append(asyncio.create_task(note))

    async def _note(self, peer: Peer, label: str) -> None:
        """Open a channel and close it, with or without a word in between."""
        channel = peer.channel(label)
        if self._random.random() < 0.7:
            await channel.wait_open()
            for text in ("first", "second" + "." * self._random.choice(SIZES)):
                self.say(peer, label, text)
        else:
            await self._stage.sleep(self._random.choice((0.0, 0.1, 1.0)))
        channel.close()

    # --- what has arrived ---------------------------------------------------------------------

    def verify(self) -> None:
        """All that was said has arrived, in order where there is one, and nothing else has."""
        for hearer, speaker in zip(self._peers, reversed(self._peers), strict=True):
            for label, heard in hearer.inbox.items():
                said = self._said.get((speaker, label), [])
                assert _arranged(label, heard) == _arranged(label, said), label
            for label, channel in hearer.channels.items():
                assert channel.readyState == ("closed" if label.startswith("note") else "open"), (
                    label
                )
        for (speaker, label), said in self._said.items():
            (hearer,) = [each for each in self._peers if each is not speaker]
            assert len(hearer.inbox[label]) == len(said), label


def _arranged(label: str, texts: Sequence[bytes | str]) -> list[bytes | str]:
    return sorted(texts, key=str) if label == LOOSE else list(texts)
