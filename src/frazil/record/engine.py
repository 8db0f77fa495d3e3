"""DTLS at the boundary to its keys: recorded, and played back.

What comes of a handshake depends on random numbers of OpenSSL's own, and keys are not recorded, so
neither can be done again. Of each call the recording holds what came of it: payloads that were
opened, records of the handshake as they are, and of sealed payload its size, its place in the
sequence and the digest of the packets that went in. A replay gets the same opened payloads; what it
wants sealed must have the same digest, and comes out as records of the same size whose content is
zeros.
"""

import hashlib
from typing import Any, Final, Protocol

from frazil.dtls import (
    AssociationBrokenError,
    Certificate,
    CloseNotifyReceived,
    DtlsRole,
    Engine,
    EngineFactory,
    Witness,
)
from frazil.record.payload import without_checksum
from frazil.record.recorder import Recorder
from frazil.record.value import Json, decode_bytes, encode_bytes

_HEADER_SIZE: Final = 13
_SEALED_PREFIX: Final = b"\x17\xfe\xfd\x00\x01"
_CLOSE_NOTIFY: Final = "close-notify"


class RecordedEngine:
    """An engine, and a record of what came of each call.

    Each entry is a list: the operation, its outcome, and how it ended if it raised.
    """

    def __init__(self, engine: Engine, recorder: Recorder) -> None:
        self.witness = engine.witness
        self._engine = engine
        self._recorder = recorder
        self._known: list[Json] = _testimony(engine.witness)

    def handshake(self, records: bytes) -> bool:
        """Let the handshake advance, and note how far it got.

        The records came in a datagram that is recorded already.
        """
        is_done, end = False, None
        try:
            is_done = self._engine.handshake(records)
        except (CloseNotifyReceived, AssociationBrokenError) as error:
            end = error
        self._note("handshake", is_done, end)
        return is_done

    def open(self, records: list[bytes], payloads: list[bytes]) -> None:
        """Open payloads, and note them."""
        opened: list[bytes] = []
        end = None
        try:
            self._engine.open(records, opened)
        except (CloseNotifyReceived, AssociationBrokenError) as error:
            end = error
        payloads += opened
        told = map(self._recorder.redaction.received_packet, opened)
        self._note("open", [encode_bytes(packet) for packet in told], end)

    def seal(self, payloads: list[bytes]) -> bytes:
        """Seal payloads, and note what they were and how they look from outside."""
        sealed = self._engine.seal(payloads)
        overhead = (len(sealed) - sum(map(len, payloads))) // len(payloads)
        digest = hashlib.sha256()
        for payload in payloads:
            told = self._recorder.redaction.sent_packet(payload)
            digest.update(len(told).to_bytes(4) + without_checksum(told))
        sequence = int.from_bytes(sealed[5:11])
        self._note("seal", [len(payloads), digest.hexdigest(), sequence, overhead])
        return sealed

    def retransmit(self) -> None:
        """Let the flight be sealed anew, and note how it ended."""
        end = None
        try:
            self._engine.retransmit()
        except AssociationBrokenError as error:
            end = error
        self._note("retransmit", None, end)

    def close(self) -> None:
        """Write close_notify; the next output holds it."""
        self._engine.close()

    def output(self) -> bytes:
        """Take what was written besides payload, and note it."""
        data = self._engine.output()
        self._note("output", encode_bytes(data))
        return data

    def export_keying_material(self, label: bytes, length: int) -> bytes:
        """Keys, of which nothing is noted: nothing that is recorded depends on them."""
        return self._engine.export_keying_material(label, length)

    @property
    def cipher(self) -> str | None:
        """The cipher suite, noted."""
        cipher = self._engine.cipher
        self._note("cipher", cipher)
        return cipher

    @property
    def remote_certificates(self) -> tuple[bytes, ...]:
        """The peer's certificates, noted."""
        certificates = self._engine.remote_certificates
        self._note("certificates", [encode_bytes(der) for der in certificates])
        return certificates

    def _note(self, operation: str, outcome: Json, end: Exception | None = None) -> None:
        """Write an entry; raise ``end`` if the call ended in it."""
        entry: list[Json] = [operation, outcome]
        testimony = _testimony(self.witness)
        if testimony != self._known:
            self._known = testimony
            entry += [_ending(end), testimony]
        elif end is not None:
            entry.append(_ending(end))
        self._recorder.note_dtls(entry)
        if end is not None:
            raise end


class Source(Protocol):
    """Where a replayed engine gets its outcomes."""

    def take_dtls(self, operation: str) -> list[Any]:
        """The next entry, if it is of this operation; an empty list otherwise."""


class ReplayedEngine:
    """Does what a recording says an engine did.

    Where the recording has nothing to say it gives nothing: no handshake, no payloads.
    """

    def __init__(self, witness: Witness, source: Source) -> None:
        self.witness = witness
        self._source = source

    def handshake(self, records: bytes) -> bool:
        """Advance as recorded."""
        return bool(self._outcome("handshake"))

    def open(self, records: list[bytes], payloads: list[bytes]) -> None:
        """Give the recorded payloads."""
        entry = self._source.take_dtls("open")
        payloads += [decode_bytes(each) for each in (entry[1] if entry else ())]
        self._end(entry)

    def seal(self, payloads: list[bytes]) -> bytes:
        """Records of the recorded numbers and overhead that hold zeros."""
        _, _, first, overhead = self._outcome("seal") or (0, "", 0, 37)
        sealed = b""
        for number, payload in enumerate(payloads, first):
            size = len(payload) + overhead - _HEADER_SIZE
            sealed += _SEALED_PREFIX + number.to_bytes(6) + size.to_bytes(2) + bytes(size)
        return sealed

    def retransmit(self) -> None:
        """End as recorded."""
        self._outcome("retransmit")

    def close(self) -> None:
        """Nothing to write: the next output is recorded."""

    def output(self) -> bytes:
        """The recorded records."""
        outcome = self._outcome("output")
        return b"" if outcome is None else decode_bytes(outcome)

    def export_keying_material(self, label: bytes, length: int) -> bytes:
        """Zeros: keys are not recorded."""
        return bytes(length)

    @property
    def cipher(self) -> str | None:
        """The recorded cipher suite."""
        cipher: str | None = self._outcome("cipher")
        return cipher

    @property
    def remote_certificates(self) -> tuple[bytes, ...]:
        """The recorded certificates."""
        return tuple(map(decode_bytes, self._outcome("certificates") or ()))

    def _outcome(self, operation: str) -> Any:
        entry = self._source.take_dtls(operation)
        self._end(entry)
        return entry[1] if entry else None

    def _end(self, entry: list[Any]) -> None:
        """Say what OpenSSL told by callback, and raise what it raised."""
        if len(entry) > 3:
            certificate, received_alert, sent_alert = entry[3]
            if certificate is not None:
                self.witness.judge(decode_bytes(certificate))
            self.witness.received_alert = received_alert
            self.witness.sent_alert = sent_alert
        if len(entry) > 2 and entry[2] is not None:
            if entry[2] == _CLOSE_NOTIFY:
                raise CloseNotifyReceived
            raise AssociationBrokenError(entry[2])


def recorded_engine(recorder: Recorder, inner: EngineFactory) -> EngineFactory:
    """Makes engines of which a record is kept."""

    def make(certificate: Certificate, role: DtlsRole, witness: Witness, mtu: int) -> Engine:
        return RecordedEngine(inner(certificate, role, witness, mtu), recorder)

    return make


def _testimony(witness: Witness) -> list[Json]:
    certificate = witness.certificate
    told = None if certificate is None else encode_bytes(certificate)
    return [told, witness.received_alert, witness.sent_alert]


def _ending(error: Exception | None) -> str | None:
    if error is None:
        return None
    return _CLOSE_NOTIFY if isinstance(error, CloseNotifyReceived) else str(error)
