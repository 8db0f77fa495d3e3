"""One direction of a conversation: what one peer says and the other hears."""

import asyncio
from collections.abc import Callable, Iterator

from frazil.aio.pulse import Pulse
from frazil.cli.entry import Entry, MessageArrived, MessageSent
from frazil.w3c import RTCDataChannel


class Speech:
    """Sends messages into one end of a channel and keeps what comes out of the other.

    Args:
        speaker: The name of the sender.
        listener: The name of the receiver.
        show: Takes the entries of each message that is not muted.
        began_at: The instant of the event loop that the entries call 0.

    Attributes:
        said: The messages sent, in order.
        heard: The messages received, in order.
    """

    def __init__(
        self, speaker: str, listener: str, show: Callable[[Entry], None], began_at: float
    ) -> None:
        self.speaker = speaker
        self.listener = listener
        self.said: list[str] = []
        self.heard: list[str] = []
        self._mouth: RTCDataChannel | None = None
        self._show = show
        self._began_at = began_at
        self._loop = asyncio.get_running_loop()
        self._said_at: list[float] = []
        self._heard_at: list[float] = []
        self._muted: set[int] = set()
        self._pulse = Pulse()

    def connect(self, mouth: RTCDataChannel, ear: RTCDataChannel) -> None:
        """Say into one end of a channel, which is open, and hear at the other."""
        self._mouth = mouth
        ear.on("message", self._hear)

    def say(self, text: str, *, muted: bool = False) -> None:
        """Send a message, and show it unless it is muted.

        Raises:
            RuntimeError: There is no channel yet.
        """
        if self._mouth is None:
            raise RuntimeError(f"{self.speaker} cannot speak before connect()")
        at = self._now()
        if muted:
            self._muted.add(len(self.said))
        else:
            self._show(MessageSent(at, self.speaker, text))
        self.said.append(text)
        self._said_at.append(at)
        self._mouth.send(text)

    async def all_heard(self) -> None:
        """Wait until as many messages were heard as were said."""
        await self._pulse.wait_until(lambda: len(self.heard) >= len(self.said))

    def longest_delay_s(self, first: int) -> float:
        """The longest time that a message was on its way, from that with index ``first`` on."""
        instants = zip(self._said_at[first:], self._heard_at[first:], strict=False)
        return max((heard_at - said_at for said_at, heard_at in instants), default=0.0)

    def _hear(self, message: bytes | str) -> None:
        text = str(message)
        at = self._now()
        index = len(self.heard)
        self.heard.append(text)
        self._heard_at.append(at)
        if index < len(self.said) and index not in self._muted:
            self._show(MessageArrived(at, self.listener, text, at - self._said_at[index]))
        self._pulse.beat()

    def differences(self) -> Iterator[str]:
        """A sentence if not every message arrived, once and in order."""
        if self.said == self.heard:
            return
        pairs = zip(self.said, self.heard, strict=False)
        place = next((at for at, (one, other) in enumerate(pairs) if one != other), None)
        if place is None:
            counts = f"{len(self.heard)} of the {len(self.said)} messages"
            yield f"{self.listener} got {counts} of {self.speaker}"
        else:
            yield (
                f"message {place + 1} of {self.speaker} was {self.said[place]!r}; "
                f"{self.listener} got {self.heard[place]!r}"
            )

    def _now(self) -> float:
        return self._loop.time() - self._began_at
