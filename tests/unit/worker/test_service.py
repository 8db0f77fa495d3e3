"""What a worker does with messages, in virtual time."""

import asyncio

import pytest

from frazil import IceOptions, RTCPeerConnection, SessionConfig
from frazil.testing import run
from frazil.worker.message import Accepted, EndCause, Ended, MessageError, Offered, Refused
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
        assert refused == Refused(1, "MessageError", "a message of 1048577 bytes", "")
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
