"""Whatever is lost, the handshake completes, on the caller's clock, without real time passing."""

import itertools
import random

import pytest

from frazil.dtls import DtlsConfig
from frazil.dtls.engine import AssociationBrokenError
from frazil.dtls.openssl import OpenSslEngine
from frazil.dtls.record import split
from frazil.states.enums import RTCDtlsTransportState as State
from support.dtls_pair import CLIENT, SERVER, DtlsPair

BOTH_CONNECTED = (State.CONNECTED, State.CONNECTED)
EARLY_DATAGRAMS = [(side, number) for side in (CLIENT, SERVER) for number in range(6)]


def handshake(mtu, keep, **pair_options):
    pair = DtlsPair(config=DtlsConfig(mtu=mtu), keep=keep, **pair_options)
    pair.start()
    pair.run(until=lambda: pair.states == BOTH_CONNECTED)
    return pair


def assert_usable(pair):
    """Payload passes both ways: the two sides agree on epochs and keys."""
    pair.keep = lambda sender, number: True
    for each in pair.received:
        each.clear()
    pair.client.send([b"ping"])
    pair.server.send([b"pong"])
    pair.flush()
    pair.run(limit_s=1)
    assert pair.received == ([b"pong"], [b"ping"])


@pytest.mark.parametrize("mtu", [256, 1200])
@pytest.mark.parametrize("number_lost", [1, 2])
def test_any_lost_datagrams_are_made_up_for(mtu, number_lost):
    for lost in itertools.combinations(EARLY_DATAGRAMS, number_lost):
        pair = handshake(mtu, lambda side, number, lost=lost: (side, number) not in lost)
        assert pair.states == BOTH_CONNECTED, lost
        assert_usable(pair)


@pytest.mark.parametrize("loss", [0.2, 0.5])
@pytest.mark.parametrize("seed", range(20))
def test_random_loss_and_reordering_are_survived(loss, seed):
    generator = random.Random(f"{loss}/{seed}")
    pair = handshake(
        generator.choice([256, 1200]),
        lambda side, number: generator.random() >= loss,
        delay=lambda: generator.choice([0.005, 0.02, 0.05, 0.3]),
    )
    assert pair.states == BOTH_CONNECTED
    assert_usable(pair)


@pytest.mark.parametrize("flight", [(CLIENT, 0), (SERVER, 0), (CLIENT, 1), (SERVER, 1)])
def test_one_lost_flight_costs_one_retransmission_interval(flight):
    pair = handshake(1200, lambda side, number: (side, number) != flight)
    assert pair.states == BOTH_CONNECTED
    assert pair.now == pytest.approx(0.1 + 4 * 0.02, abs=0.041)


def test_a_path_slower_than_the_timer_works_without_a_flood():
    pair = handshake(1200, lambda side, number: True, delay=lambda: 1.0)
    assert pair.states == BOTH_CONNECTED
    assert pair.now == pytest.approx(4.0)
    assert max(len(sent) for sent in pair.sent) <= 12


def test_the_same_losses_give_the_same_instants():
    def instants():
        generator = random.Random(5)
        pair = handshake(1200, lambda side, number: generator.random() >= 0.4)
        return [event.change.at for events in pair.events for event in events]

    assert instants() == instants()


def test_duplicates_change_nothing():
    pair = DtlsPair()
    pair.start()
    for _ in range(4):
        for sender in (CLIENT, SERVER):
            for datagram in list(pair.sent[sender]):
                pair.inject(1 - sender, datagram)
        pair.run(limit_s=0.02)
    assert pair.run(until=lambda: pair.states == BOTH_CONNECTED)
    assert_usable(pair)


def unheard_finished():
    """A client whose second flight, which ends with a sealed Finished, is lost."""
    pair = DtlsPair(keep=lambda side, number: side == SERVER or number == 0)
    pair.start()
    assert pair.run(until=lambda: len(pair.sent[CLIENT]) == 2)
    return pair


def test_openssl_is_not_asked_to_repeat_what_it_has_not_sealed(monkeypatch):
    """It gives up after eight minutes, and a peer that waits for our answer may take longer."""
    monkeypatch.delattr(OpenSslEngine, "retransmit")
    pair = DtlsPair(keep=lambda side, number: False)
    pair.start()
    pair.run(limit_s=10)
    pair.keep = lambda side, number: True
    assert pair.run(until=lambda: pair.states == BOTH_CONNECTED)


def test_openssl_giving_up_is_a_failure(monkeypatch):
    def refuse(engine):
        raise AssociationBrokenError("read timeout expired")

    pair = unheard_finished()
    monkeypatch.setattr(OpenSslEngine, "retransmit", refuse)
    pair.run(limit_s=0.2)
    assert pair.client.state is State.FAILED
    text = "the association broke: read timeout expired"
    assert pair.events[CLIENT][-1].failure.text == text


def test_a_flight_that_openssl_seals_anew_replaces_ours(monkeypatch):
    """By the wall clock OpenSSL repeats its flight itself, which foreign servers may need."""
    pair = unheard_finished()
    resealed = split(pair.sent[CLIENT][0])[0].data
    monkeypatch.setattr(OpenSslEngine, "output", lambda engine: resealed * 2)
    pair.client.handle_timeout(pair.now + 0.1)
    (run,) = pair.client.poll_runs()
    assert [record.data[13:] for record in split(run.data)] == [resealed[13:]] * 2
