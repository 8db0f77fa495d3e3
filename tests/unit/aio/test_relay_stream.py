import asyncio

import pytest

from frazil.aio.network import StreamHandlers, Tls
from frazil.aio.relay_stream import RelayStream
from frazil.aio.silence import SILENT_S
from frazil.aio.socket_set import SocketSet
from frazil.aio.stream_opening import connect
from frazil.testing import VirtualLoop
from frazil.types import Address, Datagram, Transmit

SERVER: Address = ("192.0.2.7", 443)
HOST = "10.0.0.1"
MESSAGE = b"\x40\x00\x00\x03abc"
REQUEST = b"\x00\x04\x00\x00\x21\x12\xa4\x42" + bytes(12)


class Stream:
    """One that writes down what is sent."""

    def __init__(self, port: int, handlers: StreamHandlers) -> None:
        self.local: Address = (HOST, port)
        self.remote = SERVER
        self.dropped = 3
        self.handlers = handlers
        self.sent: list[bytes] = []
        self.is_closed = False

    def send(self, message: bytes) -> None:
        self.sent.append(message)

    def close(self) -> None:
        self.is_closed = True


class Socket:
    """A UDP socket that does nothing."""

    def __init__(self, local: Address) -> None:
        self.local = local
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True


class Net:
    """Hands out streams on the given ports."""

    def __init__(self, *ports: int) -> None:
        self.ports = list(ports)
        self.random_bytes = bytes
        self.udp_port = 5000
        self.streams: list[Stream] = []
        self.early: bytes | None = None

    async def connect_tcp(self, remote, handlers, *, local, tls) -> Stream:
        assert (remote, local) == (SERVER, HOST)
        stream = Stream(self.ports.pop(0), handlers)
        self.streams.append(stream)
        if self.early is not None:
            handlers.on_data(self.early)
        await asyncio.sleep(0)
        return stream

    def open_udp(self, host: str, port: int, on_datagrams) -> Socket:
        return Socket((host, self.udp_port))


class End:
    def __init__(self) -> None:
        self.datagrams: list[Datagram] = []
        self.ends: list[RelayStream] = []


def run(coroutine) -> None:
    asyncio.run(coroutine)


async def connected(net: Net, end: End) -> tuple[RelayStream, Stream]:
    relay = await RelayStream.connect(
        net, HOST, SERVER, None, end.datagrams.extend, end.ends.append
    )
    return relay, net.streams[-1]


def test_datagrams_are_framed_and_cut_out_of_the_stream():
    async def main() -> None:
        end = End()
        relay, stream = await connected(Net(6000), end)
        assert (relay.local, relay.remote, relay.dropped) == ((HOST, 6000), SERVER, 3)
        relay.send([Transmit(MESSAGE + MESSAGE, len(MESSAGE), relay.local, SERVER)])
        assert stream.sent == [MESSAGE + b"\0", MESSAGE + b"\0"]
        data = (MESSAGE + b"\0") * 2
        for at in range(len(data)):
            stream.handlers.on_data(data[at : at + 1])
        assert end.datagrams == [Datagram(MESSAGE, relay.local, SERVER)] * 2

    run(main())


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ("ends", "the server ended the stream"),
        ("speaks nonsense", "no message begins with 5353482d322e302d"),
    ],
)
def test_a_stream_that_is_of_no_use_any_more_is_told_once(how, text):
    async def main() -> None:
        end = End()
        relay, stream = await connected(Net(6000), end)
        for _ in range(2):
            if how == "ends":
                stream.handlers.on_end()
            else:
                stream.handlers.on_data(b"SSH-2.0-OpenSSH")
        assert end.ends == [relay]
        assert relay.end == text
        assert relay.is_over
        assert stream.is_closed
        assert end.datagrams == []

    run(main())


def test_its_own_close_is_not_told():
    async def main() -> None:
        end = End()
        relay, stream = await connected(Net(6000), end)
        relay.close()
        stream.handlers.on_end()
        assert stream.is_closed
        assert end.ends == []

    run(main())


@pytest.mark.parametrize(
    ("first", "is_silent"),
    [(b"\x00\x03", True), (b"\x00\x04", True), (b"\x00\x16", False), (b"\x40\x00", False)],
)
def test_a_server_that_owes_an_answer_for_long_is_silent(first, is_silent):
    """A request is answered; an indication and data on a channel are not (RFC 8656)."""

    async def main() -> None:
        end = End()
        relay, stream = await connected(Net(6000), end)
        began_at = asyncio.get_running_loop().time()
        assert not relay.is_silent(began_at + 1000)
        message = first + REQUEST[2:]
        relay.send([Transmit(message, len(message), relay.local, SERVER)])
        assert not relay.is_silent(began_at + SILENT_S)
        assert relay.is_silent(began_at + 1000) is is_silent
        stream.handlers.on_data(MESSAGE[:5])
        assert relay.is_silent(began_at + 1000) is is_silent
        stream.handlers.on_data(MESSAGE[5:] + b"\0")
        assert not relay.is_silent(began_at + 1000)
        relay.give_up()
        relay.give_up()
        assert stream.is_closed
        assert end.ends == [relay]

    run(main())


def test_a_server_that_speaks_before_it_is_asked_is_none():
    async def main() -> None:
        net, end = Net(6000), End()
        net.early = b"220 ready"
        with pytest.raises(ConnectionAbortedError):
            await connected(net, end)
        assert net.streams[0].is_closed
        assert (end.ends, end.datagrams) == ([], [])

    run(main())


def test_a_goodbye_is_sent_between_two_runs_of_the_loop_too():
    with asyncio.Runner() as runner:
        relay, stream = runner.run(connected(Net(6000), End()))
        relay.send([Transmit(REQUEST, len(REQUEST), relay.local, SERVER)])
        relay.close()
        assert stream.sent == [REQUEST]
        assert stream.is_closed


def test_a_goodbye_is_sent_after_the_end_of_the_loop_too():
    async def main() -> tuple[RelayStream, Stream]:
        relay, stream = await connected(Net(6000), End())
        relay.send([Transmit(REQUEST, len(REQUEST), relay.local, SERVER)])
        await asyncio.sleep(SILENT_S + 1)
        return relay, stream

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        relay, stream = runner.run(main())
    relay.send([Transmit(REQUEST, len(REQUEST), relay.local, SERVER)])
    relay.close()
    assert stream.sent == [REQUEST, REQUEST]
    assert stream.is_closed


# --- in a set of sockets --------------------------------------------------------------------------


def test_a_stream_never_has_the_port_of_another_socket():
    async def main() -> None:
        net, end = Net(5000, 5000, 6000), End()
        sockets = SocketSet(net, end.datagrams.extend)
        udp = sockets.open(HOST)
        stream = await connect(sockets, HOST, SERVER, None, end.ends.append)
        assert (udp.local[1], stream.local[1]) == (5000, 6000)
        assert [each.is_closed for each in net.streams] == [True, True, False]
        assert sockets.open(HOST) is udp
        assert sockets.stream(HOST, SERVER, None) is stream
        assert sockets.stream(HOST, ("192.0.2.8", 443), None) is None
        assert sockets.stream(HOST, SERVER, Tls("relay.example")) is None
        sockets.send([Transmit(MESSAGE, len(MESSAGE), stream.local, SERVER)])
        assert net.streams[2].sent == [MESSAGE + b"\0"]

    run(main())


def test_with_every_port_taken_there_is_no_stream():
    async def main() -> None:
        net, end = Net(*[5000] * 9), End()
        sockets = SocketSet(net, end.datagrams.extend)
        sockets.open(HOST)
        with pytest.raises(OSError, match="taken"):
            await connect(sockets, HOST, SERVER, None, end.ends.append)
        assert all(each.is_closed for each in net.streams)
        assert len(net.streams) < 9

    run(main())


def test_a_socket_never_has_the_port_of_a_stream():
    async def main() -> None:
        net, end = Net(5000), End()
        sockets = SocketSet(net, end.datagrams.extend)
        stream = await connect(sockets, HOST, SERVER, None, end.ends.append)
        with pytest.raises(OSError, match="a stream to a TURN server has the same port"):
            sockets.open(HOST)
        assert sockets.remove(stream)
        assert not sockets.remove(stream)
        sockets.open(HOST)

    run(main())


def test_a_stream_that_comes_too_late_is_closed():
    async def main() -> None:
        net, end = Net(6000), End()
        sockets = SocketSet(net, end.datagrams.extend)
        connecting = asyncio.create_task(connect(sockets, HOST, SERVER, None, end.ends.append))
        await asyncio.sleep(0)
        sockets.close()
        with pytest.raises(ConnectionAbortedError):
            await connecting
        assert net.streams[0].is_closed

    run(main())
