"""The page of ``frazil demo --browser`` in a Chromium with the settings of a user's."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from support.chromium import Chromium
from support.page import Page

_LOAD_POLL_S = 0.02
_WHERE = "`${document.readyState} ${location.href}`"
_EYES = """
const lane = (kind, peer) => document.querySelector(`.${kind}[data-peer=${peer}]`);
globalThis.eyes = {
  text: (peer) => lane("timeline", peer).innerText,
  badge: (peer, machine) => [...lane("peer", peer).querySelectorAll("dl div")]
    .find((row) => row.children[0].textContent === machine).children[1].textContent,
  states: (peer, machine) => [...lane("timeline", peer).children]
    .filter((row) => row.querySelector(".machine")?.textContent === machine)
    .map((row) => row.querySelector(".state").textContent),
  until: (condition) => new Promise((resolve) => {
    const timer = setInterval(() => condition() && resolve(clearInterval(timer)), 20);
  }),
};
"""


class UserChromium(Chromium):
    """Chromium as it comes: its candidates have mDNS names instead of addresses."""

    def _arguments(self, profile: Path) -> list[str]:
        own = "--disable-features=WebRtcHideLocalIpsWithMdns"
        return [each for each in super()._arguments(profile) if each != own]

    @asynccontextmanager
    async def visit(self, url: str) -> AsyncIterator["DemoPage"]:
        """Open the demo's page in a tab, which is closed in the end."""
        page = await self._open_page()
        try:
            (session,) = (name for name, each in self._pages.items() if each is page)
            await self._remote.call("Page.navigate", session=session, url=url)
            # Nothing may be waited for in a page that is about to be left: no answer would come.
            while True:
                if (await page.evaluate(_WHERE)).startswith(f"complete {url}"):
                    break
                await asyncio.sleep(_LOAD_POLL_S)
            await page.evaluate(_EYES)
            yield DemoPage(page)
        finally:
            await page.close()


class DemoPage:
    """What a user sees and does on the page."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def look(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        return json.loads(await self._page.evaluate(f"JSON.stringify({expression})"))

    async def until(self, condition: str) -> None:
        """Wait until a JavaScript condition holds."""
        await self._page.evaluate(f"eyes.until(() => {condition})")

    async def click(self, button: str) -> None:
        """Click a button as soon as it can be clicked."""
        element = f"document.getElementById('{button}')"
        await self.until(f"!{element}.disabled")
        await self._page.evaluate(f"{element}.click()")

    async def say(self, who: str, text: str) -> None:
        """Write a message and let one side send it."""
        await self._page.evaluate(f"document.getElementById('text').value = {json.dumps(text)}")
        await self.click(f"say-{who}")

    async def states(self, peer: str, machine: str) -> list[str]:
        """The states that the timeline of a peer shows, in order."""
        return list(await self.look(f"eyes.states('{peer}', '{machine}')"))

    async def wait_badge(self, peer: str, machine: str, state: str) -> None:
        """Wait until the card of a peer shows a state."""
        await self.until(f"eyes.badge('{peer}', '{machine}') === '{state}'")

    async def wait_text(self, peer: str, text: str) -> None:
        """Wait until the timeline of a peer says something."""
        await self.until(f"eyes.text('{peer}').includes({json.dumps(text)})")
