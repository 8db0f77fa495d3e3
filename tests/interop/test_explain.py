"""Faults of a real network: the right cause is named first; and both halves of a real session."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from frazil.cli import main
from support.coturn import Coturn
from support.frazil_peer import frazil_peer
from support.internet import Internet
from support.nat_rule import NatKind
from support.partner import need_module
from support.signalling import Signalling

if TYPE_CHECKING:  # needs a module that may not be there
    from support.chromium import Chromium
    from support.peer_host import PeerHost
    from support.remote_peer import RemotePeer

need_module("websockets")

pytestmark = pytest.mark.interop

IP = Internet.server_ip
STUN = {"iceServers": [{"urls": f"stun:{IP}"}]}
LOOK_S = 0.2
LOOKS = 225
"""Three quarters of a minute: a server that says nothing is given up after a while."""


def relayed(url: str, password: str = "password") -> dict[str, Any]:
    server = {"urls": url, "username": "user", "credential": password}
    return {"iceServers": [server], "iceTransportPolicy": "relay"}


async def says_first(peer: "RemotePeer", *code: str) -> None:
    """Return when this is the first thing that the peer has to say, or when it has nothing."""
    said: list[str] = []
    for _ in range(LOOKS):
        said = await peer.perform("explain")
        if said[:1] == list(code):
            return
        await asyncio.sleep(LOOK_S)
    raise AssertionError(f"{said} instead of {code}")


@pytest.mark.parametrize(
    ("configuration", "code"),
    [
        (relayed(f"turn:{IP}", "wrong"), "FZ-TURN-401"),
        (relayed(f"turn:{IP}?transport=tcp", "wrong"), "FZ-TURN-401"),
        (relayed(f"turn:{IP}:9?transport=tcp"), "FZ-TURN-UNREACHABLE"),
        (relayed(f"turns:{IP}:9"), "FZ-TURN-UNREACHABLE"),
    ],
    ids=["wrong password", "wrong password over TCP", "closed port", "closed port for TLS"],
)
async def test_a_server_that_gives_no_relay(
    internet: Internet,
    public_coturn: Coturn,
    first_host: "PeerHost",
    second_host: "PeerHost",
    configuration: dict[str, Any],
    code: str,
) -> None:
    async with first_host.peer(configuration) as alice, second_host.peer(STUN) as bob:
        await alice.createDataChannel("chat")
        async with Signalling(alice, bob) as line:
            await line.negotiate()
            await says_first(alice, code)


async def test_a_certificate_that_nobody_vouches_for(
    internet: Internet, public_coturn: Coturn, second_host: "PeerHost"
) -> None:
    from support.peer_host import PeerHost

    doubter = PeerHost.of_frazil(internet.first.host)
    await doubter.start()
    try:
        configuration = relayed(f"turns:{IP}:443")
        async with doubter.peer(configuration) as alice, second_host.peer(STUN) as bob:
            await alice.createDataChannel("chat")
            async with Signalling(alice, bob) as line:
                await line.negotiate()
                await says_first(alice, "FZ-TURN-TLS")
    finally:
        await doubter.stop()


async def test_routers_that_only_a_relay_would_overcome(
    internet: Internet, public_coturn: Coturn, first_host: "PeerHost", second_host: "PeerHost"
) -> None:
    for home in (internet.first, internet.second):
        home.become(NatKind.SYMMETRIC)
    async with first_host.peer(STUN) as alice, second_host.peer(STUN) as bob:
        await alice.createDataChannel("chat")
        async with Signalling(alice, bob) as line:
            await line.negotiate()
            for peer in (alice, bob):
                await says_first(peer, "FZ-ICE-RELAY-NEEDED")


async def test_udp_that_does_not_get_out(
    internet: Internet, public_coturn: Coturn, first_host: "PeerHost", second_host: "PeerHost"
) -> None:
    internet.first.become(NatKind.UDP_BLOCKED)
    servers = {"iceServers": [{"urls": [f"stun:{IP}", f"stun:{Internet.second_server_ip}"]}]}
    async with first_host.peer(servers) as alice, second_host.peer(STUN) as bob:
        await alice.createDataChannel("chat")
        async with Signalling(alice, bob) as line:
            await line.negotiate()
            await says_first(alice, "FZ-NET-UDP-BLOCKED")


async def test_a_path_that_falls_silent(
    internet: Internet, public_coturn: Coturn, first_host: "PeerHost", second_host: "PeerHost"
) -> None:
    async with first_host.peer(STUN) as alice, second_host.peer(STUN) as bob:
        await alice.createDataChannel("chat")
        async with Signalling(alice, bob) as line:
            await line.negotiate()
            for peer in (alice, bob):
                await peer.wait_for("connectionState", "connected")
                assert await peer.perform("explain") == []
            internet.first.blackout()
            for peer in (alice, bob):
                await says_first(peer, "FZ-ICE-SILENT")
            internet.first.heal()
            for peer in (alice, bob):
                await peer.wait_for("connectionState", "connected")
                await says_first(peer)


async def test_both_halves_of_a_session_with_chromium(
    chromium: "Chromium", tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What Chromium saves is read, aligned, and not mixed up with its other connections."""
    ours, theirs = tmp_path / "session.jsonl", tmp_path / "webrtc_internals_dump.gz"
    async with chromium.internals() as internals, chromium.peer() as stranger:
        await stranger.createDataChannel("nobody answers")
        await stranger.setLocalDescription()
        async with chromium.peer() as page, frazil_peer(trace=ours) as python:
            await page.createDataChannel("chat")
            async with Signalling(page, python) as line:
                await line.negotiate()
                await page.wait_for("connectionState", "connected")
                await python.wait_for("iceConnectionState", "completed")
            await internals.shows("onconnectionstatechange", "connected")
            theirs.write_bytes(await internals.save())
    assert main(["explain", str(ours), str(theirs)]) == 0
    *told, verdict = capsys.readouterr().out.splitlines()
    assert verdict == "nothing is wrong"
    heads = [text.split(" s ", 1)[1] for text in told]
    steps = (
        "browser setLocalDescriptionOnSuccess offer",
        "ice gathering state=gathering",
        "browser setRemoteDescription answer",
        "browser onconnectionstatechange connected",
    )
    places = [at for step in steps for at, head in enumerate(heads) if head.startswith(step)]
    assert len(places) == len(steps)
    assert places == sorted(places)
    assert not [head for head in heads if "nobody answers" in head]
