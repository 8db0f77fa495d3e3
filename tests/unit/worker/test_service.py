"""What a worker does with messages, in virtual time."""

import asyncio
import errno
import os

import pytest

from frazil import IceOptions, RTCPeerConnection, SessionConfig, SharedPort
from frazil.testing import run
from frazil.worker.message import (
    Accepted,
    EndCause,
    Ended,
    MessageError,
    NotReady,
    Offered,
    Ready,
    Refused,
)
from frazil.worker.service import Service
from frazil.worker.setup import WorkerSetup


class NarrowLink:
    """No answer fits through it."""

    def __init__(self):
        self.refused = asyncio.Queue()
        self.ended = []

    def send(self, message):
        if isinstance(message, Accepted):
            raise MessageError("a message of 1048577 bytes")
        if isinstance(message, Refused):
            self.refused.put_nowait(message)
        if isinstance(message, Ended):
            self.ended.append(message)


async def wait(pc):
    await pc.wait_closed()


def test_an_answer_that_cannot_be_sent_is_told():
    async def main(net):
        link = NarrowLink()
        setup = WorkerSetup(wait, 0, {}, IceOptions(), SessionConfig())
        service = Service(link, net.host("server", "203.0.113.1"), setup)
        pc = RTCPeerConnection(network=net.host("client", "203.0.113.2"))
        pc.createDataChannel("chat")
        await pc.setLocalDescription()
        service.take(Offered(1, 1, pc.localDescription.sdp, True))
        refused = await link.refused.get()
        assert refused == Refused(1, "MessageError", "a message of 1048577 bytes", "", None)
        await service.close()
        await pc.close()

    run(main)


@pytest.mark.parametrize(
    ("configuration", "ice", "error"),
    [
        ({"iceServers": [{"urls": "stuns:a.example"}]}, IceOptions(), "NotSupportedError"),
        ({"iceServers": [{"urls": "stun:a.example"}]}, IceOptions(lite=True), "NotSupportedError"),
        ({"ice_servers": []}, IceOptions(), "TypeError"),
    ],
)
def test_a_connection_that_cannot_be_made_is_told(configuration, ice, error):
    async def main(net):
        link = NarrowLink()
        setup = WorkerSetup(wait, 0, configuration, ice, SessionConfig())
        service = Service(link, net.host("server", "203.0.113.1"), setup)
        for number in (1, 2):
            service.take(Offered(number, number, "v=0", True))
            refused = link.refused.get_nowait()
            assert (refused.request, refused.error) == (number, error)
            assert link.ended.pop() == Ended(number, EndCause.REFUSED, "", "")
        await service.close()

    run(main)


PORT = 40_000


class OpenLink:
    """Keeps what is sent."""

    def __init__(self):
        self.sent = []

    def send(self, message):
        self.sent.append(message)


class FailingHost:
    """A host on which a method fails.

    Args:
        host: The host.
        method: Which.
        error: How, by its number.
        spared: Addresses with which nothing is wrong.
    """

    def __init__(self, host, method, error, spared):
        self._host = host
        self._method = method
        self._error = error
        self._spared = spared

    def __getattr__(self, name):
        real = getattr(self._host, name)

        def fail(*arguments):
            if any(each in arguments for each in self._spared):
                return real(*arguments)
            raise OSError(self._error, os.strerror(self._error))

        return fail if name == self._method else real


def begun(net, *, port=PORT, ice=None, method="", error=0, spared=()):
    """What a worker on a host with two addresses tells its pool first."""
    link = OpenLink()
    host = net.host("server", "203.0.113.1", "192.0.2.9")
    setup = WorkerSetup(wait, port, {}, ice or IceOptions(), SessionConfig())
    network = SharedPort(port, network=FailingHost(host, method, error, spared))
    service = Service(link, network, setup)
    is_ready = service.begin()
    network.close()
    (message,) = link.sent
    assert isinstance(message, Ready) is is_ready
    return message


@pytest.mark.parametrize("error", [errno.EADDRINUSE, errno.EACCES])
@pytest.mark.parametrize(
    "case",
    [{}, {"ice": IceOptions(addresses=["192.0.2.0/24"]), "spared": ("203.0.113.1",)}],
    ids=["on no address", "on none that was chosen"],
)
def test_offers_are_not_welcome_where_the_port_cannot_be_had(case, error):
    async def main(net):
        text = f"UDP port 40000 of 192.0.2.9: [Errno {error}] {os.strerror(error)}"
        assert begun(net, method="open_udp", error=error, **case) == NotReady(text)

    run(main)


@pytest.mark.parametrize(
    "case",
    [
        {},
        {"method": "open_udp", "error": errno.EADDRNOTAVAIL},
        {"method": "open_udp", "error": errno.EADDRINUSE, "spared": ("203.0.113.1",)},
        {"method": "open_udp", "error": errno.EADDRINUSE, "spared": ("192.0.2.9",)},
        {"method": "interfaces", "error": errno.EMFILE},
        {"method": "open_udp", "error": errno.EADDRINUSE, "port": 0},
        {
            "method": "open_udp",
            "error": errno.EADDRINUSE,
            "ice": IceOptions(ip_handling="disable_non_proxied_udp"),
        },
    ],
    ids=[
        "all is well",
        "addresses go",
        "first is free",
        "second is free",
        "no addresses",
        "any port",
        "no UDP",
    ],
)
def test_offers_are_welcome_otherwise(case):
    async def main(net):
        assert begun(net, **case) == Ready()

    run(main)


def test_the_port_is_taken_on_every_address_before_there_is_an_offer():
    async def main(net):
        host = net.host("server", "203.0.113.1", "192.0.2.9")
        setup = WorkerSetup(wait, PORT, {}, IceOptions(), SessionConfig())
        async with SharedPort(PORT, network=host) as network:
            assert Service(OpenLink(), network, setup).begin()
            for address in ("203.0.113.1", "192.0.2.9"):
                with pytest.raises(OSError, match="in use"):
                    host.open_udp(address, PORT, lambda batch: None)

    run(main)
