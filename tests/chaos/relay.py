"""The TURN server of a journey, and what can happen to it."""

from typing import Final

from chaos.site import Relay
from frazil.testing import TurnService
from support.scenario import Stage
from support.servers import TURN_AT
from support.turn_stream_server import TurnStreamServer

_URLS: Final = {
    Relay.UDP: "turn:turn.example",
    Relay.TCP: "turn:turn.example?transport=tcp",
}
_PORT: Final = 3478


def configured(relay: Relay) -> list[dict[str, str]]:
    """What a peer is told to go there in this way."""
    if relay is Relay.NONE:
        return []
    return [{"urls": _URLS[relay], "username": "user", "credential": "password"}]


class RelayHost:
    """One host that is reached by UDP and by TCP.

    Args:
        stage: Where it is.
        lifetime_s: How long allocations and nonces are good for.
    """

    def __init__(self, stage: Stage, lifetime_s: int) -> None:
        self._stage = stage
        self._lifetime_s = lifetime_s
        self._datagrams = stage.net.turn_server(TURN_AT, name="turn.example")
        self._streams: TurnStreamServer | None = None
        self._set_up(self._datagrams.service)

    async def listen(self) -> None:
        """Take streams as well."""
        self._streams = await TurnStreamServer.start(self._datagrams.host, _PORT)
        self._set_up(self._streams.service)
        self._stage.closing.append(self._streams.close)

    def _set_up(self, service: TurnService) -> None:
        service.max_lifetime_s = self._lifetime_s
        service.nonce_lifetime_s = self._lifetime_s

    def fall_silent(self) -> None:
        """Answer and relay nothing."""
        for service in self._services():
            service.silent = True

    def speak(self) -> None:
        """Answer and relay again."""
        for service in self._services():
            service.silent = False

    def restart(self) -> None:
        """Lose every allocation and every stream."""
        self._datagrams.service.forget_allocations()
        if self._streams is not None:
            self._streams.hang_up()

    def expire_nonces(self) -> None:
        """Call every nonce stale."""
        for service in self._services():
            service.expire_nonces()

    def _services(self) -> list[TurnService]:
        services = [self._datagrams.service]
        if self._streams is not None:
            services.append(self._streams.service)
        return services
