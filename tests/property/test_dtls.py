"""Whatever the network does to sealed records, payload arrives once or not at all."""

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frazil.dtls.record import ContentType
from frazil.states.enums import RTCDtlsTransportState as State
from support.dtls_pair import DtlsPair

_OPERATIONS = ("deliver", "repeat", "cut", "flip", "join", "alter_header", "foreign")


def damage(operation: str, datagram: bytes, earlier: list[bytes], choice: random.Random) -> bytes:
    """What arrives in place of a datagram."""
    position = choice.randrange(len(datagram))
    match operation:
        case "repeat":
            return choice.choice(earlier)
        case "cut":
            return datagram[:position]
        case "flip":
            flipped = datagram[position] ^ (1 << choice.randrange(8))
            return datagram[:position] + bytes([flipped]) + datagram[position + 1 :]
        case "join":
            return choice.choice(earlier) + datagram
        case "alter_header":
            at = choice.randrange(13)
            return datagram[:at] + choice.randbytes(1) + datagram[at + 1 :]
        case "foreign":
            body = choice.randbytes(choice.randrange(80))
            kind = choice.choice([*ContentType, 99])
            number = choice.choice([choice.randbytes(6), bytes(5) + choice.randbytes(1)])
            header = bytes([kind]) + b"\xfe\xfd" + choice.choice([b"\x00\x00", b"\x00\x01"])
            return header + number + len(body).to_bytes(2) + body
    return datagram


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.sampled_from(_OPERATIONS), st.binary(min_size=1, max_size=200)), max_size=40
    ),
    st.integers(0, 2**32),
)
def test_payload_arrives_once_or_not_at_all(operations: list[tuple[str, bytes]], seed: int) -> None:
    choice = random.Random(seed)
    pair = DtlsPair().connect()
    payloads = [number.to_bytes(2) + payload for number, (_, payload) in enumerate(operations)]
    pair.client.send(payloads)
    datagrams = [each for run in pair.client.poll_runs() for each in run.datagrams()]
    wire = [
        damage(operation, datagrams[number], datagrams[: number + 1], choice)
        for number, (operation, _) in enumerate(operations)
    ]
    expected = {
        payload
        for payload, (operation, _) in zip(payloads, operations, strict=True)
        if operation in ("deliver", "join")
    }
    choice.shuffle(wire)
    arrived: list[bytes] = []
    while wire:
        size = choice.randrange(1, 9)
        arrived += pair.server.receive(wire[:size], pair.now)
        wire = wire[size:]
    assert len(arrived) == len(set(arrived))
    assert expected <= set(arrived) <= set(payloads)
    assert pair.server.state is State.CONNECTED
    pair.client.send([b"and on it goes"])
    (run,) = pair.client.poll_runs()
    assert pair.server.receive([run.data], pair.now) == [b"and on it goes"]
