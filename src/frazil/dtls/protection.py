"""Sealing and opening records of DTLS 1.2 with an AEAD (RFC 6347 4.1.2, RFC 5246 6.2.3.3).

OpenSSL seals the few records of the handshake. Everything after them is sealed and opened here: one
call of the cipher for a record, and nothing to keep but a key, a number and a window. The loops are
those that every packet passes. What stays the same from record to record is made once, before them.

Record numbers do not run out: a record in each microsecond uses 48 bits up in nine years.
"""

from collections.abc import Iterator
from typing import Final

from cryptography.exceptions import InvalidTag

from frazil.compiled import mypyc_attr
from frazil.dtls.cipher_suite import NONCE_SIZE, CipherSuite
from frazil.dtls.record import HEADER_SIZE, MAX_PLAINTEXT_SIZE, ContentType
from frazil.dtls.replay_window import ReplayWindow
from frazil.value import Value

_VERSION_AND_EPOCH: Final = b"\xfe\xfd\x00\x01"
"""The same in all sealed records: the handshake is not repeated, so there is no other epoch."""
_VERSION: Final = b"\xfe\xfd"
_EPOCH: Final = b"\x00\x01"
_NUMBER_SIZE: Final = 6
_EXPLICIT_END: Final = HEADER_SIZE + 8
_PAYLOAD: Final = int(ContentType.APPLICATION_DATA)


@mypyc_attr(acyclic=True)
class Control(Value):
    """What an authentic record carried that is no payload.

    Attributes:
        content_type: A :class:`ContentType`, or any other octet.
        content: What was sealed.
    """

    __slots__ = ("content", "content_type")

    def __init__(self, content_type: int, content: bytes) -> None:
        self.content_type = content_type
        self.content = content

    def as_tuple(self) -> tuple[object, ...]:
        """The fields."""
        return self.content_type, self.content


@mypyc_attr(acyclic=True)
class Sealer:
    """Seals the records of one direction, in the place of whoever sealed the last one.

    No two records may have the same nonce under one key. With ChaCha20 the record number makes the
    nonce, and we go on with the next. With AES-GCM OpenSSL begins with 64 bits drawn at random, and
    counts. We send the record number behind 16 bits, the first of which is not OpenSSL's: there are
    more than 2^62 nonces between its and ours, and we use 2^48.

    Args:
        suite: The cipher suite.
        key: The key of the direction.
        iv: Its part of the nonces.
        last: The record that was sealed last.
    """

    __slots__ = (
        "_cipher",
        "_content_type",
        "_end",
        "_explicit_start",
        "_growth",
        "_iv",
        "_mask",
        "_middle",
        "_next_number",
        "_size",
        "_start",
    )

    def __init__(self, suite: CipherSuite, key: bytes, iv: bytes, last: bytes) -> None:
        self._cipher = suite.aead(key)
        self._growth = suite.growth
        self._explicit_start = b""
        if len(iv) < NONCE_SIZE:
            self._explicit_start = bytes((last[HEADER_SIZE] ^ 0x80, last[HEADER_SIZE + 1]))
        self._iv = iv + self._explicit_start
        self._mask = _mask(iv)
        self._next_number = int.from_bytes(last[5:11]) + 1
        self._lay_out(_PAYLOAD, 0)

    def _lay_out(self, content_type: int, size: int) -> None:
        """Make what stands around the number, in records of a type and size.

        Most are like the last one.
        """
        kind = bytes((content_type,))
        self._content_type = content_type
        self._size = size
        self._start = kind + _VERSION_AND_EPOCH
        self._middle = (size + self._growth).to_bytes(2, "big") + self._explicit_start
        self._end = kind + _VERSION + size.to_bytes(2, "big")

    def seal(self, content_type: int, contents: list[bytes]) -> bytes:
        """One record for each content, back to back, each longer by the same overhead."""
        encrypt, iv, mask = self._cipher.encrypt, self._iv, self._mask
        is_explicit = bool(self._explicit_start)
        if content_type != self._content_type:
            self._lay_out(content_type, self._size)
        start, middle, end, known_size = self._start, self._middle, self._end, self._size
        number = self._next_number
        parts: list[bytes] = []
        for content in contents:
            size = len(content)
            if size != known_size:
                self._lay_out(content_type, size)
                start, middle, end, known_size = self._start, self._middle, self._end, size
            digits = number.to_bytes(_NUMBER_SIZE, "big")
            additional_data = _EPOCH + digits + end
            if is_explicit:
                sealed = encrypt(iv + digits, content, additional_data)
                parts += (start, digits, middle, digits, sealed)
            else:
                sealed = encrypt(
                    (mask ^ number).to_bytes(NONCE_SIZE, "big"), content, additional_data
                )
                parts += (start, digits, middle, sealed)
            number += 1
        self._next_number = number
        return b"".join(parts)


@mypyc_attr(acyclic=True)
class Opener:
    """Opens the records of one direction, each once.

    Args:
        suite: The cipher suite.
        key: The key of the direction.
        iv: Its part of the nonces.
    """

    __slots__ = ("_cipher", "_end", "_growth", "_iv", "_mask", "_size", "_window")

    def __init__(self, suite: CipherSuite, key: bytes, iv: bytes) -> None:
        self._cipher = suite.aead(key)
        self._growth = suite.growth
        self._iv = iv
        self._mask = _mask(iv)
        self._window = ReplayWindow()
        self._size = -1  # of the last content
        self._end = b""

    def open(self, records: Iterator[bytes], payloads: list[bytes]) -> Control | None:
        """Append the payloads of whole records of epoch 1, up to one that carries something else.

        Args:
            records: Consumed as far as they were opened.
            payloads: Where to append.

        Returns:
            What the last record carried that was consumed, if that is no payload; ``None`` if there
            are no more records. Those that are not authentic, were seen or are too old are
            passed over (RFC 6347 4.1.2.7).
        """
        decrypt, iv, mask, window = self._cipher.decrypt, self._iv, self._mask, self._window
        is_explicit = len(iv) < NONCE_SIZE
        overhead = HEADER_SIZE + self._growth
        known_size, end = self._size, self._end
        due = window.end
        for record in records:
            size = len(record) - overhead
            if size != known_size:
                if not 0 <= size <= MAX_PLAINTEXT_SIZE:
                    continue
                self._size = known_size = size
                self._end = end = size.to_bytes(2, "big")
            number = int.from_bytes(record[5:11])
            if number < due and not window.accepts(number):
                continue
            additional_data = record[3:11] + record[:3] + end
            try:
                if is_explicit:
                    nonce = iv + record[HEADER_SIZE:_EXPLICIT_END]
                    content = decrypt(nonce, record[_EXPLICIT_END:], additional_data)
                else:
                    nonce = (mask ^ number).to_bytes(NONCE_SIZE, "big")
                    content = decrypt(nonce, record[HEADER_SIZE:], additional_data)
            except InvalidTag:
                continue
            if number == due:
                due = window.end = number + 1
            else:
                window.add(number)
                due = window.end
            if record[0] != _PAYLOAD:
                return Control(record[0], content)
            if content:
                payloads.append(content)
        return None


def _mask(iv: bytes) -> int:
    """What gives the nonce when a record number is laid over it (RFC 7905 2)."""
    return int.from_bytes(iv) ^ (1 << 48)
