"""The browser of whoever runs the command."""

import asyncio
import os
import sys
import webbrowser


async def show_page(url: str) -> None:
    """Open a page, if there is a place for a window of a browser."""
    if _has_screen():
        await asyncio.to_thread(webbrowser.open, url)


def _has_screen() -> bool:
    """Whether there is such a place; else a browser that runs in the terminal starts."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
