from frazil.dtls.config import DtlsConfig
from frazil.dtls.flight import FlightBuffer
from frazil.dtls.record import Record, split

CONFIG = DtlsConfig(mtu=256, retransmit_initial_s=0.1, retransmit_max_s=0.5)
HEADER = bytes.fromhex("16fefd 0000 000000000063 0004")
PLAIN = Record(22, 0, HEADER + b"abcd")
SEALED = Record(22, 1, bytes.fromhex("16fefd 0001 000000000000 0004") + b"seal")


def numbers(datagrams):
    return [
        (record.epoch, int.from_bytes(record.data[5:11]))
        for datagram in datagrams
        for record in split(datagram)
    ]


def test_plaintext_records_get_fresh_numbers_on_every_transmission():
    flight = FlightBuffer(CONFIG)
    assert numbers(flight.send([PLAIN, PLAIN], 0.0)) == [(0, 0), (0, 1)]
    assert numbers(flight.repeat(0.1)) == [(0, 2), (0, 3)]
    assert numbers(flight.send([PLAIN, SEALED], 1.0)) == [(0, 4), (1, 0)]
    assert numbers(flight.repeat(1.1)) == [(0, 5), (1, 0)]


def test_sealed_records_are_left_alone():
    flight = FlightBuffer(CONFIG)
    assert flight.send([SEALED], 0.0) == [SEALED.data]
    assert flight.repeat(0.1) == [SEALED.data]


def test_a_resealed_flight_replaces_the_old_one():
    flight = FlightBuffer(CONFIG)
    resealed = Record(22, 1, SEALED.data[:10] + b"\x01" + SEALED.data[11:])
    flight.send([SEALED], 0.0)
    assert flight.repeat(0.1, [resealed]) == [resealed.data]
    assert flight.repeat(0.3) == [resealed.data]


def test_interval_doubles_up_to_the_maximum_and_starts_over_with_a_new_flight():
    flight = FlightBuffer(CONFIG)
    flight.send([PLAIN], 10.0)
    assert flight.due_at == 10.1
    flight.repeat(10.0)
    assert flight.due_at == 10.2
    flight.repeat(10.0)
    assert flight.due_at == 10.4
    flight.repeat(10.0)
    assert flight.due_at == 10.5
    flight.send([PLAIN], 20.0)
    assert flight.due_at == 20.1


def test_datagrams_respect_the_mtu():
    big = Record(22, 0, bytes.fromhex("16fefd 0000 000000000000 0096") + bytes(150))
    datagrams = FlightBuffer(CONFIG).send([big, big, PLAIN], 0.0)
    assert [len(datagram) for datagram in datagrams] == [163, 180]


def test_answers_keep_their_distance():
    flight = FlightBuffer(CONFIG)
    assert not flight.may_answer(0.0)
    flight.send([PLAIN], 1.0)
    assert not flight.may_answer(1.04)
    assert flight.may_answer(1.06)
    flight.repeat(1.06)
    assert not flight.may_answer(1.1)
    flight.clear()
    assert not flight.may_answer(9.0)
    assert flight.due_at is None
