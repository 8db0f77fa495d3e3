"""Headless browsers whose pages are peers.

Each browser is the distribution's own build, driven over the protocol that it speaks natively: no
driver program and no patched build is involved.
"""

import asyncio
import re
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, final

from support.browser_peer import BrowserPeer
from support.namespace import Namespace
from support.page import Page
from support.process import ConfinedProcess
from support.remote import Json, RemoteControl

_START_TIMEOUT_S = 45.0
_START_POLL_S = 0.01
_ANNOUNCEMENT = re.compile(r"listening on (ws://\S+)")


class Browser(ABC):
    """A browser in a network namespace.

    Args:
        namespace: The browser's only network.
    """

    program: ClassVar[str]
    package: ClassVar[str]
    """The Debian package that brings the program."""
    path: ClassVar[str] = ""
    """What to add to the address that the program announces."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self._pages: dict[str, Page] = {}
        self._directory: TemporaryDirectory[str]
        self._process: ConfinedProcess
        self._remote: RemoteControl

    @final
    async def start(self) -> None:
        """Launch the browser and take control of it.

        Raises:
            RuntimeError: it does not come up; the text is what it printed.
        """
        self._directory = TemporaryDirectory(prefix="frazil-", ignore_cleanup_errors=True)
        home = Path(self._directory.name)
        profile = home / "profile"
        profile.mkdir()
        command = (self.program, *self._arguments(profile))
        self._process = ConfinedProcess(self._namespace, home, *command)
        try:
            url = await self._announced_url()
            self._remote = await RemoteControl.connect(url, self._namespace, self._on_event)
            await self._greet()
        except BaseException:
            self._process.stop()
            self._directory.cleanup()
            raise

    @final
    async def stop(self) -> None:
        """End the browser; no process and no file of it is left."""
        self._process.stop()
        self._directory.cleanup()
        await self._remote.close()

    @final
    @asynccontextmanager
    async def peer(self, configuration: Json | None = None) -> AsyncIterator[BrowserPeer]:
        """A peer connection in a page of its own, which is closed in the end.

        Args:
            configuration: The page's RTCConfiguration.
        """
        page = await self._open_page()
        try:
            yield await BrowserPeer.create(page, configuration or {})
        finally:
            await page.close()

    async def _announced_url(self) -> str:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not (match := _ANNOUNCEMENT.search(self._process.output)):
            if self._process.has_ended or time.monotonic() > deadline:
                raise RuntimeError(f"{self.program} does not start:\n{self._process.output}")
            await asyncio.sleep(_START_POLL_S)
        return match[1] + self.path

    @abstractmethod
    def _arguments(self, profile: Path) -> list[str]:
        """The command line for a browser with this profile folder, which is still empty."""

    @abstractmethod
    async def _greet(self) -> None:
        """Say what has to be said first on a new connection."""

    @abstractmethod
    async def _open_page(self) -> Page:
        """Open an empty page and file it in ``_pages``."""

    @abstractmethod
    def _on_event(self, message: Json) -> None:
        """Hand what a page emits to that page's ``on_emit``."""
