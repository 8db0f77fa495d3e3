"""OpenSSL shakes hands, and what follows is ours: against OpenSSL that does all by itself."""

import gc
import weakref
from itertools import pairwise

import pytest
from OpenSSL import SSL

from frazil.dtls import DtlsRole, KeyKind
from frazil.dtls.alert import Alert, AlertLevel
from frazil.dtls.cipher_suite import CIPHER_SUITES
from frazil.dtls.handshake import Handshake
from frazil.dtls.record import ContentType, split
from frazil.states.enums import RTCDtlsTransportState as State
from support.dtls_pair import CERTIFICATES, CLIENT, SERVER, DtlsPair, make_certificate
from support.openssl_peer import OpenSslPeer

BOTH_ROLES = pytest.mark.parametrize("role", [DtlsRole.CLIENT, DtlsRole.SERVER])
RSA = (make_certificate(21, KeyKind.RSA), make_certificate(22, KeyKind.RSA))
PAYLOADS = [b"one", bytes(1160), b"t" * 1160, bytes(range(256)) * 64, b"!"]


def seal(peer, payloads):
    peer.endpoint.send(payloads)
    return peer.poll()


@BOTH_ROLES
@pytest.mark.parametrize("name", CIPHER_SUITES)
def test_each_suite_seals_and_opens_as_openssl_does(role, name):
    certificates = RSA if "RSA" in name else CERTIFICATES
    peer = OpenSslPeer(role, ciphers=name, certificates=certificates).connect()
    assert peer.endpoint.cipher == CIPHER_SUITES[name].name
    for _ in range(2):
        assert peer.open(seal(peer, PAYLOADS)) == PAYLOADS
        assert [peer.tell(peer.seal(each), 1.0) for each in PAYLOADS] == [
            [each] for each in PAYLOADS
        ]
    assert peer.trace.counters == {}


@BOTH_ROLES
@pytest.mark.parametrize("name", CIPHER_SUITES)
def test_exported_keys_are_those_of_openssl(role, name):
    certificates = RSA if "RSA" in name else CERTIFICATES
    peer = OpenSslPeer(role, ciphers=name, certificates=certificates).connect()
    for label, length in ((b"EXTRACTOR-dtls_srtp", 60), (b"EXPERIMENTAL frazil", 1)):
        theirs = peer.connection.export_keying_material(label, length)
        assert peer.endpoint.export_keying_material(label, length) == theirs


@pytest.mark.parametrize("profile", [b"SRTP_AES128_CM_SHA1_80", b"SRTP_AEAD_AES_128_GCM"])
@BOTH_ROLES
def test_an_srtp_profile_is_agreed_on_because_aiortc_insists(role, profile):
    peer = OpenSslPeer(role, srtp_profile=profile).connect()
    assert peer.connection.get_selected_srtp_profile() == profile


@pytest.mark.parametrize(
    "ciphers", ["AES128-SHA", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES128-CCM"]
)
def test_a_peer_without_any_of_the_suites_is_told_so(ciphers):
    peer = OpenSslPeer(DtlsRole.CLIENT, ciphers=ciphers + ":@SECLEVEL=0")
    peer.endpoint.start(0.0)
    assert not peer.handshake()
    peer.tell(peer.output(), 0.0)
    assert peer.endpoint.state is State.FAILED
    assert peer.endpoint.poll_events()[-1].failure.sent_alert == Alert.HANDSHAKE_FAILURE


@pytest.mark.parametrize(
    ("alert", "received", "text"),
    [
        (bytes((AlertLevel.FATAL, Alert.HANDSHAKE_FAILURE)), 40, "handshake_failure (40)"),
        (bytes((AlertLevel.FATAL, Alert.UNKNOWN_CA)), 48, "unknown_ca (48)"),
        (bytes((AlertLevel.FATAL, Alert.INTERNAL_ERROR)), 80, "internal_error (80)"),
        (b"\x02", None, "the association broke"),
        (b"\x02\x28\x28", None, "the association broke"),
    ],
)
def test_an_alert_during_the_handshake_is_named(alert, received, text):
    peer = OpenSslPeer(DtlsRole.CLIENT)
    peer.endpoint.start(0.0)
    peer.handshake()
    peer.tell(peer.output(), 0.0)
    header = bytes((ContentType.ALERT,)) + bytes.fromhex("fefd 0000 000000000009")
    peer.tell(header + len(alert).to_bytes(2) + alert, 0.1)
    failure = peer.endpoint.poll_events()[-1].failure
    assert failure.received_alert == received
    assert text in failure.text


# Numbers and nonces.


@BOTH_ROLES
def test_record_numbers_go_on_where_openssl_stopped(role):
    peer = OpenSslPeer(role).connect()
    seal(peer, [b"one", b"two"])
    sealed = [each for datagram in peer.sent for each in split(datagram) if each.epoch == 1]
    assert [each.content_type for each in sealed] == [22, 23, 23]
    assert [int.from_bytes(each.data[5:11]) for each in sealed] == [0, 1, 2]


@BOTH_ROLES
@pytest.mark.parametrize("attempt", range(8))
def test_no_nonce_of_aes_gcm_comes_near_one_of_openssl(role, attempt):
    peer = OpenSslPeer(role, ciphers="ECDHE-ECDSA-AES128-GCM-SHA256").connect()
    seal(peer, [b"payload"] * 20)
    peer.endpoint.close(1.0)
    peer.poll()
    sealed = [each for datagram in peer.sent for each in split(datagram) if each.epoch == 1]
    nonces = [int.from_bytes(each.data[13:21]) for each in sealed]
    assert len(nonces) == len(set(nonces)) == 22
    theirs, ours = nonces[0], nonces[1:]
    assert ours == list(range(ours[0], ours[0] + 21))
    assert min(min((each - theirs) % 2**64, (theirs - each) % 2**64) for each in ours) > 2**62


@BOTH_ROLES
def test_openssl_counts_its_nonces_up_by_one(role):
    """Which is what keeps them away from ours."""
    peer = OpenSslPeer(role, ciphers="ECDHE-ECDSA-AES128-GCM-SHA256").connect()
    nonces = [int.from_bytes(peer.seal(b"payload")[13:21]) for _ in range(20)]
    assert all((b - a) % 2**64 == 1 for a, b in pairwise(nonces))


# What OpenSSL leaves behind.


@pytest.fixture
def handshakes(monkeypatch):
    """Weak references to OpenSSL's objects."""
    made = []

    def new_connection(certificate):
        connection = original(certificate)
        made.append(weakref.ref(connection))
        return connection

    original = type(CERTIFICATES[0]).new_connection
    monkeypatch.setattr(type(CERTIFICATES[0]), "new_connection", new_connection)
    return made


def test_openssl_is_gone_once_the_handshake_is_complete(handshakes):
    gc.collect()
    gc.disable()
    try:
        pair = DtlsPair()
        pair.start()
        client, server = handshakes
        assert client() is not None
        assert server() is not None
        assert pair.run(until=lambda: pair.server.state is State.CONNECTED)
        assert server() is None
        assert pair.run(until=lambda: pair.client.state is State.CONNECTED)
        assert client() is None
    finally:
        gc.enable()
    for endpoint in pair.endpoints:
        assert endpoint.cipher == "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
        assert len(endpoint.export_keying_material(b"EXTRACTOR-dtls_srtp", 60)) == 60


def test_openssl_is_gone_once_the_handshake_has_failed(handshakes):
    gc.collect()
    gc.disable()
    try:
        pair = DtlsPair(server_trusts=[])
        pair.start()
        pair.run()
        assert pair.states == (State.FAILED, State.FAILED)
        assert [connection() for connection in handshakes] == [None, None]
    finally:
        gc.enable()
    pair.now += 1
    pair.server.receive(pair.sent[CLIENT][-1:], pair.now)
    (alert,) = pair.server.poll_runs()  # told again, from what is in the outbox
    assert alert.data[0] == ContentType.ALERT


# After the handshake.


def heard(peer, datagrams):
    """What OpenSSL says about records that carry no payload."""
    try:
        return peer.open(datagrams)
    except SSL.Error as error:
        return error


@BOTH_ROLES
def test_goodbyes_are_understood_both_ways(role):
    peer = OpenSslPeer(role).connect()
    peer.connection.shutdown()
    assert peer.tell(peer.output(), 1.0) == []
    assert peer.endpoint.state is State.CLOSED
    (answer,) = peer.poll()
    assert isinstance(heard(peer, [answer]), SSL.ZeroReturnError)


@BOTH_ROLES
def test_our_goodbye_comes_after_our_payload(role):
    peer = OpenSslPeer(role).connect()
    datagrams = seal(peer, [b"last words"])
    peer.endpoint.close(1.0)
    assert peer.open(datagrams) == [b"last words"]
    assert isinstance(heard(peer, peer.poll()), SSL.ZeroReturnError)


@BOTH_ROLES
def test_another_handshake_is_declined_and_the_association_goes_on(role):
    peer = OpenSslPeer(role).connect()
    assert peer.connection.renegotiate()
    peer.handshake()
    request = peer.output()
    assert peer.tell(request, 1.0) == []
    (refusal,) = peer.poll()
    (record,) = split(refusal)
    assert (record.content_type, record.epoch) == (ContentType.ALERT, 1)
    assert peer.endpoint.state is State.CONNECTED
    assert peer.open(seal(peer, [b"still here"])) == [b"still here"]


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_client_that_lacks_the_last_flight_gets_it_again(lost):
    peer = OpenSslPeer(DtlsRole.CLIENT)
    peer.endpoint.start(0.0)
    peer.handshake()
    peer.tell(peer.output(), 0.0)
    peer.hear(peer.poll())
    peer.handshake()
    flight = peer.output()
    for attempt in range(lost):
        peer.tell(flight, float(attempt))
        assert peer.poll()
        assert peer.endpoint.state is State.CONNECTED
    peer.tell(flight, float(lost))
    peer.hear(peer.poll())
    assert peer.handshake()
    assert peer.tell(peer.seal(b"at last"), float(lost)) == [b"at last"]
    assert peer.open(seal(peer, [b"welcome"])) == [b"welcome"]
    peer.tell(flight, lost + 1.0)
    assert peer.poll() == []


# Sealed by a peer that is not OpenSSL.


@pytest.fixture
def pair():
    return DtlsPair().connect()


def control(pair, side, content_type, content):
    """What the endpoint of ``side`` would send as another type of record."""
    return pair.endpoints[side]._engine._sealer.seal(content_type, [content])


BOTH_SIDES = pytest.mark.parametrize("side", [CLIENT, SERVER])


@BOTH_SIDES
def test_a_sealed_fatal_alert_fails_the_association(pair, side):
    alert = control(pair, side, 21, bytes((AlertLevel.FATAL, Alert.INTERNAL_ERROR)))
    payload = control(pair, side, 23, b"before")
    other = pair.endpoints[1 - side]
    assert other.receive([payload + alert + control(pair, side, 23, b"after")], 1.0) == [b"before"]
    assert other.state is State.FAILED
    failure = other.poll_events()[-1].failure
    assert (failure.received_alert, failure.sent_alert) == (Alert.INTERNAL_ERROR, None)
    assert failure.text == "the peer sent the fatal alert internal_error (80)"
    assert other.poll_runs() == []


@pytest.mark.parametrize(
    "alert",
    [
        bytes((AlertLevel.WARNING, Alert.NO_RENEGOTIATION)),
        bytes((AlertLevel.WARNING, Alert.USER_CANCELED)),
        bytes((3, Alert.INTERNAL_ERROR)),
        b"",
        b"\x02",
        b"\x02\x50\x00",
    ],
)
def test_other_alerts_change_nothing(pair, alert):
    assert pair.server.receive([control(pair, CLIENT, 21, alert)], 1.0) == []
    assert pair.server.state is State.CONNECTED
    assert pair.server.poll_runs() == []


def test_a_goodbye_counts_whatever_its_level(pair):
    pair.server.receive([control(pair, CLIENT, 21, b"\x02\x00")], 1.0)
    assert pair.server.state is State.CLOSED


@pytest.mark.parametrize("content", [b"", b"\x02", b"\x14" + bytes(23), b"\xff"])
def test_other_sealed_handshake_messages_change_nothing(pair, content):
    pair.server.receive([control(pair, CLIENT, 23, b"the last flight has arrived")], 1.0)
    assert pair.server.receive([control(pair, CLIENT, 22, content)], 1.0) == []
    assert pair.server.receive([control(pair, CLIENT, 20, b"\x01")], 1.0) == []
    assert pair.server.state is State.CONNECTED
    assert pair.server.poll_runs() == []


def test_a_finished_with_a_new_number_is_answered_by_the_last_flight(pair):
    """Others than OpenSSL seal their Finished anew whenever they repeat it."""
    finished = [control(pair, CLIENT, 22, b"\x14" + bytes(23)) for _ in range(2)]
    assert pair.server.receive(finished[:1], 1.0) == []
    (run,) = pair.server.poll_runs()
    cipher_spec, ours = split(run.data)
    assert cipher_spec.data != split(pair.sent[SERVER][-1])[0].data  # its number is another
    assert ours == split(pair.sent[SERVER][-1])[1]
    pair.server.receive([control(pair, CLIENT, 23, b"payload")], 1.0)
    pair.server.receive(finished[1:], 2.0)
    assert pair.server.poll_runs() == []


def test_many_sealed_hellos_in_a_datagram_get_one_answer(pair):
    hellos = b"".join(control(pair, CLIENT, 22, b"\x01" + bytes(11)) for _ in range(300))
    assert pair.server.receive([hellos], 1.0) == []
    (run,) = pair.server.poll_runs()
    assert len(split(run.data)) == 1


def test_payload_after_a_goodbye_is_not_read(pair):
    goodbye = control(pair, CLIENT, 21, b"\x01\x00")
    late = control(pair, CLIENT, 23, b"late")
    assert pair.server.receive([goodbye + late, late], 1.0) == []


def test_a_handshake_that_was_taken_over_has_nothing_to_repeat(pair):
    engine = pair.client._engine
    engine.retransmit()
    assert engine.handshake(b"") is True
    assert engine.output() == b""


def test_a_handshake_that_has_begun_has_sealed_nothing():
    witness = DtlsPair().client._engine.witness
    handshake = Handshake(CERTIFICATES[CLIENT], DtlsRole.CLIENT, witness, 1200)
    assert not handshake.advance(b"")
    assert handshake.output()
    assert handshake.last_sealed == b""
    assert handshake.remote_certificates == ()
