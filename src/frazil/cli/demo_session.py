"""Python's end of ``frazil demo --browser``: one connection to one page."""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Mapping
from types import TracebackType
from typing import Any, Final, Self

from frazil.aio import IceOptions, Network
from frazil.cli.entry import Entry, MessageArrived, MessageSent, Noted, PathChanged
from frazil.cli.json_lines import as_json
from frazil.cli.negotiation import Negotiation
from frazil.cli.watch import Watch
from frazil.states.enums import RTCDataChannelState
from frazil.testing import BlockableNetwork
from frazil.w3c import RTCDataChannel, RTCPeerConnection

PEER: Final = "python"
BLACKOUT_S: Final = 10.0
"""Browsers take up to 8 s to notice; this process takes 5."""
MAX_EVENTS: Final = 1000
"""Events that wait for a page. One that has fallen so far behind is gone."""


class DemoSession:
    """A connection to the page, what the page may ask of it, and what it tells the page.

    Args:
        network: Where the connection lives.
        show: Takes each entry of the timeline besides the page.
        began_at: The instant of the event loop that the entries call 0.

    Attributes:
        events: JSON texts for the page: ``{"type": "signal", ...}``, and entries.
    """

    def __init__(self, network: Network, show: Callable[[Entry], None], began_at: float) -> None:
        self.events: asyncio.Queue[str] = asyncio.Queue(MAX_EVENTS)
        self._show_elsewhere = show
        self._began_at = began_at
        self._loop = asyncio.get_running_loop()
        self._network = BlockableNetwork(network)
        self._pc = RTCPeerConnection(network=self._network, ice=IceOptions(include_loopback=True))
        Watch(PEER, self._pc, self._show, began_at)
        self._negotiation = Negotiation(self._pc, self._signal, polite=False)
        self._channel: RTCDataChannel | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._pc.on("datachannel", self._adopt)
        self._pc.on("remoteclose", self._on_goodbye)
        self._commands: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "start": self._start,
            "signal": self._negotiation.deliver,
            "say": self._say,
            "blackout": self._black_out,
            "restart": self._restart,
            "close": self._close,
        }

    async def __aenter__(self) -> Self:
        self._tell({"type": "hello", "at": self._now()})
        self._own(self._negotiate())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._pc.close()

    def perform(self, command: str, arguments: Mapping[str, Any]) -> None:
        """Do what the page asks for.

        Raises:
            LookupError: There is no such command.
        """
        self._commands[command](arguments)

    def dismiss(self) -> None:
        """Tell the page that another one takes its place."""
        self._tell({"type": "replaced"})

    # --- commands -----------------------------------------------------------------------------

    def _start(self, arguments: Mapping[str, Any]) -> None:
        """Python offers by opening the channel; otherwise, the page does."""
        if arguments.get("offerer") == PEER and self._channel is None:
            self._adopt(self._pc.createDataChannel("chat"))

    def _say(self, arguments: Mapping[str, Any]) -> None:
        channel, text = self._channel, str(arguments.get("text", ""))
        if channel is None or channel.readyState is not RTCDataChannelState.OPEN:
            self._note("there is no open channel to speak into")
            return
        channel.send(json.dumps({"text": text, "sentAt": time.time()}))
        self._show(MessageSent(self._now(), PEER, text))

    def _black_out(self, arguments: Mapping[str, Any]) -> None:
        if self._network.is_blocked:
            return
        self._network.block()
        text = f"for {BLACKOUT_S:.0f} s every datagram is lost, both ways"
        self._show(PathChanged(self._now(), blocked=True, text=text))
        self._own(self._heal_later(self._network.lost))

    async def _heal_later(self, lost_before: int) -> None:
        await asyncio.sleep(BLACKOUT_S)
        self._network.heal()
        text = f"the path is healed; {self._network.lost - lost_before} datagrams were lost"
        self._show(PathChanged(self._now(), blocked=False, text=text))

    def _restart(self, arguments: Mapping[str, Any]) -> None:
        self._pc.restartIce()

    def _close(self, arguments: Mapping[str, Any]) -> None:
        self._pc.close()

    # --- the connection -----------------------------------------------------------------------

    def _adopt(self, channel: RTCDataChannel) -> None:
        self._channel = channel
        channel.on("message", self._hear)

    def _hear(self, message: bytes | str) -> None:
        try:
            heard = json.loads(message)
            text, delay_s = str(heard["text"]), max(0.0, time.time() - float(heard["sentAt"]))
        except (ValueError, LookupError, TypeError):
            self._note("the browser sent a message in a form that the page does not use")
            return
        self._show(MessageArrived(self._now(), PEER, text, delay_s))

    def _on_goodbye(self, cause: str) -> None:
        self._note(f"the browser said goodbye ({cause})")
        self._pc.close()

    async def _negotiate(self) -> None:
        try:
            await self._negotiation.run()
        except Exception as error:
            self._note(f"the browser's signal cannot be applied: {error}")
            self._pc.close()

    # --- telling ------------------------------------------------------------------------------

    def _signal(self, signal: Mapping[str, Any]) -> None:
        self._tell({"type": "signal", "signal": signal})

    def _show(self, entry: Entry) -> None:
        self._show_elsewhere(entry)
        self._tell(as_json(entry))

    def _note(self, text: str) -> None:
        self._show(Noted(self._now(), text))

    def _tell(self, event: Mapping[str, Any]) -> None:
        if not self.events.full():
            self.events.put_nowait(json.dumps(event))

    def _now(self) -> float:
        return self._loop.time() - self._began_at

    def _own(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
