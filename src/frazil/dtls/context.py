"""The OpenSSL context: the rules that hold for every connection, whatever its certificate."""

from functools import cache
from typing import Final

from OpenSSL import SSL, crypto

from frazil.dtls.cipher_suite import CIPHER_SUITES
from frazil.dtls.witness import Witness

DTLS_1_2: Final = 0xFEFD

SRTP_PROFILES: Final = b"SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80"
"""Offered and accepted always (RFC 5764 4.1.1): the keys can be exported when media comes, and
aiortc breaks off a handshake without a common profile even if it carries data channels only.
"""


@cache
def shared_context() -> SSL.Context:
    """The context of connections whose certificate is theirs alone; to be left as it is.

    Building one costs as much as the rest of a connection, and none of its rules depends on a
    certificate: that is given to each connection.
    """
    return build_context()


def build_context() -> SSL.Context:
    """A context that speaks DTLS 1.2 and asks each peer for a certificate; it has none itself.

    The version is pinned: DTLS 1.3 changes the record header, the keys and the flights, on which
    :mod:`frazil.dtls.record`, :mod:`frazil.dtls.protection` and :mod:`frazil.dtls.flight` rest.
    The groups are those of OpenSSL, X25519 first. P-256 alone would be no cheaper, and would shut
    out peers with a certificate on another curve.
    """
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_min_proto_version(DTLS_1_2)
    context.set_max_proto_version(DTLS_1_2)
    # Without OP_NO_QUERY_MTU a memory BIO is taken for a link of 256 bytes. Sessions are never
    # resumed, so tickets and the session cache only cost bytes; renegotiation is forbidden by
    # RFC 8827 6.5 in spirit: the identity of the peer must not change under the data channel.
    context.set_options(SSL.OP_NO_QUERY_MTU | SSL.OP_NO_TICKET | SSL.OP_NO_RENEGOTIATION)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    context.set_tlsext_use_srtp(SRTP_PROFILES)
    context.set_cipher_list(":".join(CIPHER_SUITES).encode())
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, _verify)
    return context


def _verify(
    connection: SSL.Connection, certificate: crypto.X509, _error: int, depth: int, _ok: int
) -> bool:
    """Judge by fingerprint alone: issuers, dates and names mean nothing here (RFC 8827 6.5).

    OpenSSL asks once for each of its own complaints about a certificate and once more at the end.
    A connection sees one certificate of its peer in its life, so the first answer is for all.
    """
    if depth > 0:
        return True
    witness: Witness = connection.get_app_data()
    if witness.trusted is None:
        witness.judge(crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate))
    return witness.trusted is True
