"""Two hosts on a virtual network, which note what they hear and when."""

import asyncio

from frazil.testing import run
from frazil.types import Transmit


def now():
    return asyncio.get_running_loop().time()


class Peer:
    """A host with a socket on every address, which notes when it hears what."""

    def __init__(self, net, name, *addresses, port=5000):
        self.host = net.host(name, *addresses)
        self.sockets = [self.host.open_udp(address, port, self._hear) for address in addresses]
        self.socket = self.sockets[0] if self.sockets else None
        self.batches = []
        self.heard = []

    def _hear(self, batch):
        self.batches.append(batch)
        self.heard += [(round(now(), 9), datagram.data) for datagram in batch]

    def send(self, data, peer, segment_size=None, *, source=0, target=0):
        socket = self.sockets[source]
        remote = peer if isinstance(peer, tuple) else peer.sockets[target].local
        socket.send([Transmit(data, segment_size or len(data), socket.local, remote)])

    def close(self):
        for socket in self.sockets:
            socket.close()


def play(script, *, seed=0):
    """Run a script with two peers on a network."""

    async def main(net):
        alice = Peer(net, "alice", "10.0.0.1", "2001:db8::1")
        bob = Peer(net, "bob", "10.0.0.2", "2001:db8::2")
        try:
            return await script(net, alice, bob)
        finally:
            alice.close()
            bob.close()

    return run(main, seed=seed)


async def chatter(sender, receiver, *, at=(), period=1.0, count=0):
    """Send numbered datagrams: at given instants, or periodically."""
    for number, instant in enumerate(at or [now() + period * n for n in range(count)]):
        await asyncio.sleep(instant - now())
        sender.send(b"%d" % number, receiver)
