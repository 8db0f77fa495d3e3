"""The TURN server of a journey, and what can happen to it."""

from typing import Any, Final

from chaos.site import Relay
from frazil.testing import TurnService
from support.scenario import Stage
from support.servers import TURN_AT
from support.turn_stream_server import TurnStreamServer

_NAME: Final = "turn.example"
_STRANGER: Final = "stranger.example"
_PORT: Final = 3478
_TLS_PORT: Final = 5349
_UDP: Final = f"turn:{_NAME}"
_TCP: Final = f"turn:{_NAME}?transport=tcp"
_TLS: Final = f"turns:{_NAME}"
_URLS: Final = {
    Relay.UDP: [_UDP],
    Relay.TCP: [_TCP],
    Relay.TLS: [_TLS],
    Relay.ALL: [_UDP, _TCP, _TLS],
}


def configured(relay: Relay) -> list[dict[str, Any]]:
    """What a peer is told to go there in this way."""
    if relay is Relay.NONE:
        return []
    return [{"urls": _URLS[relay], "username": "user", "credential": "password"}]


class RelayHost:
    """One host that is reached by UDP, by TCP and by TLS.

    Args:
        stage: Where it is.
        lifetime_s: How long allocations and nonces are good for.
    """

    def __init__(self, stage: Stage, lifetime_s: int) -> None:
        self._stage = stage
        self._lifetime_s = lifetime_s
        self._datagrams = stage.net.turn_server(TURN_AT, name=_NAME)
        self._streams: list[TurnStreamServer] = []
        self._set_up(self._datagrams.service)

    async def listen(self) -> None:
        """Take streams as well."""
        for port, name in ((_PORT, None), (_TLS_PORT, _NAME)):
            server = await TurnStreamServer.start(self._datagrams.host, port, certificate_name=name)
            self._set_up(server.service)
            self._stage.closing.append(server.close)
            self._streams.append(server)

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
        for server in self._streams:
            server.hang_up()

    def disguise(self) -> None:
        """Start again, and prove by TLS to be somebody else."""
        self.restart()
        self._secured.show_certificate(_STRANGER)

    def unmask(self) -> None:
        """Be the right one again."""
        self._secured.show_certificate(_NAME)

    def expire_nonces(self) -> None:
        """Call every nonce stale."""
        for service in self._services():
            service.expire_nonces()

    @property
    def _secured(self) -> TurnStreamServer:
        return self._streams[-1]

    def _services(self) -> list[TurnService]:
        return [self._datagrams.service, *(server.service for server in self._streams)]
