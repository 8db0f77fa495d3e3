"""The dashboard in a Chromium, as a user sees it and with the keys that a user has."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from support.chromium import Chromium
from support.page import Page

_EYES = """
globalThis.trouble = [];
for (const type of ["error", "unhandledrejection", "securitypolicyviolation"]) {
  addEventListener(type, (event) => trouble.push(
    `${type}: ${event.message ?? event.reason ?? event.violatedDirective}`));
}
globalThis.until = (condition) => new Promise((resolve) => {
  const timer = setInterval(() => condition() && resolve(clearInterval(timer)), 20);
});
globalThis.texts = (selector) =>
  [...document.querySelectorAll(selector)].map((each) => each.textContent);
"""
_KEYS = {"Tab": 9, "Enter": 13, " ": 32, "ArrowRight": 39, "Escape": 27}


class DashboardChromium(Chromium):
    """A browser whose pages tell of every error, and of every breach of their policy."""

    @asynccontextmanager
    async def visit(self, url: str) -> AsyncIterator["DashboardPage"]:
        """Open a page in a tab, which is closed in the end; it must have had no trouble."""
        page = await self._open_page()
        try:
            (session,) = (name for name, each in self._pages.items() if each is page)
            shown = DashboardPage(self._remote, session, page)
            await shown.open(url)
            yield shown
            assert await shown.look("trouble") == []
        finally:
            await page.close()


class DashboardPage:
    """What a user sees and does on the page."""

    def __init__(self, remote: Any, session: str, page: Page) -> None:
        self._remote = remote
        self._session = session
        self._page = page

    async def _call(self, method: str, **parameters: Any) -> Any:
        return await self._remote.call(method, session=self._session, **parameters)

    async def open(self, url: str) -> None:
        """Go to an address."""
        await self._call("Page.enable")
        await self._call("Page.addScriptToEvaluateOnNewDocument", source=_EYES)
        await self._call("Page.navigate", url=url)
        await self._page.evaluate("new Promise((done) => setTimeout(done, 50))")
        await self.until("document.querySelector('main')?.children.length > 0")

    async def look(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        return json.loads(await self._page.evaluate(f"JSON.stringify({expression})"))

    async def until(self, condition: str) -> None:
        """Wait until a JavaScript condition holds."""
        await self._page.evaluate(f"until(() => {condition})")

    async def press(self, key: str, times: int = 1) -> None:
        """Press a key."""
        text = {"Enter": "\r", " ": " "}.get(key, "")
        code = _KEYS[key]
        for _ in range(times):
            for kind in ("keyDown", "keyUp"):
                await self._call(
                    "Input.dispatchKeyEvent",
                    type=kind,
                    key=key,
                    code="Space" if key == " " else key,
                    windowsVirtualKeyCode=code,
                    **({"text": text} if text and kind == "keyDown" else {}),
                )

    async def tab_to(self, condition: str) -> None:
        """Press Tab until the element that has the focus, ``it``, fulfils a condition."""
        for _ in range(60):
            await self.press("Tab")
            if await self.look(f"((it) => Boolean({condition}))(document.activeElement)"):
                return
        raise AssertionError(f"no focus reaches {condition}")

    async def choose_file(self, path: Path) -> None:
        """Choose a file in the dialog of the page."""
        document = await self._call("DOM.getDocument")
        root = document["root"]["nodeId"]
        found = await self._call("DOM.querySelector", nodeId=root, selector="#file")
        await self._call("DOM.setFileInputFiles", files=[str(path)], nodeId=found["nodeId"])

    async def look_like(self, width: int, height: int, *, dark: bool = False) -> None:
        """Take another size, and another scheme of colours."""
        await self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self._call("Emulation.setEmulatedMedia", features=[scheme])

    async def photograph(self) -> bytes:
        """What can be seen, as PNG."""
        shot = await self._call("Page.captureScreenshot", format="png")
        return base64.b64decode(shot["data"])
