"""frazil where all connections have the same certificate, as those of a server may."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from peer import Signal
from stack_frazil import VERSION, FrazilPeer

from frazil import RTCCertificate, RTCPeerConnection

__all__ = ["VERSION", "make_peer", "run"]

_certificates: list[RTCCertificate] = []


def make_peer(send_signal: Callable[[Signal], None], servers: Sequence[str] = ()) -> FrazilPeer:
    """A peer with that certificate."""
    return FrazilPeer(send_signal, servers, certificates=_certificates)


def run(main: Coroutine[Any, Any, Any]) -> Any:
    """Run ``main`` when there is a certificate."""

    async def run_certified() -> Any:
        key = {"name": "ECDSA", "namedCurve": "P-256"}
        _certificates.append(await RTCPeerConnection.generateCertificate(key))
        return await main

    return asyncio.run(run_certified())
