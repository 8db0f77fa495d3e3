import asyncio
import contextlib
import datetime
import errno
import gc
import ipaddress
import socket
import ssl
import struct
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from frazil.aio import SystemNetwork, Tls, unverified_tls
from frazil.aio.network import MAX_UNSENT_BYTES
from frazil.aio.stream import TcpStream
from support.blind_loop import BlindLoop
from support.stream_end import StreamEnd

LOOPBACK = "127.0.0.1"


@pytest.fixture(params=[None, BlindLoop], ids=["watched", "awaited"])
def run(request):
    """Runs a coroutine, on either kind of loop."""

    def run_it(main):
        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(main)

    return run_it


async def opened(host=LOOPBACK, **options):
    """A client and a server that are connected, and the listener."""
    network, client, server = SystemNetwork(), StreamEnd(), StreamEnd()
    listener = await network.listen_tcp(host, 0, server.accept)
    client.stream = await network.connect_tcp(listener.local, client.handlers, **options)
    await server.until(lambda: server.stream)
    return client, server, listener


def close(*things):
    for each in things:
        each.close()


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.parametrize("host", [LOOPBACK, "::1"])
def test_bytes_pass_both_ways_between_the_addresses_that_both_ends_name(host, run):
    async def main():
        client, server, listener = await opened(host)
        assert client.stream.remote == server.stream.local == listener.local
        assert client.stream.local == server.stream.remote
        assert listener.local[0] == host
        client.stream.send(b"hello ")
        client.stream.send(b"world")
        await server.until(lambda: server.data == b"hello world")
        server.stream.send(b"hi")
        await client.until(lambda: client.data == b"hi")
        close(client, server, listener)
        await settle()

    run(main())


def test_the_local_address_can_be_chosen():
    async def main():
        client, server, listener = await opened(local="127.0.0.2")
        assert client.stream.local[0] == server.stream.remote[0] == "127.0.0.2"
        close(client, server, listener)
        await settle()

    asyncio.run(main())


def test_the_other_end_learns_that_it_is_over_and_the_own_end_is_told_nothing():
    async def main():
        client, server, listener = await opened()
        client.stream.close()
        client.stream.close()
        await server.until(lambda: server.ends)
        await settle()
        assert (client.ends, server.ends) == (0, 1)
        for end in (client, server):
            end.stream.send(b"late")
            assert end.stream.dropped == 1
        close(server, listener)

    asyncio.run(main())


def test_nothing_is_called_after_close():
    async def main():
        client, server, listener = await opened()
        server.stream.send(b"x")
        client.stream.close()
        await server.until(lambda: server.ends)
        await asyncio.sleep(0.01)
        assert (client.data, client.ends) == (b"", 0)
        close(listener)

    asyncio.run(main())


def test_what_would_wait_too_long_is_lost_as_a_whole():
    async def main():
        client, server, listener = await opened()
        message = bytes(64 * 1024)
        count = 0
        while not client.stream.dropped:  # within one turn of the loop nobody reads
            client.stream.send(message)
            count += 1
        assert count * len(message) > MAX_UNSENT_BYTES
        await server.until(lambda: len(server.data) == (count - 1) * len(message))
        client.stream.send(b"again")
        await server.until(lambda: server.data.endswith(b"again"))
        assert client.stream.dropped == 1
        close(client, server, listener)
        await settle()

    asyncio.run(main())


def test_what_is_sent_after_a_reset_that_nobody_has_told_of_yet_is_lost(caplog):
    async def main():
        client, server, listener = await opened()
        server.stream._transport.abort()
        await server.until(lambda: server.ends)  # its socket is closed
        for _ in range(10):
            client.stream.send(b"x")  # the first of them finds out
        assert 0 < client.stream.dropped < 10
        await client.until(lambda: client.ends)
        close(client, listener)
        await settle()

    asyncio.run(main())
    assert caplog.text == ""


def test_close_does_not_wait_for_a_peer_that_does_not_read():
    async def main():
        client, server, listener = await opened()
        server.stream._transport.pause_reading()
        while not client.stream.dropped:
            client.stream.send(bytes(64 * 1024))
            await asyncio.sleep(0)
        client.stream.close()
        await settle()
        assert client.stream._transport._sock is None
        close(server, listener)
        await settle()

    asyncio.run(main())


def test_refusal_is_an_os_error():
    async def main():
        with socket.socket() as idle:
            idle.bind((LOOPBACK, 0))  # bound, but it does not listen
            with pytest.raises(ConnectionRefusedError):
                await SystemNetwork().connect_tcp(idle.getsockname(), StreamEnd().handlers)

    asyncio.run(main())


def test_a_port_that_is_taken_and_an_address_that_is_none(run):
    async def main():
        network = SystemNetwork()
        listener = await network.listen_tcp(LOOPBACK, 0, StreamEnd().accept)
        with pytest.raises(OSError) as caught:  # noqa: PT011 - the number is checked
            await network.listen_tcp(*listener.local, StreamEnd().accept)
        assert caught.value.errno == errno.EADDRINUSE
        with pytest.raises(ValueError, match="localhost"):
            await network.listen_tcp("localhost", 0, StreamEnd().accept)
        close(listener, listener)

    run(main())


def test_streams_outlive_their_listener(run):
    async def main():
        client, server, listener = await opened()
        listener.close()
        await settle()
        client.stream.send(b"still here")
        await server.until(lambda: server.data)
        with pytest.raises(ConnectionRefusedError):
            await SystemNetwork().connect_tcp(listener.local, StreamEnd().handlers)
        close(client, server)
        await settle()

    run(main())


class ErraticLoop(BlindLoop):
    """Meets resets while it accepts streams, as Windows tells them."""

    def __init__(self):
        super().__init__()
        self.resets = ["sock_accept", "connect_accepted_socket", "sock_accept"]

    async def sock_accept(self, sock):
        self.reset("sock_accept")
        return await super().sock_accept(sock)

    async def connect_accepted_socket(self, protocol_factory, sock):
        self.reset("connect_accepted_socket")
        return await super().connect_accepted_socket(protocol_factory, sock)

    def reset(self, name):
        if self.resets and self.resets[0] == name:
            del self.resets[0]
            raise ConnectionResetError("the specified network name is no longer available")


def test_streams_arrive_after_one_that_was_reset_while_it_was_accepted(caplog):
    async def main():
        server = StreamEnd()
        listener = await SystemNetwork().listen_tcp(LOOPBACK, 0, server.accept)
        with socket.create_connection(listener.local, 10) as unlucky:
            unlucky.setblocking(False)
            assert await asyncio.get_running_loop().sock_recv(unlucky, 1) == b""
        assert server.stream is None
        client = StreamEnd()
        client.stream = await SystemNetwork().connect_tcp(listener.local, client.handlers)
        await server.until(lambda: server.stream)
        assert asyncio.get_running_loop().resets == []
        close(client, server, listener)
        await settle()

    with asyncio.Runner(loop_factory=ErraticLoop) as runner:
        runner.run(asyncio.wait_for(main(), 5))
    assert caplog.text == ""


def test_the_stream_that_closes_its_listener_lives_on(run):
    async def main():
        server = StreamEnd()

        def accept(stream):
            listener.close()
            return server.accept(stream)

        listener = await SystemNetwork().listen_tcp(LOOPBACK, 0, accept)
        client = StreamEnd()
        client.stream = await SystemNetwork().connect_tcp(listener.local, client.handlers)
        await server.until(lambda: server.stream)
        await settle()
        client.stream.send(b"still here")
        await server.until(lambda: server.data == b"still here")
        assert server.ends == 0
        close(client, server)
        await settle()

    run(main())


@pytest.mark.parametrize("turns", range(5))
def test_a_closed_listener_accepts_nothing_that_is_on_its_way(turns, run):
    async def main():
        server = StreamEnd()
        listener = await SystemNetwork().listen_tcp(LOOPBACK, 0, server.accept)
        with socket.create_connection(listener.local, 10) as client:
            for _ in range(turns):
                await asyncio.sleep(0)
            accepted = server.stream
            listener.close()
            await settle()
            assert server.stream is accepted
            if accepted is None:
                client.setblocking(False)
                with contextlib.suppress(ConnectionResetError):
                    assert client.recv(1) == b""
            else:
                accepted.close()
                await settle()

    run(main())


@pytest.mark.parametrize("turns", range(1, 7))
def test_a_stream_that_is_reset_as_soon_as_it_is_there_ends_or_never_was(turns, caplog):
    async def main():
        client = StreamEnd()
        with socket.create_server((LOOPBACK, 0)) as server:
            address = server.getsockname()
            attempt = asyncio.create_task(SystemNetwork().connect_tcp(address, client.handlers))
            for _ in range(turns):
                await asyncio.sleep(0)
            accepted, _ = server.accept()
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            accepted.close()
            with contextlib.suppress(ConnectionResetError):
                stream = await attempt
                assert stream.remote == address
                await client.until(lambda: client.ends)

    asyncio.run(main())
    assert caplog.text == ""


class ResetTransport:
    """What uvloop makes of a stream that was reset before anybody has seen it."""

    def __init__(self):
        self.calls = []

    def get_extra_info(self, name):
        return {"sockname": (LOOPBACK, 5000)}.get(name)

    def get_write_buffer_size(self):
        return 0

    def close(self):
        self.calls.append("close")

    def abort(self):
        self.calls.append("abort")


def test_nobody_hears_of_a_stream_that_was_reset_before_it_is_known_whose_it_was():
    transport, accepted = ResetTransport(), []
    stream = TcpStream(accepted.append)
    stream.connection_made(transport)
    stream.data_received(b"x")
    stream.connection_lost(None)
    assert accepted == []
    assert transport.calls == ["close", "abort"]


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_after_the_end_of_the_loop_a_stream_says_goodbye_and_everything_can_be_closed(run):
    async def main():
        server = StreamEnd()
        listener = await SystemNetwork().listen_tcp(LOOPBACK, 0, server.accept)
        client = socket.create_connection(listener.local, 10)
        await server.until(lambda: server.stream)
        return client, server, listener

    def leave():
        client, server, listener = run(main())
        server.send(b"bye")
        close(server, server, listener, listener)
        socket.create_server(listener.local).close()
        return client

    client = leave()
    gc.collect()
    with client:
        assert client.recv(100) == b"bye"
        assert client.recv(100) == b""


@pytest.mark.parametrize("turns", range(7))
def test_whoever_gives_up_to_listen_leaves_no_port_taken(turns, run):
    async def main():
        with socket.create_server((LOOPBACK, 0)) as free:
            address = free.getsockname()
        attempt = asyncio.create_task(SystemNetwork().listen_tcp(*address, StreamEnd().accept))
        for _ in range(turns):
            await asyncio.sleep(0)
        attempt.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            (await attempt).close()
        await settle()
        socket.create_server(address).close()

    run(main())


def test_a_cancelled_attempt_leaves_nothing_behind():
    async def main():
        server = StreamEnd()
        listener = await SystemNetwork().listen_tcp(LOOPBACK, 0, server.accept)
        attempt = asyncio.create_task(
            SystemNetwork().connect_tcp(
                listener.local,
                StreamEnd().handlers,
                tls=Tls("turn.example", ssl.create_default_context()),
            )
        )
        await server.until(lambda: server.data)  # the hello, which nobody answers
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
        await server.until(lambda: server.ends)
        close(listener)
        await settle()

    asyncio.run(main())


# --- TLS ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """The file of a certificate for turn.example and 127.0.0.1, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "turn.example")])
    names = [x509.DNSName("turn.example"), x509.IPAddress(ipaddress.ip_address(LOOPBACK))]
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


async def tls_echo(certificate):
    """A TLS server that returns what it gets; its port."""

    async def echo(reader, writer):
        while data := await reader.read(1000):
            writer.write(data)
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return await asyncio.start_server(echo, LOOPBACK, 0, ssl=context)


@pytest.mark.parametrize("name", ["turn.example", LOOPBACK])
def test_tls_to_the_one_whom_the_certificate_names(certificate, name):
    async def main():
        server, client = await tls_echo(certificate), StreamEnd()
        remote = server.sockets[0].getsockname()
        trusting = ssl.create_default_context(cafile=certificate)
        stream = await SystemNetwork().connect_tcp(remote, client.handlers, tls=Tls(name, trusting))
        stream.send(b"secret")
        await client.until(lambda: client.data == b"secret")
        stream.close()
        server.close()
        await asyncio.sleep(0.05)  # both say goodbye
        assert client.ends == 0

    asyncio.run(main())


def test_unverified_tls_talks_to_anyone(certificate):
    async def main():
        server, client = await tls_echo(certificate), StreamEnd()
        remote = server.sockets[0].getsockname()
        tls = Tls("other.example", unverified_tls())
        stream = await SystemNetwork().connect_tcp(remote, client.handlers, tls=tls)
        stream.send(b"hello")
        await client.until(lambda: client.data == b"hello")
        stream.close()
        server.close()
        await asyncio.sleep(0.05)

    asyncio.run(main())


def test_tls_to_a_server_that_hangs_up_at_the_sight_of_it():
    """Not all that listens on a port for TLS speaks it."""

    async def hang_up(reader, writer):
        await reader.read(1)
        writer.close()

    async def main():
        server = await asyncio.start_server(hang_up, LOOPBACK, 0)
        remote, tls = server.sockets[0].getsockname(), Tls("turn.example")
        with pytest.raises(ssl.SSLError) as told:
            await SystemNetwork().connect_tcp(remote, StreamEnd().handlers, tls=tls)
        assert str(told.value) == "the server hung up"
        server.close()

    asyncio.run(main())


@pytest.mark.parametrize("trusted", [True, False], ids=["wrong name", "not trusted"])
def test_tls_to_anyone_else_is_refused(certificate, trusted):
    async def main():
        server = await tls_echo(certificate)
        remote = server.sockets[0].getsockname()
        context = ssl.create_default_context(cafile=certificate) if trusted else None
        name = "other.example" if trusted else "turn.example"
        with pytest.raises(ssl.SSLCertVerificationError):
            await SystemNetwork().connect_tcp(remote, StreamEnd().handlers, tls=Tls(name, context))
        server.close()
        await asyncio.sleep(0.05)

    asyncio.run(main())


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_after_the_end_of_the_loop_a_tls_stream_can_be_closed(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def main():
        loop, tls = asyncio.get_running_loop(), Tls("turn.example", unverified_tls())
        server = await loop.create_server(asyncio.Protocol, LOOPBACK, 0, ssl=context)
        remote = server.sockets[0].getsockname()
        stream = await SystemNetwork().connect_tcp(remote, StreamEnd().handlers, tls=tls)
        server.close()
        return stream

    stream = asyncio.run(main())
    stream.send(b"bye")
    close(stream, stream)
    del stream
    gc.collect()


def test_a_closed_stream_says_goodbye_and_waits_for_nobody(certificate):
    """The other side hears it and stays silent; the loop ends at once, and no socket stays open."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    may_end = threading.Event()

    def serve(listener):
        connection, _ = listener.accept()
        with context.wrap_socket(connection, True, suppress_ragged_eofs=False) as tls:
            heard = [tls.recv(10), tls.recv(10)]  # an end without goodbye would be an SSLEOFError
            may_end.wait(30)
            return heard

    async def main(remote):
        tls = Tls("turn.example", unverified_tls())
        stream = await SystemNetwork().connect_tcp(remote, StreamEnd().handlers, tls=tls)
        stream.send(b"last word")
        stream.close()

    with ThreadPoolExecutor(1) as pool, socket.create_server((LOOPBACK, 0)) as listener:
        served = pool.submit(serve, listener)
        asyncio.run(main(listener.getsockname()))
        gc.collect()  # a transport that is still open would warn
        may_end.set()
        assert served.result() == [b"last word", b""]
