"""Firefox, driven over WebDriver BiDi."""

import json
from pathlib import Path

from support.browser import Browser
from support.page import Page
from support.remote import Json, RemoteControl

_PREFERENCES: dict[str, bool | int | str] = {
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    # Observations carry the page's clock, which is coarse otherwise.
    "privacy.reduceTimerPrecision": False,
    # Nothing but the peer connection is to use the network.
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
}


class Firefox(Browser):
    """Firefox ESR with its media and network stack as shipped, but for the preferences above."""

    program = "firefox-esr"
    package = "firefox-esr"
    path = "/session"

    def _arguments(self, profile: Path) -> list[str]:
        lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in _PREFERENCES.items())
        (profile / "user.js").write_text("\n".join(lines))
        return [
            "--headless",
            "--no-remote",
            "--remote-debugging-port=0",
            *("--profile", str(profile)),
            "about:blank",
        ]

    async def _greet(self) -> None:
        await self._remote.call("session.new", capabilities={})
        await self._remote.call("session.subscribe", events=["script.message"])

    async def _open_page(self) -> Page:
        context = (await self._remote.call("browsingContext.create", type="tab"))["context"]
        page = self._pages[context] = _FirefoxPage(self._remote, context)
        await page.call(
            "emit => { globalThis.emit = emit }",
            {"type": "channel", "value": {"channel": context}},
        )
        return page

    def _on_event(self, message: Json) -> None:
        if message["method"] == "script.message":
            params = message["params"]
            self._pages[params["channel"]].on_emit(params["data"]["value"])


class _FirefoxPage(Page):
    def __init__(self, remote: RemoteControl, context: str) -> None:
        super().__init__()
        self._remote = remote
        self._context = context

    async def call(self, function: str, *arguments: Json) -> str:
        """The text that the function resolves to."""
        answer = await self._remote.call(
            "script.callFunction",
            functionDeclaration=function,
            arguments=arguments,
            awaitPromise=True,
            target={"context": self._context},
        )
        if answer["type"] == "exception":
            raise RuntimeError(str(answer["exceptionDetails"]["text"]))
        return str(answer["result"].get("value"))

    async def evaluate(self, expression: str) -> str:
        return await self.call(f"() => {expression}")

    async def close(self) -> None:
        await self._remote.call("browsingContext.close", context=self._context)
