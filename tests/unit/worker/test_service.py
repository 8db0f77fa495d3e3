"""What a worker does with messages, in virtual time."""

import asyncio

from frazil import IceOptions, RTCPeerConnection, SessionConfig
from frazil.testing import run
from frazil.worker.message import Accepted, MessageError, Offered, Refused
from frazil.worker.service import Service
from frazil.worker.setup import WorkerSetup


class NarrowLink:
    """No answer fits through it."""

    def __init__(self):
        self.refused = asyncio.Queue()

    def send(self, message):
        if isinstance(message, Accepted):
            raise MessageError("a message of 1048577 bytes")
        if isinstance(message, Refused):
            self.refused.put_nowait(message)


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
