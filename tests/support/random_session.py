"""A whole session of two peers that follows from a seed: good and bad, short and long."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from frazil import (
    ConnectivityError,
    FrazilError,
    IceConfig,
    RTCDataChannel,
    RTCPeerConnection,
    SessionConfig,
)
from frazil.aio.recording_file import join_recordings
from frazil.testing import Conditions, VirtualHost, VirtualNetwork, run

_TURN = {"urls": "turn:relay.example", "username": "user", "credential": "password"}
_PATIENCE_S = 20
_STUN = {"urls": "stun:stun.example"}


def record(seed: int, folder: Path) -> list[Path]:
    """The recordings of both peers of one session."""
    paths = [folder / f"{seed}-a.jsonl", folder / f"{seed}-b.jsonl"]

    async def main(net: VirtualNetwork) -> None:
        await RandomSession(net, Random(seed), paths).play()

    run(main, seed=seed)
    join_recordings(10)
    return paths


class RandomSession:
    """Two peers, and what befalls them."""

    def __init__(self, net: VirtualNetwork, random: Random, paths: list[Path]) -> None:
        self._net = net
        self._random = random
        net.default = Conditions(
            delay_s=random.choice([0.0005, 0.02, 0.2]),
            jitter_s=random.choice([0, 0, 0.01]),
            loss=random.choice([0, 0, 0, 0.02, 0.1]),
            duplication=random.choice([0, 0, 0.05]),
            reordering=random.choice([0, 0, 0.05]),
        )
        self._servers: list[dict[str, str]] = []
        if random.random() < 0.3:
            net.stun_server("198.51.100.7", name="stun.example")
            self._servers.append(_STUN)
        if random.random() < 0.3:
            net.turn_server("198.51.100.8", name="relay.example")
            self._servers.append(_TURN)
        self._hosts: dict[str, VirtualHost] = {}
        self._pcs = [self._peer(number, path) for number, path in enumerate(paths)]
        self._channels: list[RTCDataChannel] = []
        for pc in self._pcs:
            pc.on("datachannel", self._channels.append)
        self._trickle(*self._pcs)
        self._trickle(*reversed(self._pcs))

    def _peer(self, number: int, path: Path) -> RTCPeerConnection:
        random = self._random
        name = "ab"[number]
        behind = None
        if random.random() < 0.3:
            behind = self._net.nat(f"nat {name}", f"203.0.113.{number + 1}")
        addresses = [f"10.0.{number}.1", f"fd00::{number}:1", f"10.1.{number}.1"]
        host = self._hosts[name] = self._net.host(
            name, *addresses[: random.randint(1, 3)], behind=behind
        )
        policy = "relay" if _TURN in self._servers and random.random() < 0.3 else "all"
        return RTCPeerConnection(
            {"iceServers": self._servers, "iceTransportPolicy": policy},
            network=host,
            session=SessionConfig(
                ice=IceConfig(disconnected_after_s=random.choice([3.0, 5.0, 8.0])),
            ),
            trace=path,
        )

    def _trickle(self, source: RTCPeerConnection, to: RTCPeerConnection) -> None:
        random = self._random

        @source.on("icecandidate")
        async def forward(candidate: Any) -> None:
            await asyncio.sleep(random.choice([0, 0.05]))
            if candidate is not None and to.remoteDescription is not None:
                await self._try(to.addIceCandidate, candidate.toJSON())

    async def _try(self, call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Whatever the application does wrong is its own business."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await call(*arguments, **options)
        except (FrazilError, TypeError, TimeoutError):
            return None

    async def play(self) -> None:
        """Connect, or fail to, and do a dozen things."""
        random = self._random
        if random.random() < 0.15:
            self._net.block()
        self._channels.append(self._pcs[0].createDataChannel("first"))
        await self._negotiate()
        with suppress(ConnectivityError):
            await self._pcs[0].wait_connected(random.choice([1, 60]))
        for _ in range(random.randint(1, 12)):
            await random.choice(self._acts)(self)
            await asyncio.sleep(random.choice([0, 0, 0.01, 0.5, 10]))
        random.shuffle(self._pcs)
        for pc in self._pcs:
            await pc.close()
            await asyncio.sleep(random.choice([0, 0.2]))
        await asyncio.sleep(_PATIENCE_S + 1)  # candidates on their way, and operations that hang

    # --- acts ---------------------------------------------------------------------------------

    async def _negotiate(self) -> None:
        a, b = self._pcs[:: self._random.choice([1, 1, 1, -1])]
        await self._try(a.setLocalDescription)
        await self._try(b.setRemoteDescription, a.localDescription)
        await self._try(b.setLocalDescription)
        await self._try(a.setRemoteDescription, b.localDescription)

    async def _send(self) -> None:
        random = self._random
        for channel in self._channels:
            for _ in range(random.randint(0, 20)):
                size = random.choice([0, 1, 10, 1000, 20_000])
                message = random.choice([bytes(size), "ä" * size, random.randbytes(size)])
                if channel.readyState == "open":
                    channel.send(message)

    async def _open(self) -> None:
        random = self._random
        options: dict[str, Any] = random.choice(
            [{}, {"ordered": False}, {"maxRetransmits": 0}, {"maxPacketLifeTime": 100}]
        )
        pc = random.choice(self._pcs)
        if pc.signalingState != "closed":
            self._channels.append(pc.createDataChannel(f"{random.random()}", **options))
            self._channels[-1].bufferedAmountLowThreshold = random.randrange(1000)

    async def _close_channel(self) -> None:
        self._random.choice(self._channels).close()

    async def _restart(self) -> None:
        self._random.choice(self._pcs).restartIce()
        await self._negotiate()

    async def _black_out(self) -> None:
        self._net.block(for_s=self._random.choice([1, 7, 40]))
        await asyncio.sleep(self._random.choice([1, 10, 45]))

    async def _look(self) -> None:
        await self._random.choice(self._pcs).getStats()

    async def _blunder(self) -> None:
        pc = self._random.choice(self._pcs)
        await self._try(pc.setRemoteDescription, {"type": "answer", "sdp": "v=1"})
        await self._try(pc.addIceCandidate, {"candidate": "nonsense", "sdpMid": "0"})
        await self._try(pc.setLocalDescription, {"type": "rollback"})
        await self._try(pc.createAnswer)

    async def _reconfigure(self) -> None:
        self._random.choice(self._pcs).setConfiguration({"iceServers": [_STUN]})

    async def _transceive(self) -> None:
        random = self._random
        pc = random.choice(self._pcs)
        direction = random.choice(["sendrecv", "recvonly", "inactive"])
        pc.addTransceiver(random.choice(["audio", "video"]), {"direction": direction})
        transceiver = random.choice(pc.getTransceivers())
        if transceiver.direction != "stopped":
            transceiver.direction = random.choice(["sendonly", "inactive"])
        if random.random() < 0.3:
            transceiver.stop()
        await self._negotiate()

    async def _roam(self) -> None:
        name = self._random.choice("ab")
        host, number = self._hosts[name], "ab".index(name)
        address = f"10.2.{number}.1"
        if host.has(address):
            host.remove_interface(address)
        else:
            host.add_interface(address)

    _acts = (
        _send,
        _send,
        _send,
        _negotiate,
        _open,
        _close_channel,
        _restart,
        _black_out,
        _look,
        _blunder,
        _reconfigure,
        _transceive,
        _roam,
    )
