"""The real peer, whose certificate is the promised one, but which speaks SCTP and DCEP to harm."""

from contextlib import suppress
from random import Random

import pytest

from frazil import InvalidStateError
from support.attacker import broken, footprint, for_long, resealed, seeds_for_long
from support.scenario import Stage, states

ICE = "iceConnectionState"
DCEP_PPID = 50
CHUNK_TYPES = [*range(16), 64, 128, 129, 130, 132, 192, 193, 194, 255]
ATTACK_S = 30.0


class Saboteur:
    """Stands between a peer's SCTP association and its DTLS, and adds what should not be there.

    Args:
        data: The real thing.
        random: Rolls the dice.
        often: The probability that a packet gets an evil twin.
        spares: Whether the original is sent, too.
    """

    def __init__(self, data, random, *, often=0.5, spares=True):
        self.evil = 0
        self._data = data
        self._random = random
        self._often = often
        self._spares = spares
        self._header = b""

    def __getattr__(self, name):
        return getattr(self._data, name)

    def poll_packets(self, now):
        packets = []
        for packet in self._data.poll_packets(now):
            self._header = packet[:12]
            if self._random.random() >= self._often:
                packets.append(packet)
                continue
            self.evil += 1
            packets += [packet, self._twin(packet)] if self._spares else [self._twin(packet)]
        return packets

    def _twin(self, packet):
        if self._random.random() < 0.5:
            return resealed(packet[:8] + broken(packet[8:], self._random))
        return self.forged()

    def forged(self):
        """A packet with the right tag and random chunks."""
        random, chunks = self._random, b""
        for _ in range(random.randrange(1, 4)):
            body = random.randbytes(random.choice([0, 1, 4, 8, 12, 16, 40, 400]))
            length = random.choice([4 + len(body)] * 3 + [0, 3, 65_535])
            kind = random.choice(CHUNK_TYPES)
            chunks += bytes((kind, random.randrange(256))) + length.to_bytes(2) + body
            chunks += bytes(-len(chunks) % 4)
        return resealed(self._header + chunks)


def session_of(peer):
    (stack,) = peer.pc._peer.transports._stacks.values()
    return stack.session


def corrupt(peer, seed, **options):
    """Turn a peer evil; its saboteur."""
    carrier = session_of(peer)._encapsulation
    carrier.data = saboteur = Saboteur(carrier.data, Random(seed), **options)
    return saboteur


@pytest.mark.interpreted
@pytest.mark.parametrize("seed", range(6))
async def test_broken_sctp_packets_between_good_ones(stage, seed):
    alice, bob = await stage.connect()
    saboteur = corrupt(bob, seed)
    before = footprint(alice.pc._peer)
    for number in range(round(ATTACK_S / 0.05)):
        for peer in (alice, bob):
            if peer.channels["chat"].readyState == "open":
                peer.channels["chat"].send(f"{number}")
        await stage.sleep(0.05)
    assert saboteur.evil > 0
    await check_that_alice_is_well(stage, alice, before)


@pytest.mark.interpreted
@pytest.mark.parametrize("seed", range(6))
async def test_nothing_but_broken_sctp_packets(stage, seed):
    alice, bob = await stage.connect()
    before = footprint(alice.pc._peer)
    saboteur = corrupt(bob, seed, often=1.0, spares=False)
    saboteur.poll_packets(stage.now)
    session = session_of(bob)
    for number in range(round(ATTACK_S / 0.05)):
        if alice.channels["chat"].readyState == "open":
            alice.channels["chat"].send(f"{number}")
        if saboteur._header and session.dtls.state == "connected":
            session.dtls.send([saboteur.forged() for _ in range(5)])
            bob.pc._backend.driver.wake()
        await stage.sleep(0.05)
    await check_that_alice_is_well(stage, alice, before)


async def check_that_alice_is_well(stage, alice, before):
    """Alive or closed in good order, and not a bit fatter."""
    objects, size = footprint(alice.pc._peer)
    assert objects < before[0] + 30_000
    assert size < before[1] + 6_000_000
    assert states(alice, ICE) == "new checking connected completed"
    assert states(alice, "RTCDtlsTransport.state") == "new connecting connected"
    sctp, channel = alice.pc.sctp.state, alice.channels["chat"].readyState
    assert (sctp, channel) in [
        ("connected", "open"),
        ("connected", "closing"),
        ("connected", "closed"),
        ("closed", "closed"),
    ]
    await alice.pc.close()
    await stage.sleep(60)


@pytest.mark.parametrize("seed", range(3))
async def test_random_dcep_messages_on_every_stream(stage, seed):
    alice, bob = await stage.connect()
    random = Random(seed)
    data = session_of(bob).data
    before = footprint(alice.pc._peer)
    for _ in range(1500):
        label, protocol = random.choice([0, 3, 900]), random.choice([0, 3, 70])
        message = random.choice([2, 3, 0, random.randrange(256)]).to_bytes() + random.randbytes(7)
        message += label.to_bytes(2) + protocol.to_bytes(2)
        message += random.randbytes(random.choice([0, 1, label + protocol, 60]))
        ppid = random.choice([DCEP_PPID] * 4 + [51, 53, 56, 57, 0, 99])
        with suppress(InvalidStateError):  # alice refused the stream, and bob is giving it back
            data._association.send(random.randrange(4000), ppid, message, stage.now)
        bob.pc._backend.driver.wake()
        await stage.sleep(0.01)
    objects, size = footprint(alice.pc._peer)
    assert objects < before[0] + 100_000
    assert size < before[1] + 2_000_000
    assert (alice.pc.sctp.state, alice.pc.connectionState) == ("connected", "connected")
    alice.channels["chat"].send("still here")
    await stage.sleep(1)
    assert bob.inbox["chat"] == ["still here"]


async def test_a_message_without_an_end_is_not_collected_for_ever(stage):
    """The first fragments of endless messages, on many streams."""
    alice, bob = await stage.connect()
    association = session_of(bob).data._association
    for stream_id in range(100, 160):
        association.send(stream_id, 53, bytes(250_000), stage.now)
    bob.pc._backend.driver.wake()
    await stage.sleep(20)
    assert footprint(alice.pc._peer)[1] < 20_000_000
    assert alice.pc.connectionState == "connected"


@pytest.mark.interpreted
@for_long
def test_for_as_long_as_you_like():
    attacks = (
        test_broken_sctp_packets_between_good_ones,
        test_nothing_but_broken_sctp_packets,
        test_random_dcep_messages_on_every_stream,
    )
    for seed in seeds_for_long():
        for attack in attacks:
            print(f"seed {seed}, {attack.__name__}")
            stage = Stage(seed)
            stage.play(attack, {"stage": stage, "seed": seed})
