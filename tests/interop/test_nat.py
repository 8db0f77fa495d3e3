"""Two peers of this library behind routers of the kernel's, and coturn between them.

Each peer is a process of its own in a network of its own. What connects, and how, follows from how
the routers map and filter (RFC 4787): a peer is seen at its server-reflexive address if its mapping
does not depend on the destination, else at one that nobody knew before. Of two paths over one relay
the one that is relayed at the far end of the controlling peer wins (RFC 8445 6.1.2.3).
"""

import asyncio
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from support.coturn import Coturn
from support.internet import Internet
from support.nat_rule import NatKind
from support.signalling import Signalling

if TYPE_CHECKING:  # needs a module that may not be there
    from support.peer_host import PeerHost
    from support.remote_peer import RemotePeer

pytestmark = pytest.mark.interop

FULL, ADDRESS, PORT, SYMMETRIC, NO_UDP, ONLY_443 = NatKind

STUN = (f"stun:{Internet.server_ip}",)
TURN = (*STUN, f"turn:{Internet.server_ip}")
TURN_TCP = (*TURN, f"turn:{Internet.server_ip}?transport=tcp")
TURN_TLS = (*TURN_TCP, f"turns:{Internet.server_ip}:443")
_SELECTION_S = 5.0


class Case(NamedTuple):
    """Two routers, servers, and how the peers see each other; the first one is controlling."""

    first: NatKind
    second: NatKind
    urls: tuple[str, ...]
    first_type: str
    second_type: str

    def __str__(self) -> str:
        protocol = self.urls[-1].partition(":")[0]
        return f"{self.first}, {self.second}, {protocol}"


CASES = [
    Case(FULL, FULL, STUN, "srflx", "srflx"),
    Case(ADDRESS, ADDRESS, STUN, "srflx", "srflx"),
    Case(PORT, PORT, STUN, "srflx", "srflx"),
    Case(PORT, FULL, STUN, "srflx", "srflx"),
    Case(FULL, SYMMETRIC, STUN, "srflx", "prflx"),
    Case(SYMMETRIC, ADDRESS, STUN, "prflx", "srflx"),
    Case(PORT, PORT, TURN_TLS, "srflx", "srflx"),
    Case(PORT, SYMMETRIC, TURN, "srflx", "relay"),
    Case(SYMMETRIC, SYMMETRIC, TURN, "prflx", "relay"),
    Case(SYMMETRIC, NO_UDP, TURN_TCP, "prflx", "relay"),
    Case(NO_UDP, PORT, TURN_TCP, "relay", "srflx"),
    Case(NO_UDP, SYMMETRIC, TURN_TLS, "relay", "prflx"),
    Case(NO_UDP, NO_UDP, TURN_TLS, "relay", "relay"),
    Case(ONLY_443, PORT, TURN_TLS, "relay", "srflx"),
    Case(ONLY_443, ONLY_443, TURN_TLS, "relay", "relay"),
]


def configuration(*urls: str) -> dict[str, Any]:
    server = {"urls": urls, "username": "user", "credential": "password"}
    return {"iceServers": [server]}


async def selected(peer: "RemotePeer", types: tuple[str, str]) -> Any:
    """The pair that a peer uses, as soon as it is of these types."""
    deadline = time.monotonic() + _SELECTION_S
    while (pair := await peer.getSelectedCandidatePair()) is None or pair.types != types:
        assert time.monotonic() < deadline, f"{pair} instead of {types}"
        await asyncio.sleep(0.02)
    return pair


async def assert_carries_messages(alice: "RemotePeer", bob: "RemotePeer", channel: Any) -> None:
    await channel.wait_for("open")
    remote = await bob.channels.get()
    body = bytes(range(256)) * 64
    await channel.send(body)
    assert await remote.receive() == body
    await remote.send(body)
    assert await channel.receive() == body


def assert_states(peer: "RemotePeer", signaling: list[str]) -> None:
    assert peer.values("signalingState") == signaling
    assert peer.values("iceGatheringState")[:2] == ["new", "gathering"]
    for machine in ("iceConnectionState", "iceTransport"):
        # `completed` waits for candidates that lead nowhere.
        assert [each for each in peer.values(machine) if each != "completed"] == [
            *("new", "checking", "connected")
        ]
    assert peer.values("connectionState") == ["new", "connecting", "connected"]
    assert peer.values("dtlsTransport") == ["new", "connecting", "connected"]
    assert peer.values("sctpTransport") == ["connecting", "connected"]


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_peers_meet(
    internet: Internet,
    public_coturn: Coturn,
    first_host: "PeerHost",
    second_host: "PeerHost",
    case: Case,
) -> None:
    internet.first.become(case.first)
    internet.second.become(case.second)
    servers = configuration(*case.urls)
    async with first_host.peer(servers) as alice, second_host.peer(servers) as bob:
        channel = await alice.createDataChannel("chat")
        async with Signalling(alice, bob) as line:
            await line.negotiate()
            await assert_carries_messages(alice, bob, channel)
            ours = await selected(alice, (case.first_type, case.second_type))
            theirs = await selected(bob, (case.second_type, case.first_type))
            for own, other in ((ours, theirs), (theirs, ours)):
                # Nobody is told the remote address if it was learned from a check (W3C 5.6.2).
                assert own.remote.port == other.local.port
                assert own.remote.address in (None, other.local.address)
        assert_states(alice, ["stable", "have-local-offer", "stable"])
        assert_states(bob, ["stable", "have-remote-offer", "stable"])


@pytest.mark.parametrize("scheme", ["stun", "turn"])
async def test_a_dead_server_delays_nothing(
    internet: Internet,
    public_coturn: Coturn,
    first_host: "PeerHost",
    second_host: "PeerHost",
    scheme: str,
) -> None:
    servers = configuration(f"{scheme}:{internet.dead_ip}", *STUN)
    async with first_host.peer(servers) as alice, second_host.peer(servers) as bob:
        channel = await alice.createDataChannel("chat")
        async with Signalling(alice, bob) as line:
            began_at = time.time()
            await line.negotiate()
            connected = await alice.wait_for("connectionState", "connected")
            await assert_carries_messages(alice, bob, channel)
            assert connected.at - began_at < 1.0
            assert alice.values("iceGatheringState") == ["new", "gathering"]
        assert_states(alice, ["stable", "have-local-offer", "stable"])
        assert_states(bob, ["stable", "have-remote-offer", "stable"])


async def test_no_way_is_no_connection(
    internet: Internet, public_coturn: Coturn, first_host: "PeerHost", second_host: "PeerHost"
) -> None:
    """These routers really are in the way: without a relay nothing gets through."""
    internet.second.become(SYMMETRIC)
    servers = configuration(*STUN)
    async with first_host.peer(servers) as alice, second_host.peer(servers) as bob:
        await alice.createDataChannel("chat")
        async with Signalling(alice, bob) as line:
            await line.negotiate()
            for peer in (alice, bob):
                await peer.wait_for("iceGatheringState", "complete")
            await asyncio.sleep(1.0)  # ten times as long as those above needed
            for peer in (alice, bob):
                assert peer.values("iceConnectionState") == ["new", "checking"]
                assert await peer.getSelectedCandidatePair() is None
