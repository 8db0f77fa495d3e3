"""What is told of the bytes that wait on a channel."""

from frazil import Event, RTCDataChannel


class Meter:
    """Says things on a channel, and holds ``bufferedAmount`` and its event against them.

    Args:
        channel: One on which nothing waits.
        threshold: Its ``bufferedAmountLowThreshold``.
    """

    def __init__(self, channel: RTCDataChannel, threshold: int) -> None:
        self._channel = channel
        self._is_above = False
        channel.bufferedAmountLowThreshold = threshold
        channel.addEventListener("bufferedamountlow", self._fall)

    def say(self, text: str) -> None:
        """Send it; all of it waits at first."""
        channel = self._channel
        before = channel.bufferedAmount
        channel.send(text)
        assert channel.bufferedAmount == before + len(text), channel.label
        self._is_above |= channel.bufferedAmount > channel.bufferedAmountLowThreshold

    def _fall(self, event: Event) -> None:
        channel = self._channel
        assert self._is_above, f"nothing had been above the threshold of {channel.label}"
        assert channel.bufferedAmount <= channel.bufferedAmountLowThreshold, channel.label
        self._is_above = False

    def verify(self) -> None:
        """Nothing waits any more, and whoever waited for that was told."""
        assert self._channel.bufferedAmount == 0, self._channel.label
        assert not self._is_above, self._channel.label
