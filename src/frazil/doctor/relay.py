"""One TURN server put to the test, from an allocation to relayed data and a refresh."""

import asyncio
import os
import ssl
from collections.abc import Callable
from typing import Final, TypeVar

from frazil.aio.network import Network, Tls, UdpSocket
from frazil.aio.pulse import Pulse
from frazil.aio.relay_stream import RelayStream
from frazil.doctor.report import RelayReport, Step, StepName
from frazil.trace import Trace, TraceRecord
from frazil.turn import (
    Allocated,
    AllocationFailed,
    AllocationLost,
    Closed,
    Confirmed,
    PermissionFailed,
    Redirected,
    TurnClient,
    TurnConfig,
    TurnEvent,
)
from frazil.types import Address, Datagram, Transmit

PATIENCE_S: Final = 5.0
"""How long one step may take."""
_CLOSE_PATIENCE_S: Final = 1.0
_DATA_PAUSE_S: Final = 0.4
_DATA_SIZE: Final = 64

_T = TypeVar("_T")


class RelayProbe:
    """Asks one TURN server for everything that a connection would ask it for.

    The relay writes to its own relayed address: so data goes once through the server without any
    peer.

    Args:
        network: Of this host.
        url: The server, for the report.
        local: The local IP address.
        server: The address of the server.
        config: Credentials, and how messages get there.
        tls: How the stream is secured, if it is.
    """

    def __init__(
        self,
        network: Network,
        url: str,
        local: str,
        server: Address,
        config: TurnConfig,
        tls: Tls | None,
    ) -> None:
        self._network = network
        self._url = url
        self._local = local
        self._server = server
        self._config = config
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        trace = Trace()
        trace.listen(self._on_record)
        self._client = TurnClient(config, network.random_bytes, trace)
        self._socket: UdpSocket | RelayStream | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._pulse = Pulse()
        self._events: list[TurnEvent] = []
        self._recorded: set[str] = set()
        self._received: set[bytes] = set()
        self._steps: list[Step] = []

    async def run(self) -> RelayReport:
        """Go through the steps until one fails; give back what was allocated."""
        try:
            await self._go()
        finally:
            await self._part()
        allocated = self._find(Allocated)
        return RelayReport(
            self._url,
            self._local,
            self._server,
            self._config.username,
            allocated.relayed_addresses if allocated is not None else (),
            allocated.mapped_address if allocated is not None else None,
            allocated.lifetime_s if allocated is not None else None,
            tuple(self._steps),
        )

    # --- the steps ----------------------------------------------------------------------------

    async def _go(self) -> None:
        if not await self._connect() or not await self._allocate():
            return
        relayed = self._client.relayed_addresses[0]
        if await self._permission(relayed):
            await self._channel(relayed)
            await self._data(relayed)
        await self._refresh()

    async def _connect(self) -> bool:
        began_at = self._loop.time()
        try:
            async with asyncio.timeout(PATIENCE_S):
                self._socket = await self._open()
        except TimeoutError:
            text = "nobody answers at this address and port over TCP"
            return self._note(StepName.CONNECT, began_at, text)
        except ssl.SSLCertVerificationError as error:
            text = getattr(error, "verify_message", "") or _words(error)
            return self._note(StepName.CONNECT, began_at, text, is_certificate=True)
        except ssl.SSLError as error:
            return self._note(StepName.CONNECT, began_at, f"no TLS there ({_words(error)})")
        except OSError as error:
            return self._note(StepName.CONNECT, began_at, _words(error))
        return not self._config.is_reliable or self._note(StepName.CONNECT, began_at)

    async def _open(self) -> UdpSocket | RelayStream:
        if not self._config.is_reliable:
            return self._network.open_udp(self._local, 0, self._on_datagrams)
        return await RelayStream.connect(
            self._network, self._local, self._server, self._tls, self._on_datagrams, self._on_end
        )

    async def _allocate(self) -> bool:
        began_at = self._loop.time()
        self._client.allocate(began_at)
        self._flush()
        kinds = (Allocated, AllocationFailed, Redirected)
        if not await self._wait(lambda: any(self._find(kind) for kind in kinds)):
            return self._note(StepName.ALLOCATE, began_at, "the server does not answer")
        failed = self._find(AllocationFailed)
        if failed is not None:
            return self._note(StepName.ALLOCATE, began_at, failed.text, failed.code)
        redirected = self._find(Redirected)
        if redirected is not None:
            ip, port = redirected.address
            text = f"the server wants {ip} port {port} to be used instead"
            return self._note(StepName.ALLOCATE, began_at, text, 300)
        return self._note(StepName.ALLOCATE, began_at)

    async def _permission(self, peer: Address) -> bool:
        began_at = self._loop.time()
        self._client.create_permission(peer[0], began_at)
        self._flush()
        await self._wait(
            lambda: "permission-granted" in self._recorded or bool(self._find(PermissionFailed))
        )
        failed = self._find(PermissionFailed)
        if failed is not None:
            return self._note(StepName.PERMISSION, began_at, failed.text, failed.code)
        if "permission-granted" not in self._recorded:
            return self._note(StepName.PERMISSION, began_at, "the server does not answer")
        return self._note(StepName.PERMISSION, began_at)

    async def _channel(self, peer: Address) -> None:
        began_at = self._loop.time()
        self._client.bind_channel(peer, began_at)
        self._flush()
        await self._wait(lambda: bool(self._recorded & {"channel-bound", "channel-failed"}))
        is_bound = "channel-bound" in self._recorded
        text = (
            "" if is_bound else "the server binds no channel; data goes without, at 32 bytes more"
        )
        self._note(StepName.CHANNEL, began_at, text)

    async def _data(self, peer: Address) -> None:
        began_at = self._loop.time()
        give_up_at = began_at + PATIENCE_S
        while (now := self._loop.time()) < give_up_at:
            mark = self._network.random_bytes(_DATA_SIZE)
            self._client.send(mark, peer, now)
            self._flush()
            if await self._wait(lambda: mark in self._received, _DATA_PAUSE_S):  # noqa: B023
                self._note(StepName.DATA, now)
                return
            if self._find(AllocationLost):
                break
        self._note(StepName.DATA, began_at, "what is sent through the relay does not come back")

    async def _refresh(self) -> None:
        began_at = self._loop.time()
        self._client.confirm(began_at)
        self._flush()
        await self._wait(lambda: bool(self._find(Confirmed) or self._find(AllocationLost)))
        lost = self._find(AllocationLost)
        if lost is not None:
            self._note(StepName.REFRESH, began_at, lost.text, lost.code)
        elif self._find(Confirmed) is None:
            self._note(StepName.REFRESH, began_at, "the server does not answer")
        else:
            self._note(StepName.REFRESH, began_at)

    async def _part(self) -> None:
        if self._socket is not None:
            self._client.close(self._loop.time())
            self._flush()
            await self._wait(lambda: self._find(Closed) is not None, _CLOSE_PATIENCE_S)
            self._socket.close()
            self._socket = None
        if self._timer is not None:
            self._timer.cancel()

    def _note(
        self,
        name: StepName,
        began_at: float,
        text: str = "",
        code: int | None = None,
        *,
        is_certificate: bool = False,
    ) -> bool:
        took_s = self._loop.time() - began_at
        self._steps.append(Step(name, not text, took_s, text, code, is_certificate))
        return not text

    # --- the client's owner -------------------------------------------------------------------

    async def _wait(self, condition: Callable[[], bool], limit_s: float = PATIENCE_S) -> bool:
        try:
            async with asyncio.timeout(limit_s):
                await self._pulse.wait_until(condition)
        except TimeoutError:
            return False
        return True

    def _find(self, kind: type[_T]) -> _T | None:
        return next((each for each in self._events if isinstance(each, kind)), None)

    def _on_record(self, record: TraceRecord) -> None:
        self._recorded.add(record.event)

    def _on_datagrams(self, batch: list[Datagram]) -> None:
        messages = [each.data for each in batch if each.remote == self._server]
        for datagram in self._client.receive(messages, self._loop.time()):
            self._received.add(datagram.data)
        self._flush()

    def _on_end(self, stream: RelayStream) -> None:
        self._client.lose_transport("the server has closed the connection", self._loop.time())
        self._flush()

    def _on_timer(self) -> None:
        self._timer = None
        self._client.handle_timeout(self._loop.time())
        self._flush()

    def _flush(self) -> None:
        socket = self._socket
        if socket is None:
            return
        messages = self._client.poll_transmits()
        server = self._server
        socket.send([Transmit(each, len(each), socket.local, server) for each in messages])
        self._events += self._client.poll_events()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline_at = self._client.next_timeout()
        if deadline_at is not None:
            self._timer = self._loop.call_at(deadline_at, self._on_timer)
        self._pulse.beat()


def _words(error: OSError) -> str:
    """The system's words for what went wrong."""
    if error.errno is not None and not isinstance(error, ssl.SSLError):
        return os.strerror(error.errno)  # asyncio puts its own in place of the system's
    return error.strerror or str(error) or type(error).__name__
