"""What may happen to a session in mid-life, and what becomes of it.

Both ends send the time on a reliable channel every 50 ms. They are back when the first message
that was sent after the event, or after its end, has arrived at the other side, both ways.
"""

import asyncio
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Final, NamedTuple

from support.internet import Internet
from support.remote_peer import RemotePeer
from support.signalling import Signalling

PERIOD_S: Final = 0.05
_POLL_S: Final = 0.02
_SETTLING_S: Final = 0.5
_BLACKHOLE_S: Final = 3.0


class LiveEvent(StrEnum):
    """Something that happens to the first of two homes."""

    BLACKHOLE = "3 s blackhole"
    FORGETTING = "the NAT forgets its mappings"
    NEW_PUBLIC_ADDRESS = "the NAT gets another public address"
    NEW_HOST_ADDRESS = "the host gets another address"
    END = "blackhole for good"

    @property
    def patience_s(self) -> float:
        """How long to wait for the session to come back, or to end."""
        return 40.0 if self is LiveEvent.END else 8.0


class Change(NamedTuple):
    """A state that an end of the session took."""

    after_s: float
    """Since the event."""
    state: str


class Outcome(NamedTuple):
    """What became of a session.

    Attributes:
        back_s: When messages passed both ways again, after the event or its end.
        first: The changes of ``connectionState`` at the end where it happened.
        second: Those at the other end.
    """

    back_s: float | None
    first: tuple[Change, ...]
    second: tuple[Change, ...]

    def __str__(self) -> str:
        words = ["not back"] if self.back_s is None else [f"back after {self.back_s:.2f} s"]
        for name, changes in (("A", self.first), ("B", self.second)):
            if changes:
                told = ", ".join(f"{each.state} {each.after_s:.1f} s" for each in changes)
                words.append(f"{name} {told}")
        return "; ".join(words)


async def experience(
    event: LiveEvent, internet: Internet, first: RemotePeer, second: RemotePeer
) -> Outcome:
    """Connect two peers, let the event happen to the first, and watch."""
    channel = await first.createDataChannel("heartbeat")
    async with Signalling(first, second) as line:
        await line.negotiate()
        await channel.beat(PERIOD_S)
        await (await second.channels.get()).beat(PERIOD_S)
        await _until(lambda: _is_back(first, second, 0.0), 10.0)
        await asyncio.sleep(_SETTLING_S)  # the path may still change for a better one
        began_at = time.time()
        since = await _bring_about(event, internet)
        if event is LiveEvent.END:
            await _until(lambda: _has_failed(first) and _has_failed(second), event.patience_s)
        else:
            await _until(lambda: _is_back(first, second, since), event.patience_s)
            await asyncio.sleep(_SETTLING_S)
        arrivals = [_first_beat(peer, since) for peer in (first, second)]
        back_s = None if None in arrivals else max(filter(None, arrivals)) - since
        return Outcome(back_s, _changes(first, began_at), _changes(second, began_at))


async def _bring_about(event: LiveEvent, internet: Internet) -> float:
    """Let it happen; from when on the network is as it will stay (Unix time)."""
    home = internet.first
    match event:
        case LiveEvent.BLACKHOLE:
            home.blackout()
            await asyncio.sleep(_BLACKHOLE_S)
            home.heal()
        case LiveEvent.FORGETTING:
            home.forget()
        case LiveEvent.NEW_PUBLIC_ADDRESS:
            home.move_router()
        case LiveEvent.NEW_HOST_ADDRESS:
            home.move_host()
        case LiveEvent.END:
            home.blackout()
    return time.time()


async def _until(condition: Callable[[], bool], patience_s: float) -> None:
    """Wait for the condition, or until patience runs out."""
    for _ in range(round(patience_s / _POLL_S)):
        if condition():
            return
        await asyncio.sleep(_POLL_S)


def _is_back(first: RemotePeer, second: RemotePeer, since: float) -> bool:
    return None not in (_first_beat(first, since), _first_beat(second, since))


def _first_beat(peer: RemotePeer, since: float) -> float | None:
    """When the first message arrived that the other end had sent after ``since``."""
    beats = (seen for seen in peer.timeline if seen.what == "beat")
    return next((seen.at for seen in beats if float(seen.value) > since), None)


def _has_failed(peer: RemotePeer) -> bool:
    return peer.values("connectionState")[-1] == "failed"


def _changes(peer: RemotePeer, since: float) -> tuple[Change, ...]:
    return tuple(
        Change(seen.at - since, seen.value)
        for seen in peer.timeline
        if seen.what == "connectionState" and seen.at > since
    )
