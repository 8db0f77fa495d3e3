import asyncio
import errno
import ssl

import pytest

from frazil.aio import Tls
from frazil.aio.network import MAX_UNSENT_BYTES
from frazil.testing import (
    FULL_CONE,
    SYMMETRIC,
    SYMMETRIC_RANDOM,
    WEB_ONLY,
    Conditions,
    Fate,
    LeftoverError,
    TransportProtocol,
    run,
)
from frazil.types import Transmit
from support.stream_end import StreamEnd

CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
PORT = 443
PUBLIC = "203.0.113.5"


def now():
    return round(asyncio.get_running_loop().time(), 6)


class World:
    """A server that accepts streams, and a client that opens one."""

    def __init__(self, net, behind, certificate_name):
        self.net = net
        self.near, self.far = StreamEnd(), StreamEnd()
        self.client = net.host("client", CLIENT, behind=behind)
        self.server = net.host("server", SERVER)
        self._certificate_name = certificate_name

    async def listen(self):
        self.listener = await self.server.listen_tcp(
            SERVER, PORT, self.far.accept, certificate_name=self._certificate_name
        )

    async def connect(self, **options):
        self.near.stream = await self.client.connect_tcp(
            (SERVER, PORT), self.near.handlers, **options
        )

    def close(self):
        for each in (self.near.stream, self.far.stream, self.listener):
            if each is not None:
                each.close()


def play(script, *, router=lambda net: None, certificate_name=None, connected=True, seed=0):
    async def main(net):
        world = World(net, router(net), certificate_name)
        await world.listen()
        if connected:
            await world.connect()
        try:
            await script(world)
        finally:
            world.close()

    run(main, seed=seed)


# --- opening ------------------------------------------------------------------------------------


def test_opening_takes_one_round_trip():
    async def script(world):
        world.net.connect("client", "server", Conditions(delay_s=0.1))
        await world.connect()
        assert now() == 0.2
        near, far = world.near.stream, world.far.stream
        assert far.local == near.remote == world.listener.local == (SERVER, PORT)
        assert far.remote == near.local
        assert near.local[0] == CLIENT

    play(script, connected=False)


def test_tls_takes_another_one_and_names_must_agree():
    async def script(world):
        world.net.connect("client", "server", Conditions(delay_s=0.1))
        await world.connect(tls=Tls("turn.example"))
        assert now() == 0.4
        world.near.send(b"secret")
        world.far.send(b"too")
        await asyncio.sleep(1)
        assert (world.near.data, world.far.data) == (b"too", b"secret")
        world.far.close()
        with pytest.raises(ssl.SSLCertVerificationError, match=r"not for other\.example"):
            await world.client.connect_tcp(
                (SERVER, PORT), StreamEnd().handlers, tls=Tls("other.example")
            )

    play(script, certificate_name="turn.example", connected=False)


def test_tls_to_a_port_without_it_is_reset():
    async def script(world):
        with pytest.raises(ConnectionResetError):
            await world.connect(tls=Tls("turn.example"))

    play(script, connected=False)


def test_plain_bytes_to_a_port_for_tls_are_answered_by_a_reset():
    async def script(world):
        world.near.send(b"GET /")
        await world.near.until(lambda: world.near.ends)
        assert world.far.stream is None

    play(script, certificate_name="turn.example")


def test_a_stream_that_nobody_accepted_is_no_leftover_of_the_server():
    async def script(world):
        await world.connect()
        world.net.block()

    play(script, certificate_name="turn.example", connected=False)


def test_where_nobody_listens_it_is_refused():
    async def script(world):
        world.listener.close()
        world.listener.close()
        with pytest.raises(ConnectionRefusedError):
            await world.connect()
        assert now() == 0.002

    play(script, connected=False)


def test_where_nobody_is_it_times_out_after_two_minutes():
    async def script(world):
        with pytest.raises(TimeoutError):
            await world.client.connect_tcp(("10.9.9.9", PORT), StreamEnd().handlers)
        assert now() == 127.0

    play(script, connected=False)


def test_a_cancelled_attempt_leaves_nothing_behind():
    async def script(world):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await world.client.connect_tcp(("10.9.9.9", PORT), StreamEnd().handlers)
        assert asyncio.get_running_loop().timers() == []
        assert world.client.tcp.open_ends() == []

    play(script, connected=False)


def test_addresses_and_ports_that_cannot_be_used():
    async def script(world):
        accept, handlers = world.far.accept, world.near.handlers
        remote = (SERVER, PORT)
        for attempt, number in (
            (world.server.listen_tcp(SERVER, PORT, accept), errno.EADDRINUSE),
            (world.server.listen_tcp(CLIENT, 0, accept), errno.EADDRNOTAVAIL),
            (world.client.connect_tcp(remote, handlers, local=SERVER), errno.EADDRNOTAVAIL),
            (world.client.connect_tcp(("2001:db8::2", 1), handlers), errno.ENETUNREACH),
            (world.client.connect_tcp(("127.0.0.1", 1), handlers), errno.ENETUNREACH),
        ):
            with pytest.raises(OSError) as caught:  # noqa: PT011 - the number tells
                await attempt
            assert caught.value.errno == number
        with pytest.raises(ValueError, match="localhost"):
            await world.server.listen_tcp("localhost", 0, accept)

    play(script, connected=False)


def test_a_host_may_choose_its_address_and_talk_to_itself():
    async def script(world):
        world.client.add_interface("10.0.0.77")
        world.client.add_interface("127.0.0.1")
        await world.connect(local="10.0.0.77")
        assert world.far.stream.remote[0] == "10.0.0.77"
        own, other = StreamEnd(), StreamEnd()
        listener = await world.client.listen_tcp("127.0.0.1", 0, own.accept)
        other.stream = await world.client.connect_tcp(listener.local, other.handlers)
        assert own.stream.remote == other.stream.local
        assert other.stream.local[0] == "127.0.0.1"
        for each in (own, other, listener):
            each.close()

    play(script, connected=False)


# --- carrying -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_everything_arrives_in_order_on_a_bad_link(seed):
    async def script(world):
        bad = Conditions(
            delay_s=0.02, jitter_s=0.01, loss=0.2, duplication=0.2, reordering=0.2, holdback_s=0.1
        )
        world.net.connect("client", "server", bad)
        up, down = bytes(range(256)) * 300, bytes(reversed(range(256))) * 300
        for at in range(0, len(up), 5000):
            world.near.send(up[at : at + 5000])
            world.far.send(down[at : at + 5000])
            await asyncio.sleep(0.01)
        await asyncio.sleep(60)
        assert (world.far.data, world.near.data) == (up, down)
        assert world.net.counters[Fate.LOST] > 10

    play(script, seed=seed)


def test_a_loss_holds_up_what_follows():
    async def script(world):
        world.net.block("client", "server", for_s=0.05)
        world.near.send(b"first ")
        await asyncio.sleep(0.1)
        world.near.send(b"second")
        await asyncio.sleep(0.05)
        assert world.far.data == b""
        await world.far.until(lambda: world.far.data)
        assert now() == 0.203  # it was sent at 0.002
        assert world.far.data == b"first second"

    play(script)


@pytest.mark.parametrize("blocked", TransportProtocol)
def test_one_protocol_can_be_blocked(blocked):
    async def script(world):
        heard = []
        far = world.server.open_udp(SERVER, 5000, heard.extend)
        near = world.client.open_udp(CLIENT, 5000, heard.extend)
        world.net.block("client", protocol=blocked, for_s=1)
        world.near.send(b"stream")
        near.send([Transmit(b"datagram", 8, near.local, far.local)])
        await asyncio.sleep(0.5)
        passed = [*([world.far.data] if world.far.data else []), *(each.data for each in heard)]
        assert passed == [b"datagram" if blocked is TransportProtocol.TCP else b"stream"]
        world.net.heal("client")
        near.send([Transmit(b"datagram", 8, near.local, far.local)])
        await asyncio.sleep(1)
        assert (world.far.data, heard[-1].data) == (b"stream", b"datagram")
        for each in (near, far):
            each.close()

    play(script)


def test_what_would_wait_too_long_is_lost_as_a_whole():
    async def script(world):
        world.net.block("client")
        message = bytes(100 * 1024)
        for _ in range(5):
            world.near.send(message)
        assert world.near.stream.dropped == 2
        assert 3 * len(message) > MAX_UNSENT_BYTES
        world.net.heal()
        await asyncio.sleep(5)
        assert len(world.far.data) == 3 * len(message)
        world.near.send(b"again")
        await asyncio.sleep(1)
        assert world.far.data.endswith(b"again")

    play(script)


def test_segments_are_packets_like_others():
    async def script(world):
        world.near.send(b"x" * 1300)
        await asyncio.sleep(1)
        *_, first, second = world.net.packets
        assert (len(first.data), len(second.data)) == (1209, 109)
        port = world.near.stream.local[1]
        assert str(second) == (
            f"0.002000 10.0.0.1 {port} > 10.0.0.2 443, tcp, 109 bytes, delivered 0.003000"
        )

    play(script)


# --- the end ------------------------------------------------------------------------------------


def test_what_was_sent_before_close_arrives_and_then_the_end():
    async def script(world):
        world.net.connect("client", "server", Conditions(delay_s=0.01, loss=0.5))
        world.near.send(b"x" * 20_000)
        world.near.close()
        world.near.close()
        world.far.send(b"unheard")
        await world.far.until(lambda: world.far.ends, timeout_s=100)
        assert len(world.far.data) == 20_000
        assert (world.near.data, world.near.ends, world.far.ends) == (b"", 0, 1)
        for end in (world.near, world.far):
            end.send(b"late")
            assert end.stream.dropped == 1
        await asyncio.sleep(10)
        assert asyncio.get_running_loop().timers() == []

    play(script)


def test_a_listener_may_close_and_its_streams_live_on():
    async def script(world):
        world.listener.close()
        world.near.send(b"x")
        await world.far.until(lambda: world.far.data)

    play(script)


def test_a_dead_path_ends_a_stream_with_something_to_say_and_no_other():
    async def script(world):
        world.net.block("client")
        world.near.send(b"x")
        await asyncio.sleep(1200)
        assert (world.near.ends, world.far.ends) == (1, 0)

    play(script)


def test_a_peer_that_knows_nothing_of_it_any_more_resets():
    async def script(world):
        world.server.tcp._streams.clear()  # it has lost its memory
        world.near.send(b"x")
        await world.near.until(lambda: world.near.ends)

    play(script)


def test_an_interface_that_comes_back_brings_the_stream_back():
    async def script(world):
        world.client.remove_interface(CLIENT)
        world.near.send(b"x")
        world.far.send(b"y")
        await asyncio.sleep(5)
        world.client.add_interface(CLIENT)
        await asyncio.sleep(5)
        assert (world.near.data, world.far.data) == (b"y", b"x")

    play(script)


def test_what_handlers_raise_is_reported_and_hurts_no_stream():
    async def script(world):
        caught = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: caught.append(context))
        other = StreamEnd()

        def accept(stream):
            other.stream = stream
            return other.handlers._replace(on_data=lambda data: 1 / 0)

        listener = await world.server.listen_tcp(SERVER, 1, accept)
        near = StreamEnd()
        near.stream = await world.client.connect_tcp(listener.local, near.handlers)
        near.send(b"boom")
        near.send(b"boom")
        other.send(b"fine")
        await asyncio.sleep(1)
        assert [type(each["exception"]) for each in caught] == [ZeroDivisionError] * 2
        assert near.data == b"fine"
        for each in (near, other, listener):
            each.close()

    play(script)


def test_open_streams_and_listeners_are_leftovers():
    async def main(net):
        world = World(net, None, None)
        await world.listen()
        await world.connect()

    with pytest.raises(LeftoverError) as caught:
        run(main)
    text = str(caught.value)
    assert "<TCP stream 10.0.0.1 port 49152 to 10.0.0.2 port 443>" in text
    assert "<TCP stream 10.0.0.2 port 443 to 10.0.0.1 port 49152>" in text
    assert "<TCP listener at 10.0.0.2 port 443>" in text


# --- NATs and firewalls -------------------------------------------------------------------------


def test_the_server_sees_the_public_address():
    async def script(world):
        assert world.far.stream.remote[0] == PUBLIC
        world.far.send(b"hi")
        await world.near.until(lambda: world.near.data)
        (binding,) = world.client_router.bindings
        assert (binding.protocol, binding.inside) == ("tcp", world.near.stream.local)
        assert round(binding.expires_at) == 7440

    with_nat(script)


def test_udp_and_tcp_have_ports_of_their_own():
    async def script(world):
        local = world.near.stream.local
        socket = world.client.open_udp(*local, print)
        socket.send([Transmit(b"x", 1, local, (SERVER, PORT))])
        await asyncio.sleep(1)
        outside = [(each.protocol, each.outside) for each in world.client_router.bindings]
        assert outside == [("tcp", (PUBLIC, local[1])), ("udp", (PUBLIC, local[1]))]
        socket.close()

    with_nat(script)


def test_a_nat_that_forgets_and_gives_another_port_breaks_the_stream():
    async def script(world):
        world.client_router.forget()
        world.near.send(b"x")
        await world.near.until(lambda: world.near.ends)
        assert world.far.ends == 0
        assert world.far.data == b""

    with_nat(script, SYMMETRIC_RANDOM)


def test_a_nat_that_forgets_and_gives_the_same_port_is_not_noticed():
    async def script(world):
        world.client_router.forget()
        world.far.send(b"first")
        await asyncio.sleep(1)
        world.near.send(b"x")
        await world.near.until(lambda: world.near.data)
        assert (world.near.data, world.far.data) == (b"first", b"x")

    with_nat(script)


def test_a_nat_that_forgets_may_give_one_stream_the_port_of_another():
    async def script(world):
        first, far_of_first = world.near, world.far.stream
        world.near = StreamEnd()
        await world.connect()
        world.client_router.forget()
        world.near.send(b"black hole")
        await asyncio.sleep(1)
        assert world.far.data == b""
        assert (first.ends, world.near.ends, world.far.ends) == (0, 0, 0)
        for each in (first, far_of_first):
            each.close()

    with_nat(script, SYMMETRIC)


def test_a_new_stream_takes_the_place_of_one_that_the_nat_forgot():
    async def script(world):
        first, world.near = world.near, StreamEnd()
        world.client_router.forget()
        await world.connect()
        assert world.far.ends == 1
        world.near.send(b"new")
        await world.far.until(lambda: world.far.data)
        assert world.far.data == b"new"
        first.send(b"old")
        await first.until(lambda: first.ends)
        assert world.far.data == b"new"

    with_nat(script, SYMMETRIC)


def with_nat(script, kind=FULL_CONE):
    routers = []

    def router(net):
        routers.append(net.nat("home", PUBLIC, kind=kind))
        return routers[0]

    async def with_router(world):
        world.client_router = routers[0]
        await script(world)

    play(with_router, router=router)


def test_the_web_only():
    async def script(world):
        world.near.send(b"x")
        await world.far.until(lambda: world.far.data)
        handlers = StreamEnd().handlers
        with pytest.raises(TimeoutError):
            await world.client.connect_tcp((SERVER, 3478), handlers)
        assert world.net.counters[Fate.FORBIDDEN] == 7
        local = (CLIENT, 5000)
        socket = world.client.open_udp(*local, print)
        socket.send([Transmit(b"x", 1, local, (SERVER, PORT))])
        await asyncio.sleep(1)
        assert world.net.counters[Fate.FORBIDDEN] == 8
        socket.close()

    play(script, router=lambda net: net.firewall("office", WEB_ONLY))
