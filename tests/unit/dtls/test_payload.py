"""Both ways through OpenSSL do the same; which one is taken is decided by what pyOpenSSL has."""

import pytest
from OpenSSL import SSL

from frazil.dtls import payload
from frazil.dtls.payload import DirectPath, PublicPath, payload_path
from support.dtls_pair import DtlsPair

pytestmark = pytest.mark.interpreted

BOTH = pytest.mark.parametrize("path", [PublicPath, DirectPath])
PAYLOADS = [b"one", b"t" * 1160, bytes(16_384)]


def connections() -> tuple[SSL.Connection, SSL.Connection]:
    pair = DtlsPair().connect()
    return pair.client._engine._connection, pair.server._engine._connection


@BOTH
def test_what_is_sealed_is_opened_in_order(path) -> None:
    client, server = map(path, connections())
    for batch in (PAYLOADS[:2], PAYLOADS[2:], PAYLOADS[:1] * 12):
        opened: list[bytes] = []
        server.feed(client.seal(batch, sum(map(len, batch)) + 37 * len(batch)))
        server.open(len(batch), opened)
        assert opened == batch


@BOTH
def test_what_does_not_verify_is_skipped_and_the_end_is_told_by_the_usual_error(path) -> None:
    client, server = map(path, connections())
    damaged = bytearray(client.seal([b"first", b"second"], 1000))
    damaged[20] ^= 1
    opened: list[bytes] = []
    server.feed(bytes(damaged))
    with pytest.raises(SSL.WantReadError):
        server.open(2, opened)
    assert opened == [b"second"]


@BOTH
def test_a_goodbye_is_told_after_what_came_before_it(path) -> None:
    client, server = connections()
    sealed = path(client).seal([b"last words"], 100)
    client.shutdown()
    reader, opened = path(server), []
    reader.feed(sealed + client.bio_read(1000))
    with pytest.raises(SSL.ZeroReturnError):
        reader.open(2, opened)
    assert opened == [b"last words"]


@BOTH
def test_sealing_on_a_connection_that_is_over_raises(path) -> None:
    client, _ = connections()
    client.shutdown()
    with pytest.raises(SSL.Error):
        path(client).seal([b"too late"], 100)


@BOTH
def test_nothing_to_read_raises(path) -> None:
    client, _ = connections()
    with pytest.raises(SSL.WantReadError):
        path(client).seal([], 100)


def test_this_pyopenssl_is_called_directly() -> None:
    assert isinstance(payload_path(connections()[0]), DirectPath)


@pytest.mark.parametrize("name", ["_lib", "_allocate"])
def test_another_pyopenssl_is_used_by_its_public_face(monkeypatch, name) -> None:
    monkeypatch.setattr(payload, name, None)
    assert isinstance(payload_path(connections()[0]), PublicPath)


def test_a_connection_without_the_private_names_is_used_by_its_public_face() -> None:
    class Other:
        """Has none of them."""

    assert isinstance(payload_path(Other()), PublicPath)
