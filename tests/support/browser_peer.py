"""The RTCPeerConnection of a page."""

import json
from pathlib import Path
from typing import Any, Self

from support.page import Page
from support.remote import Json
from support.remote_peer import RemotePeer

_SCRIPT = Path(__file__).with_name("peer.js").read_text()


class BrowserPeer(RemotePeer):
    """Stands for the connection of a page."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page
        page.on_emit = lambda text: self.receive(json.loads(text))

    @classmethod
    async def create(cls, page: Page, configuration: Json) -> Self:
        """Give an empty page its connection."""
        peer = cls(page)
        arguments = f"({json.dumps(configuration)}, emit)"
        await page.evaluate(f"(async () => {{ globalThis.peer = ({_SCRIPT}){arguments} }})()")
        return peer

    async def _evaluate(self, command: str, arguments: tuple[Any, ...]) -> Json:
        values = ", ".join(json.dumps(argument) for argument in (command, *arguments))
        outcome: Json = json.loads(await self._page.evaluate(f"peer.perform({values})"))
        return outcome
