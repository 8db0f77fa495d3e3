"""The timeline in a terminal: lines scroll by, the current states stay at the bottom."""

import asyncio
from types import TracebackType
from typing import Final, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live

from frazil.cli.entry import Entry
from frazil.cli.live_line import LineMaker
from frazil.cli.live_panel import StatePanel
from frazil.cli.palette import peer_colours
from frazil.cli.wording import is_told_twice

REFRESH_S: Final = 0.1


class LiveTimeline:
    """Prints entries above a panel that it keeps up to date.

    To be made in a running event loop, at the instant that the entries call 0.

    Args:
        console: The terminal.
        peers: The names of the peers whose states are shown, one or two.
    """

    def __init__(self, console: Console, peers: tuple[str, ...]) -> None:
        colours = peer_colours(peers)
        self._console = console
        self._lines = LineMaker(colours, console.width)
        self._panel = StatePanel(colours)
        self._pending: list[RenderableType] = []
        self._began_at = asyncio.get_running_loop().time()
        self._live = Live(console=console, auto_refresh=False, get_renderable=self._view)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Take the lower part of the terminal."""
        self._live.start()
        self._task = asyncio.create_task(self._animate(), name="frazil demo display")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the last view on the screen, and the cursor below it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        self._panel.finish()
        self._refresh()
        self._live.stop()

    def show(self, entry: Entry) -> None:
        """Take one more; it appears at the next refresh.

        Drawing takes milliseconds, so it must not happen in the middle of what is being shown.
        """
        if is_told_twice(entry):
            return
        self._panel.follow(entry)
        line = self._lines.line(entry)
        if line is not None:
            self._pending.append(line)

    async def _animate(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            self._refresh()

    def _refresh(self) -> None:
        if self._pending:
            lines, self._pending = self._pending, []
            self._console.print(Group(*lines))
        self._live.refresh()

    def _view(self) -> RenderableType:
        now = asyncio.get_running_loop().time() - self._began_at
        return self._panel.view(now, self._console.width)
