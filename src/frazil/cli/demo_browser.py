"""``frazil demo --browser``: this process is one peer, the user's browser the other."""

import asyncio
import sys
from typing import Final

from frazil.aio import Network
from frazil.cli.demo_session import PEER, DemoSession
from frazil.cli.demo_site import DemoSite
from frazil.cli.display import open_display
from frazil.cli.entry import Noted, StepBegan
from frazil.cli.exit_code import ExitCode
from frazil.cli.screen import show_page

_STEP: Final = "this process is one peer, the page the other; Ctrl-C ends"


async def serve(network: Network, port: int, *, as_json: bool, opens: bool) -> ExitCode:
    """Serve the page until interrupted.

    Args:
        network: Where Python's end of each connection lives.
        port: Where to serve the page; 0 takes any free port.
        as_json: Whether a program reads the timeline.
        opens: Whether to open the page in the user's browser.
    """
    async with open_display((PEER,), as_json=as_json) as display:
        began_at = asyncio.get_running_loop().time()
        site = DemoSite(lambda: DemoSession(network, display.show, began_at))
        try:
            url = await site.start(port)
        except OSError as error:
            print(f"frazil demo: port {port} cannot be used: {error}", file=sys.stderr)
            return ExitCode.UNAVAILABLE
        try:
            display.show(StepBegan(0.0, "Browser", _STEP))
            display.show(Noted(0.0, f"open {url} in a browser on this machine"))
            if opens:
                await show_page(url)
            await asyncio.Event().wait()
        finally:
            await site.close()
    return ExitCode.OK
