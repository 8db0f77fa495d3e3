"""Payload through OpenSSL's memory BIOs: records in and out, many at a time.

Around each call pyOpenSSL converts and checks its arguments and asks for errors, which takes as
long as sealing a record. :class:`DirectPath` calls what it stands on instead. Those names are
private, so a pyOpenSSL that lacks one of them is used by its public face, :class:`PublicPath`.
"""

from collections.abc import Sequence
from typing import Any, Final, Protocol

from OpenSSL import SSL

from frazil.dtls.record import MAX_PLAINTEXT_SIZE

_ffi: Final[Any] = getattr(SSL, "_ffi", None)
_lib: Final[Any] = getattr(SSL, "_lib", None)
_allocate: Final[Any] = _ffi and _ffi.new_allocator(should_clear_after_alloc=False)
_FUNCTIONS: Final = ("BIO_read", "BIO_write", "SSL_read", "SSL_write")
_ATTRIBUTES: Final = ("_from_ssl", "_handle_bio_errors", "_into_ssl", "_raise_ssl_error", "_ssl")


class PayloadPath(Protocol):
    """Sealing and opening on one connection; the errors are those of :mod:`OpenSSL.SSL`."""

    def feed(self, records: bytes) -> None:
        """Hand over whole records, to be read out next."""

    def open(self, count: int, payloads: list[bytes]) -> None:
        """Append up to ``count`` opened payloads."""

    def seal(self, payloads: Sequence[bytes], size: int) -> bytes:
        """One record per payload, back to back, together at most ``size`` bytes."""


class PublicPath:
    """Uses what pyOpenSSL documents."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SSL.Connection) -> None:
        self._connection = connection

    def feed(self, records: bytes) -> None:
        """Hand over whole records, to be read out next."""
        self._connection.bio_write(records)

    def open(self, count: int, payloads: list[bytes]) -> None:
        """Append up to ``count`` opened payloads."""
        recv = self._connection.recv
        for _ in range(count):
            payloads.append(recv(MAX_PLAINTEXT_SIZE))  # noqa: PERF401 - keeps what came before an end

    def seal(self, payloads: Sequence[bytes], size: int) -> bytes:
        """One record per payload, back to back, together at most ``size`` bytes."""
        send = self._connection.send
        for payload in payloads:
            send(payload)
        return self._connection.bio_read(size)


class DirectPath:
    """Calls OpenSSL itself; pyOpenSSL says what went wrong if something did."""

    __slots__ = ("_connection", "_from_ssl", "_into_ssl", "_ssl")

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._ssl: Any = connection._ssl
        self._into_ssl: Any = connection._into_ssl
        self._from_ssl: Any = connection._from_ssl

    def feed(self, records: bytes) -> None:
        """Hand over whole records, to be read out next."""
        done = _lib.BIO_write(self._into_ssl, records, len(records))
        if done <= 0:
            self._connection._handle_bio_errors(self._into_ssl, done)

    def open(self, count: int, payloads: list[bytes]) -> None:
        """Append up to ``count`` opened payloads."""
        read, view, ssl = _lib.SSL_read, _ffi.buffer, self._ssl
        # One for each call: another thread may be in OpenSSL with another connection.
        buffer = _allocate("char[]", MAX_PLAINTEXT_SIZE)
        for _ in range(count):
            size = read(ssl, buffer, MAX_PLAINTEXT_SIZE)
            if size <= 0:
                self._connection._raise_ssl_error(ssl, size)
                return
            payloads.append(view(buffer, size)[:])

    def seal(self, payloads: Sequence[bytes], size: int) -> bytes:
        """One record per payload, back to back, together at most ``size`` bytes."""
        write, ssl = _lib.SSL_write, self._ssl
        for payload in payloads:
            done = write(ssl, payload, len(payload))
            if done <= 0:
                self._connection._raise_ssl_error(ssl, done)
        buffer = _allocate("char[]", size)
        done = _lib.BIO_read(self._from_ssl, buffer, size)
        if done <= 0:
            self._connection._handle_bio_errors(self._from_ssl, done)
        sealed: bytes = _ffi.buffer(buffer, done)[:]
        return sealed


def payload_path(connection: SSL.Connection) -> PayloadPath:
    """The quickest path there is on this connection."""
    is_direct = _has_all(_lib, _FUNCTIONS) and _has_all(connection, _ATTRIBUTES) and bool(_allocate)
    return DirectPath(connection) if is_direct else PublicPath(connection)


def _has_all(owner: object, names: Sequence[str]) -> bool:
    return all(getattr(owner, name, None) is not None for name in names)
