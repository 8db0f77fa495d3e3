"""The TURN client of this library and coturn on a real network: UDP, TCP and TLS."""

import asyncio
import secrets
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from frazil.aio.system import SystemNetwork
from frazil.stun import Attribute, Message, MessageClass, Method
from frazil.turn import (
    Allocated,
    AllocationFailed,
    AllocationLost,
    PermissionFailed,
    Redirected,
    RelayFamily,
    RelayProtocol,
    TurnClient,
    TurnConfig,
    TurnState,
    rest_credentials,
)
from frazil.turn.authentication import Authentication
from frazil.types import Datagram
from support.coturn import Coturn
from support.laboratory import Laboratory
from support.partner import need_program
from support.turn_socket import StreamTurnSocket, TurnSocket, UdpTurnSocket

pytestmark = pytest.mark.interop

USER = TurnConfig("user", "password")
TRANSPORTS = ["udp", "tcp", "tls"]
SIZES = [0, 1, 2, 3, 4, 1000, 1400]


def running(
    laboratory: Laboratory, home: Path, *options: str, port: int = 3478
) -> Iterator[Coturn]:
    need_program(Coturn.program, Coturn.package)
    wire = laboratory.wire
    coturn = Coturn(wire.far, wire.far_ip, home, *options, port=port)
    try:
        coturn.wait(wire.near)
        yield coturn
    finally:
        coturn.stop()


@pytest.fixture(scope="module")
def coturn(laboratory: Laboratory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coturn]:
    """One that knows a user."""
    options = ("--lt-cred-mech", "--user=user:password", "--denied-peer-ip=10.99.0.0-10.99.255.255")
    yield from running(laboratory, tmp_path_factory.mktemp("coturn"), *options)


@pytest.fixture
def forgetful(laboratory: Laboratory, tmp_path: Path) -> Iterator[Coturn]:
    """One whose nonces last a second."""
    options = ("--lt-cred-mech", "--user=user:password", "--stale-nonce=1")
    yield from running(laboratory, tmp_path, *options, port=4478)


@pytest.fixture
def secretive(laboratory: Laboratory, tmp_path: Path) -> Iterator[Coturn]:
    """One that knows a secret, and nobody by name."""
    options = ("--use-auth-secret", "--static-auth-secret=north")
    yield from running(laboratory, tmp_path, *options, port=5478)


@pytest.fixture
def busy(laboratory: Laboratory, tmp_path: Path) -> Iterator[Coturn]:
    """One that sends everybody to another one."""
    elsewhere = f"--alternate-server={laboratory.wire.far_ip}:3478"
    options = ("--lt-cred-mech", "--user=user:password", elsewhere)
    yield from running(laboratory, tmp_path, *options, port=6478)


@asynccontextmanager
async def relay(
    laboratory: Laboratory, coturn: Coturn, transport: str = "udp", config: TurnConfig = USER
) -> AsyncIterator[TurnSocket]:
    """A client that has asked for a relay."""
    if transport == "udp":
        wire = laboratory.wire
        opened: TurnSocket = UdpTurnSocket(SystemNetwork(), wire.near_ip, coturn.address, config)
    else:
        is_tls = transport == "tls"
        tls = ssl.create_default_context(cafile=str(coturn.certificate)) if is_tls else None
        server = coturn.tls_address if is_tls else coturn.address
        reliable = TurnConfig(config.username, config.password, protocol=RelayProtocol.TCP)
        opened = await StreamTurnSocket.connect(server, reliable, secrets.token_bytes, tls)
    opened.allocate()
    try:
        yield opened
    finally:
        await opened.close()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_an_allocation_comes_and_goes(
    laboratory: Laboratory, coturn: Coturn, transport: str
) -> None:
    async with relay(laboratory, coturn, transport) as here:
        event = await here.event(Allocated)
        ((ip, port),) = event.relayed_addresses
        assert ip == laboratory.wire.far_ip
        assert port >= 49152
        assert event.mapped_address is not None
        assert event.mapped_address[0] == laboratory.wire.near_ip
        assert event.lifetime_s == 600
        assert here.codes == [401]
    assert here.client.state is TurnState.CLOSED
    assert here.events[-1].change.reason.cause == "released"  # type: ignore[union-attr]


@pytest.mark.parametrize("with_channel", [False, True])
@pytest.mark.parametrize(("one", "two"), [("udp", "udp"), ("udp", "tcp"), ("tls", "tcp")])
async def test_datagrams_pass_both_ways(
    laboratory: Laboratory, coturn: Coturn, one: str, two: str, with_channel: bool
) -> None:
    async with relay(laboratory, coturn, one) as here, relay(laboratory, coturn, two) as there:
        (near,) = (await here.event(Allocated)).relayed_addresses
        (far,) = (await there.event(Allocated)).relayed_addresses
        there.permit(near, channel=with_channel)
        await there.until(lambda: "permission-granted" in decisions(there))
        here.permit(far, channel=with_channel)
        bodies = [secrets.token_bytes(size) for size in SIZES]
        for body in bodies:  # the first of them wait for the permission
            here.send(body, far)
        await there.until(lambda: len(there.datagrams) == len(bodies))
        assert there.datagrams == [Datagram(body, far, near) for body in bodies]
        if with_channel:
            await here.until(lambda: "channel-bound" in decisions(here))
            await there.until(lambda: "channel-bound" in decisions(there))
        for body in bodies:
            there.send(body, near)
        await here.until(lambda: len(here.datagrams) == len(bodies))
        assert here.datagrams == [Datagram(body, near, far) for body in bodies]
        assert here.trace.counters == there.trace.counters == {}


def decisions(turn: TurnSocket) -> list[str]:
    return [record.event for record in turn.trace.records]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_everything_is_renewed(
    laboratory: Laboratory, coturn: Coturn, transport: str
) -> None:
    async with relay(laboratory, coturn, transport) as here:
        await here.event(Allocated)
        peer = (laboratory.wire.near_ip, 9)
        here.permit(peer, channel=True)
        await here.until(lambda: "channel-bound" in decisions(here))
        for _ in range(72):  # an hour for the client, moments for the server
            here.skip(50.0)
            await here.until(lambda: not here.unanswered)
        assert here.client.state is TurnState.ALLOCATED
        assert [type(event) for event in here.events] == [Allocated]


async def test_a_redirection(laboratory: Laboratory, coturn: Coturn, busy: Coturn) -> None:
    async with relay(laboratory, busy) as here:
        assert (await here.event(Redirected)).address == coturn.address


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_wrong_password(laboratory: Laboratory, coturn: Coturn, transport: str) -> None:
    wrong = TurnConfig("user", "wrong")
    async with relay(laboratory, coturn, transport, wrong) as here:
        event = await here.event(AllocationFailed)
        assert event.code == 401
        assert here.codes == [401, 401]


async def test_a_forbidden_peer(laboratory: Laboratory, coturn: Coturn) -> None:
    async with relay(laboratory, coturn) as here:
        await here.event(Allocated)
        here.permit(("10.99.0.1", 9))
        event = await here.event(PermissionFailed)
        assert (event.ip, event.code) == ("10.99.0.1", 403)
        assert here.client.state is TurnState.ALLOCATED


async def test_a_family_that_is_not_there(laboratory: Laboratory, coturn: Coturn) -> None:
    config = TurnConfig("user", "password", family=RelayFamily.IPV6)
    async with relay(laboratory, coturn, config=config) as here:
        assert (await here.event(AllocationFailed)).code == 440


async def test_a_second_allocation_from_the_same_port(
    laboratory: Laboratory, coturn: Coturn
) -> None:
    async with relay(laboratory, coturn) as here:
        await here.event(Allocated)
        first, here.client = here.client, TurnClient(USER, secrets.token_bytes, here.trace)
        here.allocate()
        event = await here.event(AllocationFailed)
        assert event.code == 437
        assert "use another port" in event.text
        here.client = first


async def test_what_a_client_before_left_behind_is_replaced(
    laboratory: Laboratory, coturn: Coturn
) -> None:
    async with relay(laboratory, coturn) as here:
        first = await here.event(Allocated)
        here.events.clear()
        here.client = TurnClient(USER, secrets.token_bytes, here.trace, reclaims=True)
        here.allocate()
        second = await here.event(Allocated)
        assert first.relayed_addresses != second.relayed_addresses


async def test_an_allocation_is_lost_on_the_server(laboratory: Laboratory, coturn: Coturn) -> None:
    async with relay(laboratory, coturn) as here:
        await here.event(Allocated)
        # Give it back behind the back of the client, in its name.
        proof = Authentication(USER.username, USER.password)
        proof.accept(await challenge(here))
        release = Message(
            Method.REFRESH, MessageClass.REQUEST, secrets.token_bytes(12), {Attribute.LIFETIME: 0}
        )
        here.transmit(proof.sign(release))
        await here.until(lambda: "turn-response-unexpected" in here.trace.counters)
        await permit_until(here, lambda: here.client.state is TurnState.FAILED)
        assert (await here.event(AllocationLost)).code == 437


async def challenge(here: TurnSocket) -> Message:
    """What the server says to who proves nothing."""
    request = Message(
        Method.REFRESH, MessageClass.REQUEST, secrets.token_bytes(12), {Attribute.LIFETIME: 0}
    )
    here.transmit(request.encode())
    known = len(here.codes)
    await here.until(lambda: len(here.codes) > known)
    here.trace.counters.clear()
    return here.refusals[-1]


async def test_stale_nonces_are_replaced(laboratory: Laboratory, forgetful: Coturn) -> None:
    async with relay(laboratory, forgetful) as here:
        await here.event(Allocated)
        await permit_until(here, lambda: 438 in here.codes)
        assert here.codes[:2] == [401, 438]
        assert [type(event) for event in here.events] == [Allocated]


async def permit_until(here: TurnSocket, condition: Callable[[], bool]) -> None:
    """Ask for permissions until coturn's clock, which counts seconds, has moved on."""
    for number in range(80):
        here.permit((f"10.98.0.{number}", 9))
        await here.until(lambda: not here.unanswered or condition())
        if condition():
            return
        await asyncio.sleep(0.05)


async def test_credentials_from_a_shared_secret(laboratory: Laboratory, secretive: Coturn) -> None:
    fresh = TurnConfig(*rest_credentials("north", "alice", int(time.time()) + 600))
    async with relay(laboratory, secretive, config=fresh) as here:
        await here.event(Allocated)
    stale = TurnConfig(*rest_credentials("north", "alice", int(time.time()) - 600))
    async with relay(laboratory, secretive, config=stale) as here:
        assert (await here.event(AllocationFailed)).code == 401
