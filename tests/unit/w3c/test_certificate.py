"""generateCertificate and what it makes (webrtc-pc 4.9)."""

import asyncio
import re
import time

import pytest

from frazil import (
    InvalidAccessError,
    InvalidModificationError,
    NotSupportedError,
    RTCCertificate,
    RTCPeerConnection,
)
from frazil.dtls import fingerprint_of
from support.virtual_pair import VirtualPair, on_virtual_pair

ECDSA = {"name": "ECDSA", "namedCurve": "P-256"}
RSA = {
    "name": "RSASSA-PKCS1-v1_5",
    "modulusLength": 2048,
    "publicExponent": b"\x01\x00\x01",
    "hash": "SHA-256",
}
DAY_MS = 86_400_000


def generate(algorithm) -> RTCCertificate:
    async def main() -> RTCCertificate:
        return await RTCPeerConnection.generateCertificate(algorithm)

    return asyncio.run(main())


@pytest.mark.parametrize(
    "algorithm",
    [
        ECDSA,
        ECDSA | {"name": "ecdsa"},
        RSA,
        RSA | {"publicExponent": [1, 0, 1], "hash": {"name": "sha-256"}},
    ],
)
def test_both_kinds_of_keys(algorithm) -> None:
    certificate = generate(algorithm)
    assert certificate.kind == ("ecdsa" if algorithm["name"].lower() == "ecdsa" else "rsa")
    (fingerprint,) = certificate.getFingerprints()
    assert fingerprint["algorithm"] == "sha-256"
    assert re.fullmatch("([0-9a-f]{2}:){31}[0-9a-f]{2}", fingerprint["value"])
    assert fingerprint["value"].upper() == fingerprint_of(certificate.der).value


@pytest.mark.parametrize(
    ("expires", "days"), [(None, 30), (DAY_MS, 1), (0, 0), (366 * DAY_MS, 365), (2**53 - 1, 365)]
)
def test_expires_is_from_now_and_bounded(expires, days) -> None:
    before = time.time() * 1000
    certificate = generate(ECDSA | {"expires": expires})
    assert abs(certificate.expires - before - days * DAY_MS) < 10_000


@pytest.mark.parametrize(
    "algorithm",
    [
        "x",
        {"name": "RSA-PSS"},
        ECDSA | {"namedCurve": "P-384"},
        RSA | {"modulusLength": 1024},
        RSA | {"publicExponent": b"\x03"},
        RSA | {"hash": "SHA-1"},
    ],
)
def test_other_keys_are_not_supported(algorithm) -> None:
    with pytest.raises(NotSupportedError):
        generate(algorithm)


@pytest.mark.parametrize(
    "algorithm",
    [
        "ECDSA",
        {},
        5,
        {"name": 5},
        {"name": "ECDSA"},
        ECDSA | {"expires": -1},
        ECDSA | {"expires": "soon"},
        {"name": "RSASSA-PKCS1-v1_5"},
        RSA | {"publicExponent": 65537},
        RSA | {"hash": {}},
    ],
)
def test_what_is_missing_or_of_the_wrong_type_is_a_type_error(algorithm) -> None:
    with pytest.raises(TypeError):
        generate(algorithm)


@on_virtual_pair
async def test_a_certificate_serves_several_connections(pair: VirtualPair) -> None:
    certificate = await RTCPeerConnection.generateCertificate(ECDSA)
    configuration = {"certificates": [certificate]}
    async with (
        VirtualPair(pair.net, (pair.host_a, pair.host_b), configuration=configuration) as one,
        VirtualPair(pair.net, (pair.host_a, pair.host_b), configuration=configuration) as two,
    ):
        for each in (one, two):
            assert each.a.getConfiguration()["certificates"] == [certificate]
            assert each.a.getConfiguration()["certificates"][0] is certificate
            await each.connect()
            assert each.a.sctp.transport.getRemoteCertificates() == [certificate.der]
            value = certificate.getFingerprints()[0]["value"].upper()
            assert f"a=fingerprint:sha-256 {value}\r\n" in each.a.localDescription.sdp
        one.a.setConfiguration(configuration)
        with pytest.raises(InvalidModificationError):
            one.a.setConfiguration({})


@on_virtual_pair
async def test_an_expired_certificate_is_refused(pair: VirtualPair) -> None:
    certificate = await RTCPeerConnection.generateCertificate(ECDSA | {"expires": 0})
    with pytest.raises(InvalidAccessError, match="expired"):
        RTCPeerConnection({"certificates": [certificate]}, network=pair.host_a)


@on_virtual_pair
async def test_remote_certificates_are_those_of_the_peer(pair: VirtualPair) -> None:
    await pair.connect()
    dtls = pair.a.sctp.transport
    (der,) = dtls.getRemoteCertificates()
    assert isinstance(der, bytes)
    assert fingerprint_of(der).value in pair.b.localDescription.sdp
