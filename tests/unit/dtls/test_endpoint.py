"""The endpoint's states, ends and payload. Loss and retransmission: test_retransmission.py."""

import itertools

import pytest

from frazil.dtls import (
    MAX_RECORD_OVERHEAD,
    DtlsConfig,
    DtlsEndpoint,
    DtlsRole,
    Fingerprint,
    KeyKind,
)
from frazil.dtls.alert import Alert
from frazil.dtls.engine import AssociationBrokenError
from frazil.dtls.openssl import OpenSslEngine
from frazil.dtls.record import MAX_DATAGRAM_SIZE, ContentType, split
from frazil.errors import InvalidStateError, RTCErrorDetail
from frazil.states.enums import RTCDtlsTransportState as State
from frazil.trace import Trace
from support.dtls_pair import (
    CERTIFICATES,
    CLIENT,
    DELAY_S,
    SERVER,
    DtlsPair,
    make_certificate,
)

STRANGER = make_certificate(99)
BOTH_CONNECTED = (State.CONNECTED, State.CONNECTED)
SUITES_AT = 13 + 12 + 2 + 32 + 1 + 1
"""In a ClientHello, behind both headers, version, random bytes, no session and no cookie."""


def causes(pair, side):
    return [event.change.reason.cause for event in pair.events[side]]


def test_handshake_takes_four_flights_of_one_datagram_each():
    pair = DtlsPair()
    assert pair.states == (State.NEW, State.NEW)
    pair.start()
    assert pair.states == (State.CONNECTING, State.CONNECTING)
    assert pair.run(until=lambda: pair.states == BOTH_CONNECTED)
    assert pair.now == pytest.approx(4 * DELAY_S)
    assert [len(sent) for sent in pair.sent] == [2, 2]
    assert causes(pair, CLIENT) == causes(pair, SERVER) == ["started", "handshake-completed"]


def test_connected_tells_the_peers_certificate_and_how_long_it_took():
    pair = DtlsPair().connect()
    for side in (CLIENT, SERVER):
        event = pair.events[side][-1]
        assert event.remote_certificates == (CERTIFICATES[1 - side].der,)
        assert event.failure is None
        assert event.change.machine == "dtls-transport 0"
        evidence = dict(event.change.reason.evidence)
        assert evidence["cipher"] == "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
        assert evidence["duration_s"] == pytest.approx((4 if side == CLIENT else 3) * DELAY_S)


def test_statistics_are_known_while_connected():
    pair = DtlsPair()
    assert (pair.client.cipher, pair.client.tls_version) == (None, None)
    pair.connect()
    assert pair.client.cipher == pair.server.cipher == "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
    assert pair.client.tls_version == "FEFD"
    pair.client.close(pair.now)
    assert (pair.client.cipher, pair.client.tls_version) == (None, None)


def test_a_certificate_with_an_rsa_key_works():
    certificates = (make_certificate(3, KeyKind.RSA), make_certificate(4, KeyKind.RSA))
    pair = DtlsPair(certificates=certificates).connect()
    assert pair.server.cipher == "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"


def test_keying_material_is_the_same_on_both_sides():
    pair = DtlsPair()
    with pytest.raises(InvalidStateError):
        pair.client.export_keying_material(b"EXTRACTOR-dtls_srtp", 60)
    pair.connect()
    ours, theirs = (
        each.export_keying_material(b"EXTRACTOR-dtls_srtp", 60) for each in pair.endpoints
    )
    assert ours == theirs
    assert len(ours) == 60


# Starting.


def test_an_early_client_hello_starts_the_server():
    pair = DtlsPair()
    pair.client.start(0.0)
    pair.flush()
    pair.run(limit_s=DELAY_S)
    assert pair.server.state is State.CONNECTING
    assert causes(pair, SERVER) == ["client-hello-received"]
    pair.server.start(pair.now)
    assert pair.run(until=lambda: pair.states == BOTH_CONNECTED)
    pair.server.start(pair.now)
    assert causes(pair, SERVER) == ["client-hello-received", "handshake-completed"]


def test_a_client_that_was_not_started_ignores_what_arrives():
    pair = DtlsPair().connect()
    client = DtlsEndpoint(CERTIFICATES[CLIENT], DtlsRole.CLIENT, [], trace := Trace())
    assert client.receive(pair.sent[SERVER], 0.0) == []
    assert client.state is State.NEW
    assert trace.counters == {"dtls-early": 2}


@pytest.mark.parametrize(
    "datagram", ["15fefd00000000000000000002022a", "14fefd0000000000000000000101"]
)
def test_only_a_handshake_record_starts_a_server(datagram):
    server = DtlsEndpoint(CERTIFICATES[SERVER], DtlsRole.SERVER, [], trace := Trace())
    server.receive([bytes.fromhex(datagram)], 0.0)
    assert server.state is State.NEW
    assert server.next_timeout() is None
    assert trace.counters == {"dtls-early": 1}


def test_starting_after_the_end_is_misuse():
    pair = DtlsPair()
    pair.client.close(0.0)
    with pytest.raises(InvalidStateError, match="closed"):
        pair.client.start(0.0)


def test_the_handshake_times_out_on_both_sides():
    pair = DtlsPair(keep=lambda sender, number: False)
    pair.start()
    pair.run(limit_s=39.9)
    assert pair.states == (State.CONNECTING, State.CONNECTING)
    pair.run(limit_s=1)
    assert pair.states == (State.FAILED, State.FAILED)
    for events in pair.events:
        change, failure = events[-1].change, events[-1].failure
        assert change.at == 40.0
        assert change.reason.cause == "handshake-timeout"
        assert change.reason.deadline_at == 40.0
        assert failure.detail is RTCErrorDetail.DTLS_FAILURE
        assert (failure.received_alert, failure.sent_alert) == (None, None)
    assert pair.client.next_timeout() is None
    pair.client.handle_timeout(99.0)
    assert pair.client.poll_runs() == []


def test_the_clock_waits_for_a_peer_that_may_not_have_our_answer():
    pair = DtlsPair(keep=lambda sender, number: False)
    pair.client.start(0.0, peer_is_ready=False)
    pair.server.start(0.0, peer_is_ready=False)
    pair.flush()
    assert pair.client.awaits_peer
    assert [pair.client.next_timeout(), pair.server.next_timeout()] == [0.1, None]
    assert pair.events[CLIENT][0].change.reason.next_deadline_at is None
    pair.run(limit_s=500)
    pair.client.path_changed(500.0)
    pair.run(limit_s=100)
    assert pair.states == (State.CONNECTING, State.CONNECTING)
    assert len(pair.sent[CLIENT]) < 600 / 1.6 + 10
    for endpoint in pair.endpoints:
        endpoint.peer_ready(600.0)
        assert not endpoint.awaits_peer
    pair.run(limit_s=39.9)
    assert pair.states == (State.CONNECTING, State.CONNECTING)
    pair.run(limit_s=1)
    assert pair.states == (State.FAILED, State.FAILED)
    assert pair.events[CLIENT][-1].change.reason.deadline_at == 640.0


def test_a_peer_that_takes_part_in_the_handshake_is_ready():
    """The second flight of the client is lost on the way, however often."""
    pair = DtlsPair(keep=lambda sender, number: sender == SERVER or number == 0)
    pair.client.start(0.0, peer_is_ready=False)
    pair.server.start(0.0, peer_is_ready=False)
    pair.flush()
    pair.run(limit_s=39.9)
    assert pair.states == (State.CONNECTING, State.CONNECTING)
    pair.run(limit_s=1)
    assert pair.states == (State.FAILED, State.FAILED)
    for side, heard_at in ((CLIENT, 2 * DELAY_S), (SERVER, DELAY_S)):
        reason = pair.events[side][-1].change.reason
        assert reason.cause == "handshake-timeout"
        assert reason.deadline_at == pytest.approx(heard_at + 40.0)


def test_the_records_that_show_that_the_peer_is_ready_are_answered_once():
    pair = DtlsPair(delay=lambda: 0.04)
    pair.client.start(0.0, peer_is_ready=False)
    pair.server.start(0.0, peer_is_ready=False)
    pair.flush()
    assert pair.run(until=lambda: pair.states == BOTH_CONNECTED)
    assert [len(sent) for sent in pair.sent] == [2, 2]


def test_a_peer_that_is_ready_is_news_only_while_it_is_waited_for():
    pair = DtlsPair()
    pair.client.peer_ready(0.0)
    assert pair.client.next_timeout() is None
    pair.start()
    pair.client.peer_ready(5.0)
    pair.keep = lambda sender, number: False
    pair.run(until=lambda: State.FAILED in pair.states)
    assert pair.now == 40.0


def test_timeouts_called_early_do_nothing():
    pair = DtlsPair()
    pair.start()
    assert pair.server.next_timeout() == 40.0
    assert pair.client.next_timeout() == 0.1
    pair.client.handle_timeout(0.0999)
    assert pair.client.poll_runs() == []
    pair.client.handle_timeout(0.1)
    assert len(pair.client.poll_runs()) == 1
    assert pair.client.next_timeout() == pytest.approx(0.3)


# The fingerprint.


def fail_with_mistrust(side):
    trusts = {"client_trusts" if side == CLIENT else "server_trusts": [STRANGER.fingerprint()]}
    pair = DtlsPair(**trusts)
    pair.start()
    pair.run()
    return pair


@pytest.mark.parametrize("side", [CLIENT, SERVER])
def test_a_stranger_fails_both_sides(side):
    pair = fail_with_mistrust(side)
    assert pair.states == (State.FAILED, State.FAILED)
    ours, theirs = pair.events[side][-1].failure, pair.events[1 - side][-1].failure
    assert ours.detail is RTCErrorDetail.FINGERPRINT_FAILURE
    assert (ours.sent_alert, ours.received_alert) == (42, None)
    assert theirs.detail is RTCErrorDetail.DTLS_FAILURE
    assert (theirs.sent_alert, theirs.received_alert) == (None, 42)
    assert theirs.text == "the peer sent the fatal alert bad_certificate (42)"
    assert causes(pair, side) == ["started", "fingerprint-mismatch"]
    assert causes(pair, 1 - side) == ["started", "alert-received"]
    for endpoint in pair.endpoints:
        with pytest.raises(InvalidStateError):
            endpoint.send([b"secret"])


@pytest.mark.parametrize("side", [CLIENT, SERVER])
def test_a_lost_alert_is_repeated_when_the_peer_goes_on(side):
    lost = []

    def keep(sender, number):
        alert = sender == side and pair.sent[side][number][0] == 21
        if alert and not lost:
            lost.append(number)
            return False
        return True

    trusts = {"client_trusts" if side == CLIENT else "server_trusts": [STRANGER.fingerprint()]}
    pair = DtlsPair(**trusts, keep=keep)
    pair.start()
    pair.run(limit_s=2)
    assert lost
    assert pair.states == (State.FAILED, State.FAILED)
    assert pair.events[1 - side][-1].failure.received_alert == 42
    number_of_alerts = sum(datagram[0] == 21 for datagram in pair.sent[side])
    assert number_of_alerts == 2


def test_no_fingerprint_trusts_nobody():
    pair = DtlsPair(client_trusts=[])
    pair.start()
    pair.run()
    assert pair.states == (State.FAILED, State.FAILED)


def test_the_spelling_of_a_fingerprint_does_not_matter():
    value = CERTIFICATES[SERVER].fingerprint("sha-384").value
    DtlsPair(client_trusts=[Fingerprint("SHA-384", value.lower())]).connect()


# Ends.


@pytest.mark.parametrize("side", [CLIENT, SERVER])
def test_close_reaches_the_peer(side):
    pair = DtlsPair().connect()
    pair.endpoints[side].close(pair.now)
    pair.endpoints[side].close(pair.now)
    pair.flush()
    pair.run()
    assert pair.states == (State.CLOSED, State.CLOSED)
    assert causes(pair, side)[2:] == ["close"]
    assert causes(pair, 1 - side)[2:] == ["close-notify-received"]
    assert all(event.failure is None for events in pair.events for event in events)
    for endpoint in pair.endpoints:
        with pytest.raises(InvalidStateError):
            endpoint.send([b"late"])


def test_payload_ahead_of_close_notify_is_delivered():
    pair = DtlsPair().connect()
    pair.client.send([b"one", b"two"])
    pair.client.close(pair.now)
    datagrams = [each for run in pair.client.poll_runs() for each in run.datagrams()]
    assert pair.server.receive([*datagrams, datagrams[0]], pair.now) == [b"one", b"two"]
    assert pair.server.state is State.CLOSED


def test_payload_and_close_notify_may_share_a_datagram():
    pair = DtlsPair().connect()
    pair.client.send([b"one"])
    pair.client.close(pair.now)
    datagram = b"".join(run.data for run in pair.client.poll_runs())
    assert pair.server.receive([datagram], pair.now) == [b"one"]
    assert pair.server.state is State.CLOSED


def test_a_lost_close_notify_is_repeated_when_payload_keeps_coming():
    pair = DtlsPair().connect()
    pair.keep = lambda sender, number: sender == SERVER
    pair.client.close(pair.now)
    pair.flush()
    pair.keep = lambda sender, number: True
    pair.now += 1
    pair.server.send([b"still here"])
    pair.flush()
    pair.run()
    assert pair.states == (State.CLOSED, State.CLOSED)
    assert pair.received[CLIENT] == []


@pytest.mark.parametrize(
    ("side", "after_s"),
    [(CLIENT, 0.0), (CLIENT, DELAY_S), (SERVER, 0.0), (SERVER, DELAY_S), (SERVER, 2 * DELAY_S)],
)
def test_close_during_the_handshake_reaches_the_peer(side, after_s):
    pair = DtlsPair()
    pair.start()
    pair.run(limit_s=after_s)
    assert pair.endpoints[side].state is State.CONNECTING
    pair.endpoints[side].close(pair.now)
    pair.flush()
    pair.run(limit_s=5)
    assert pair.endpoints[side].state is State.CLOSED
    assert causes(pair, 1 - side)[-1] == "close-notify-received"


def test_closing_before_the_start_says_nothing():
    pair = DtlsPair()
    pair.client.close(1.0)
    pair.flush()
    assert pair.sent[CLIENT] == []
    assert causes(pair, CLIENT) == ["close"]


def test_a_failed_endpoint_can_be_closed():
    pair = fail_with_mistrust(CLIENT)
    pair.client.close(pair.now)
    assert pair.client.state is State.CLOSED


def test_two_closed_endpoints_leave_each_other_alone():
    pair = DtlsPair().connect()
    pair.client.close(pair.now)
    pair.server.close(pair.now)
    pair.flush()
    pair.run()
    assert [len(sent) for sent in pair.sent] == [3, 3]


def test_no_common_cipher_suite_is_told_by_alert():
    pair = DtlsPair()
    pair.client.start(0.0)
    hello = pair.client.poll_runs()[0].data
    # Every suite the client offers becomes one that does not exist.
    first = SUITES_AT + 2
    assert hello[first : first + 2] == bytes.fromhex("c02b")
    size = int.from_bytes(hello[SUITES_AT:first])
    useless = hello[:first] + b"\x5a\x5a" * (size // 2) + hello[first + size :]
    pair.server.start(0.0)
    pair.server.receive([useless], 0.0)
    failure = pair.server.poll_events()[-1].failure
    assert failure.detail is RTCErrorDetail.DTLS_FAILURE
    assert failure.sent_alert == 40
    assert failure.text == "the association broke: no shared cipher"
    pair.client.receive([run.data for run in pair.server.poll_runs()], 0.0)
    assert pair.client.poll_events()[-1].failure.received_alert == 40


def test_an_alert_of_ours_that_is_sealed_is_told_by_number():
    pair = DtlsPair(keep=lambda sender, number: sender == CLIENT or number == 0)
    pair.start()
    assert pair.run(until=lambda: len(pair.sent[CLIENT]) == 2)
    unexpected = bytes.fromhex("0e 000000 0005 000000 000000")  # another ServerHelloDone
    header = bytes.fromhex("16 fefd 0000 000000000063") + len(unexpected).to_bytes(2)
    pair.client.receive([header + unexpected], pair.now)
    pair.flush()
    (alert,) = split(pair.sent[CLIENT][-1])
    assert (alert.content_type, alert.epoch) == (ContentType.ALERT, 1)
    failure = pair.events[CLIENT][-1].failure
    assert failure.text == "the association broke: unexpected message"
    assert (failure.sent_alert, failure.received_alert) == (Alert.UNEXPECTED_MESSAGE, None)


def test_a_fatal_alert_after_the_handshake_fails_but_delivers_what_came_before(monkeypatch):
    pair = DtlsPair().connect()

    def open_one_and_break(engine, records, payloads):
        payloads.append(b"before")
        engine.witness.note_alert(sent=False, level=2, code=80)
        raise AssociationBrokenError("ssl/tls alert internal error")

    monkeypatch.setattr(OpenSslEngine, "open", open_one_and_break)
    assert pair.server.receive(sealed(pair, b"before"), pair.now) == [b"before"]
    pair.flush()
    assert pair.server.state is State.FAILED
    change, failure = pair.events[SERVER][-1].change, pair.events[SERVER][-1].failure
    assert (change.old, change.reason.cause) == ("connected", "alert-received")
    assert failure.received_alert == 80
    assert failure.text == "the peer sent the fatal alert internal_error (80)"


# Payload.


def test_payload_goes_both_ways_and_batches():
    pair = DtlsPair().connect()
    messages = [bytes([n]) * 1100 for n in range(100)]
    pair.client.send(messages)
    (run,) = pair.client.poll_runs()
    assert run.segment_size == 1100 + MAX_RECORD_OVERHEAD
    assert pair.server.receive(run.datagrams(), pair.now) == messages
    pair.server.send([b"back"])
    (run,) = pair.server.poll_runs()
    assert pair.client.receive([run.data], pair.now) == [b"back"]


def test_nothing_to_send_is_fine():
    pair = DtlsPair().connect()
    pair.client.send([])
    assert pair.client.poll_runs() == []


@pytest.mark.parametrize("payload", [b"", bytes(16385)])
def test_payload_of_impossible_size_is_refused(payload):
    pair = DtlsPair().connect()
    with pytest.raises(ValueError, match="16384"):
        pair.client.send([b"fine", payload])
    assert pair.client.poll_runs() == []


def test_the_largest_payload_arrives():
    pair = DtlsPair().connect()
    largest = bytes(range(256)) * 64
    pair.client.send([b"before", largest, largest, b"after"])
    datagrams = [each for run in pair.client.poll_runs() for each in run.datagrams()]
    assert max(map(len, datagrams)) == MAX_DATAGRAM_SIZE
    assert pair.server.receive(datagrams, pair.now) == [b"before", largest, largest, b"after"]


def test_sending_before_connected_is_misuse():
    pair = DtlsPair()
    pair.start()
    with pytest.raises(InvalidStateError, match="connecting"):
        pair.client.send([b"early"])


def test_a_goodbye_ahead_of_the_handshake_is_not_heeded():
    pair = DtlsPair(keep=lambda sender, number: (sender, number) != (SERVER, 1))
    pair.start()
    pair.run(until=lambda: pair.server.state is State.CONNECTED)
    pair.server.close(pair.now)
    goodbye = pair.server.poll_runs()[0].data
    assert pair.client.receive([goodbye], pair.now) == []
    assert pair.client.state is State.CONNECTING
    pair.client.receive([pair.sent[SERVER][1] + goodbye], pair.now)
    assert pair.client.state is State.CLOSED


def test_server_payload_may_share_a_datagram_with_its_last_flight():
    pair = DtlsPair(keep=lambda sender, number: (sender, number) != (SERVER, 1))
    pair.start()
    pair.run(until=lambda: pair.server.state is State.CONNECTED)
    pair.server.send([b"at once"])
    datagram = pair.sent[SERVER][1] + pair.server.poll_runs()[0].data
    assert pair.client.receive([datagram], pair.now) == [b"at once"]
    assert pair.client.state is State.CONNECTED


def test_payload_ahead_of_the_handshake_is_not_delivered():
    pair = DtlsPair(keep=lambda sender, number: (sender, number) != (SERVER, 1))
    pair.start()
    pair.run(until=lambda: pair.server.state is State.CONNECTED)
    pair.server.send([b"too early"])
    datagram = pair.server.poll_runs()[0].data
    assert pair.client.receive([datagram], pair.now) == []
    assert pair.traces[CLIENT].counters == {"dtls-payload-unexpected": 1}
    pair.client.receive([pair.sent[SERVER][1]], pair.now)
    assert pair.client.state is State.CONNECTED


# Input that nobody should send.


def sealed(pair, *payloads):
    pair.client.send(list(payloads))
    return [each for run in pair.client.poll_runs() for each in run.datagrams()]


def test_replayed_and_forged_records_are_dropped_within_a_batch():
    pair = DtlsPair().connect()
    first, second, third = sealed(pair, b"one", b"two", b"three")
    forged = second[:-1] + bytes([second[-1] ^ 1])
    opened = pair.server.receive([first, forged, first, second, second, third], pair.now)
    assert opened == [b"one", b"two", b"three"]
    assert pair.server.state is State.CONNECTED
    assert pair.traces[SERVER].counters == {"dtls-payload-unverified": 3}


def test_records_in_any_order_are_opened():
    pair = DtlsPair().connect()
    datagrams = sealed(pair, b"one", b"two", b"three")
    assert pair.server.receive(datagrams[::-1], pair.now) == [b"three", b"two", b"one"]


def test_several_payload_records_in_a_datagram_are_opened():
    pair = DtlsPair().connect()
    datagrams = sealed(pair, b"one", b"two", b"three")
    assert pair.server.receive([b"".join(datagrams)], pair.now) == [b"one", b"two", b"three"]
    assert pair.traces[SERVER].counters == {}
    assert pair.server.receive([b"".join(datagrams[1:])], pair.now) == []
    assert pair.traces[SERVER].counters == {"dtls-payload-unverified": 2}


def test_garbage_between_good_records_harms_nobody():
    pair = DtlsPair().connect()
    first, second = sealed(pair, b"one", b"two")
    garbage = [
        b"",
        b"\x17",
        b"\x17\xfe\xfd\x00\x01" + bytes(6) + b"\xff\xff",
        first[:-1],
        bytes(2000),
        b"\x16\xfe\xfd" + bytes(8) + b"\x00\x01\x00",
        b"\x17\xfe\xfd\x00\x01" + bytes(6) + (40000).to_bytes(2) + bytes(40000),
    ]
    for order in ([*garbage, first], [second, *garbage]):
        assert len(pair.server.receive(order, pair.now)) == 1
    assert pair.server.state is State.CONNECTED
    counters = pair.traces[SERVER].counters
    assert counters == {"dtls-malformed": 12, "dtls-unacceptable": 2}


def test_plaintext_alerts_cannot_end_a_connected_association():
    pair = DtlsPair().connect()
    for alert in ("15fefd00000000000000500002022a", "15fefd000000000000005100020100"):
        pair.server.receive([bytes.fromhex(alert)], pair.now)
        pair.client.receive([bytes.fromhex(alert)], pair.now)
    assert pair.states == BOTH_CONNECTED


def test_a_new_client_hello_does_not_disturb_a_connected_association():
    pair = DtlsPair().connect()
    other = DtlsPair()
    other.client.start(0.0)
    hello = other.client.poll_runs()[0].data
    pair.now += 1
    for _ in range(20):
        pair.server.receive([hello], pair.now)
    # Taken for a repetition, it is answered, but not twenty times.
    assert len(pair.server.poll_runs()) == 1
    assert pair.server.receive(sealed(pair, b"fine"), pair.now) == [b"fine"]


def test_the_last_flight_is_forgotten_once_payload_shows_that_it_arrived():
    pair = DtlsPair().connect()
    pair.server.receive(sealed(pair, b"payload"), pair.now)
    pair.now += 1
    pair.server.receive([pair.sent[CLIENT][0]], pair.now)
    assert pair.server.poll_runs() == []


def test_oversized_handshake_messages_never_reach_openssl():
    server = DtlsEndpoint(CERTIFICATES[SERVER], DtlsRole.SERVER, [], trace := Trace())
    server.start(0.0)
    body = b"\x01" + (65536).to_bytes(3) + bytes(2) + bytes(3) + (100).to_bytes(3) + bytes(100)
    header = bytes.fromhex("16fefd0000000000000000") + len(body).to_bytes(2)
    server.receive([header + body], 0.0)
    assert trace.counters == {"dtls-unacceptable": 1}
    assert server.state is State.CONNECTING


@pytest.mark.parametrize("size", [7, 50, 100])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_client_hello_in_several_datagrams_is_put_together(size, backwards):
    pair = DtlsPair()
    pair.client.start(0.0)
    (record,) = split(pair.client.poll_runs()[0].data)
    message = record.data[25:]
    fragments = []
    for number, start in enumerate(range(0, len(message), size)):
        part = message[start : start + size]
        body = record.data[13:19] + start.to_bytes(3) + len(part).to_bytes(3) + part
        header = record.data[:5] + number.to_bytes(6) + len(body).to_bytes(2)
        fragments.append(header + body)
    assert len(fragments) > 1
    pair.server.start(0.0)
    for fragment in reversed(fragments) if backwards else fragments:
        assert pair.server.poll_runs() == []
        pair.server.receive([fragment], 0.0)
    flight = [run.data for run in pair.server.poll_runs()]
    # ServerHello, not HelloVerifyRequest: ICE has validated the source already.
    assert split(flight[0])[0].data[13] == 2
    pair.client.receive(flight, 0.0)
    pair.flush()
    assert pair.run(until=lambda: pair.states == BOTH_CONNECTED)


def test_every_single_bit_error_in_the_handshake_ends_in_a_state_and_not_an_exception():
    reference = DtlsPair().connect()
    for side, number in itertools.product((CLIENT, SERVER), (0, 1)):
        length = len(reference.sent[side][number])
        for position in range(0, length, 23):
            flipped = DtlsPair(keep=lambda s, n, lost=(side, number): (s, n) != lost)
            flipped.start()
            flipped.run(until=lambda p=flipped, s=side, n=number: len(p.sent[s]) > n, limit_s=1)
            datagram = bytearray(flipped.sent[side][number])
            datagram[position % len(datagram)] ^= 0x04
            flipped.inject(1 - side, bytes(datagram))
            flipped.run(limit_s=40)
            assert State.CONNECTING not in flipped.states


def test_small_datagrams_are_respected():
    pair = DtlsPair(config=DtlsConfig(mtu=256)).connect()
    assert max(len(each) for sent in pair.sent for each in sent) <= 256
    assert [len(sent) for sent in pair.sent] == [4, 4]
