"""Whole connections that only coturn joins, with partners of all kinds."""

import asyncio
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from frazil import IceOptions, RTCDataChannel, unverified_tls
from support.coturn import Coturn
from support.frazil_peer import FrazilPeer, frazil_peer
from support.laboratory import Laboratory
from support.partner import need_module, need_program
from support.signalling import Signalling

if TYPE_CHECKING:  # needs a module that may not be there
    from support.browser import Browser

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def coturn(laboratory: Laboratory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coturn]:
    """One that knows a user."""
    need_program(Coturn.program, Coturn.package)
    wire = laboratory.wire
    home = tmp_path_factory.mktemp("coturn")
    options = ("--lt-cred-mech", "--user=user:password")
    coturn = Coturn(wire.far, wire.far_ip, home, *options, port=7478)
    try:
        coturn.wait(wire.near)
        yield coturn
    finally:
        coturn.stop()


def relay_only(
    coturn: Coturn, credential: str = "password", transport: str = "udp"
) -> dict[str, Any]:
    ip, port = coturn.address
    url = f"turn:{ip}:{port}?transport={transport}"
    if transport == "tls":
        url = f"turns:{ip}:{coturn.tls_address[1]}"
    server = {"urls": url, "username": "user", "credential": credential}
    return {"iceServers": [server], "iceTransportPolicy": "relay"}


def trusting(*servers: Coturn) -> IceOptions:
    """Options that believe the certificates of these servers."""
    context = ssl.create_default_context()
    for server in servers:
        context.load_verify_locations(server.certificate)
    return IceOptions(tls_context=context)


async def connect(alice: FrazilPeer, bob: FrazilPeer) -> RTCDataChannel:
    """Signal without trickling; the open channel of ``alice``, once ``bob`` is connected too."""
    channel = alice.createDataChannel("chat")
    for here, there in ((alice, bob), (bob, alice)):
        await here.setLocalDescription()
        await here.gathering_complete()
        await there.setRemoteDescription(here.localDescription)
    await channel.wait_open()
    await bob.wait_for("connectionState", "connected")  # its DTLS may be half a round trip behind
    return channel


@pytest.mark.parametrize(("ours", "theirs"), [("udp", "udp"), ("tcp", "udp"), ("tls", "tcp")])
async def test_a_connection_by_relays_alone(
    laboratory: Laboratory,
    coturn: Coturn,
    ours: str,
    theirs: str,
) -> None:
    options = trusting(coturn)
    async with (
        frazil_peer(relay_only(coturn, transport=ours), ice=options) as alice,
        frazil_peer(relay_only(coturn, transport=theirs), ice=options) as bob,
    ):
        bob.echo()
        channel = await connect(alice, bob)
        received: list[bytes | str] = []
        channel.on("message", received.append)
        sizes = [1, 1000, 100_000]
        for size in sizes:
            channel.send(bytes(size))
        await alice.until(lambda: len(received) == len(sizes))
        assert received == [bytes(size) for size in sizes]
        for peer in (alice, bob):
            assert peer.sctp is not None
            pair = peer.sctp.transport.iceTransport.getSelectedCandidatePair()
            assert pair is not None
            assert {pair.local.type, pair.remote.type} == {"relay"}
            assert {pair.local.address, pair.remote.address} == {coturn.address[0]}
            assert laboratory.wire.near_ip not in str(peer.localDescription.sdp)
            assert peer.states("connection") == ["new", "connecting", "connected"]


async def test_a_wrong_password_is_told(coturn: Coturn) -> None:
    async with frazil_peer(relay_only(coturn, "wrong")) as alice:
        errors: list[tuple[str, int]] = []
        alice.on("icecandidateerror", lambda event: errors.append((event.url, event.errorCode)))
        alice.createDataChannel("chat")
        await alice.setLocalDescription()
        await alice.gathering_complete()
        ip, port = coturn.address
        assert errors == [(f"turn:{ip}:{port}?transport=udp", 401)]


StartCoturn = Callable[..., Coturn]


@pytest.fixture
def start_coturn(laboratory: Laboratory, tmp_path: Path) -> Iterator[StartCoturn]:
    """Starts servers that know a user; they are stopped in the end."""
    need_program(Coturn.program, Coturn.package)
    wire, servers = laboratory.wire, []

    def start(port: int, *options: str) -> Coturn:
        home = tmp_path / str(len(servers))
        home.mkdir()
        known = ("--lt-cred-mech", "--user=user:password", *options)
        server = Coturn(wire.far, wire.far_ip, home, *known, port=port)
        servers.append(server)
        server.wait(wire.near)
        return server

    yield start
    for server in servers:
        server.stop()


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_a_server_that_sends_us_to_another(start_coturn: StartCoturn, transport: str) -> None:
    other = start_coturn(7678)
    option = "--tls-alternate-server" if transport == "tls" else "--alternate-server"
    ip, port = other.tls_address if transport == "tls" else other.address
    busy = start_coturn(7578, f"{option}={ip}:{port}")
    async with frazil_peer(
        relay_only(busy, transport=transport), ice=IceOptions(tls_context=unverified_tls())
    ) as alice:
        errors: list[tuple[int, str]] = []
        alice.on(
            "icecandidateerror", lambda event: errors.append((event.errorCode, event.errorText))
        )
        alice.createDataChannel("chat")
        await alice.setLocalDescription()
        await alice.gathering_complete()
        assert errors == []
        assert alice.localDescription.sdp.count("typ relay") >= 1


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_a_server_that_restarts_costs_no_ice_restart(
    start_coturn: StartCoturn, transport: str
) -> None:
    server = start_coturn(7578)
    configuration = relay_only(server, transport=transport)
    options = IceOptions(tls_context=unverified_tls())  # it comes back with another certificate
    async with (
        frazil_peer(configuration, ice=options) as alice,
        frazil_peer(configuration, ice=options) as bob,
    ):
        bob.echo()
        channel = await connect(alice, bob)
        for here, there in ((alice, bob), (bob, alice)):
            here.on("icecandidate", lambda each, there=there: forward(each, there))
        received: list[bytes | str] = []
        channel.on("message", received.append)
        server.stop()
        start_coturn(7578)
        channel.send("still there?")
        await alice.until(lambda: received == ["still there?"])
        for peer in (alice, bob):
            await peer.wait_for("connectionState", "connected")
            assert peer.states("connection") == [
                *("new", "connecting", "connected", "disconnected", "connected"),
            ]
        assert alice.seen["signalingState"] == ["stable", "have-local-offer", "stable"]


async def forward(candidate: Any, to: FrazilPeer) -> None:
    """Trickle what comes after the end of candidates."""
    if candidate is not None:
        await to.addIceCandidate(candidate.toJSON())


def assert_relayed(python: FrazilPeer, coturn: Coturn) -> None:
    """A life without incident, on a pair of relays."""
    assert python.sctp is not None
    pair = python.sctp.transport.iceTransport.getSelectedCandidatePair()
    assert pair is not None
    assert (pair.local.type, pair.remote.type) == ("relay", "relay")
    assert {pair.local.address, pair.remote.address} == {coturn.address[0]}
    assert python.seen["iceConnectionState"] == ["new", "checking", "connected", "completed"]
    assert python.seen["connectionState"] == ["new", "connecting", "connected"]
    assert python.seen["iceGatheringState"] == ["new", "gathering", "complete"]


@pytest.mark.parametrize("offerer", ["frazil", "browser"])
async def test_a_browser_by_relays_alone(coturn: Coturn, browser: "Browser", offerer: str) -> None:
    config = relay_only(coturn)
    async with browser.peer(config) as page, frazil_peer(config) as python:
        python.echo()
        if offerer == "frazil":
            own = python.createDataChannel("echo")
            own.on("message", own.send)
            line = Signalling(python, page)
        else:
            channel = await page.createDataChannel("echo")
            line = Signalling(page, python)
        async with line:
            await line.negotiate()
            if offerer == "frazil":
                channel = await page.channels.get()
            await channel.wait_for("open")
            for size in (1, 1000, 100_000):
                await channel.send(bytes(size))
                assert await channel.receive() == bytes(size)
            await python.wait_for("iceConnectionState", "completed")
        assert_relayed(python, coturn)
        pair = await page.getSelectedCandidatePair()
        assert pair is None or pair.types == ("relay", "relay")  # Firefox does not tell


@pytest.mark.parametrize("offerer", ["frazil", "aiortc"])
async def test_aiortc_by_relays_alone(coturn: Coturn, offerer: str) -> None:
    need_module("aiortc")
    from support.aiortc_peer import aiortc_peer

    config = relay_only(coturn)
    async with aiortc_peer(config) as other, frazil_peer(config) as python:
        other.echo()
        python.echo()
        first, second = (python, other) if offerer == "frazil" else (other, python)
        channel = first.createDataChannel("echo")
        echoed: asyncio.Queue[bytes] = asyncio.Queue()
        channel.on("message", echoed.put_nowait)
        channel.on("open", lambda: channel.send(bytes(50_000)))
        async with Signalling(first, second) as line:
            await line.negotiate()
            assert await echoed.get() == bytes(50_000)
            await python.wait_for("iceConnectionState", "completed")
        assert_relayed(python, coturn)
