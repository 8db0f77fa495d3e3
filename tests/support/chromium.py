"""Chromium, driven over the Chrome DevTools Protocol."""

import json
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from support.browser import Browser
from support.namespace import Namespace
from support.page import Page
from support.remote import Json, RemoteControl

_SAVE: Final = "document.querySelector('#dump-click-target')"
"""The button that saves a dump."""
_ROWS: Final = "[...document.querySelectorAll('.update-log-table tr')]"
"""What the page shows of the connections, an event a row."""
_UNTIL: Final = """
new Promise((resolve) => {
  const look = () => %s ? resolve() : setTimeout(look, 20);
  look();
})
"""
_CATCH: Final = """
new Promise((resolve) => {
  URL.createObjectURL = (blob) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.split(',')[1]);
    reader.readAsDataURL(blob);
    return 'data:,';
  };
  %s.click();
})
"""


class Chromium(Browser):
    """Chromium with its media and network stack as shipped, except that it shows its addresses.

    Args:
        namespace: The browser's only network.
        hides_addresses: Whether it gives its host candidates mDNS names, as it does by default to
            pages without a permission for media.
        field_trials: Names and groups of experiments that it takes part in, ``Name/Group/``.
    """

    program = "chromium"
    package = "chromium"

    def __init__(
        self, namespace: Namespace, *, hides_addresses: bool = False, field_trials: str = ""
    ) -> None:
        super().__init__(namespace)
        self._features = [
            "" if hides_addresses else "--disable-features=WebRtcHideLocalIpsWithMdns",
            f"--force-fieldtrials={field_trials}" if field_trials else "",
        ]

    def _arguments(self, profile: Path) -> list[str]:
        return [
            "--headless",
            "--no-sandbox",  # it refuses to run as root otherwise
            "--no-first-run",
            "--disable-gpu",
            "--disable-quic",
            "--disable-sync",
            "--disable-extensions",
            "--disable-background-networking",
            "--disable-component-update",
            # A page in the background would have its timers held back.
            "--disable-background-timer-throttling",
            "--disable-renderer-backgrounding",
            *filter(None, self._features),
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            "about:blank",
        ]

    async def _greet(self) -> None:
        pass

    @asynccontextmanager
    async def internals(self) -> AsyncIterator["Internals"]:
        """chrome://webrtc-internals, which sees the connections that are made from now on."""
        page = await self._open_page("chrome://webrtc-internals")
        try:
            await page.evaluate(_UNTIL % _SAVE)
            yield Internals(page)
        finally:
            await page.close()

    async def _open_page(self, url: str = "about:blank") -> Page:
        target = (await self._remote.call("Target.createTarget", url=url))["targetId"]
        attached = await self._remote.call("Target.attachToTarget", targetId=target, flatten=True)
        session = attached["sessionId"]
        page = self._pages[session] = _ChromiumPage(self._remote, target, session)
        await self._remote.call("Runtime.enable", session=session)
        await self._remote.call("Runtime.addBinding", session=session, name="emit")
        return page

    def _on_event(self, message: Json) -> None:
        if message["method"] == "Runtime.bindingCalled":
            self._pages[message["sessionId"]].on_emit(message["params"]["payload"])


class _ChromiumPage(Page):
    def __init__(self, remote: RemoteControl, target: str, session: str) -> None:
        super().__init__()
        self._remote = remote
        self._target = target
        self._session = session

    async def evaluate(self, expression: str) -> str:
        answer = await self._remote.call(
            "Runtime.evaluate",
            session=self._session,
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return str(answer["result"].get("value"))

    async def close(self) -> None:
        await self._remote.call("Target.closeTarget", targetId=self._target)


class Internals:
    """The page of the browser about its connections."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def shows(self, *texts: str) -> None:
        """Return when an event with all these texts is shown, which takes half a second."""
        row = " && ".join(f"row.textContent.includes({json.dumps(text)})" for text in texts)
        await self._page.evaluate(_UNTIL % f"{_ROWS}.some((row) => {row})")

    async def save(self) -> bytes:
        """The file that a person gets who presses the button."""
        return b64decode(await self._page.evaluate(_CATCH % _SAVE))
