"""What an endpoint needs of a DTLS implementation.

A connection can only be replayed above OpenSSL, which draws its own random numbers, and above the
keys, which no recording holds. This is the boundary: what was asked here and what came out.
"""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from frazil.dtls.certificate import Certificate
from frazil.dtls.role import DtlsRole
from frazil.dtls.witness import Witness
from frazil.errors import ProtocolError


class CloseNotifyReceived(ProtocolError):  # noqa: N818 - an orderly end, not a mistake
    """The peer says goodbye."""


class AssociationBrokenError(ProtocolError):
    """The association ended by a fatal alert, in one direction or the other."""


class Engine(Protocol):
    """Handshake, sealing and opening.

    Attributes:
        witness: What was learned of the peer's certificate, and of alerts.
    """

    witness: Witness

    def handshake(self, records: bytes) -> bool:
        """Work on records; returns whether the handshake is complete.

        Args:
            records: Whole ones, at most ``MAX_DATAGRAM_SIZE`` bytes; none to begin with.

        Raises:
            CloseNotifyReceived: The peer gave up in an orderly way.
            AssociationBrokenError: A fatal alert was received or is in the output.
        """

    def open(self, records: list[bytes], payloads: list[bytes]) -> None:
        """Append the payloads of sealed records; those that do not verify are passed over.

        Only after a complete handshake.

        Raises:
            CloseNotifyReceived: The peer says goodbye.
            AssociationBrokenError: The peer sent a fatal alert.
        """

    def seal(self, payloads: list[bytes]) -> bytes:
        """One record per payload, back to back, each longer by the same overhead.

        Only after a complete handshake.
        """

    def retransmit(self) -> None:
        """Seal the last flight anew if it is time for that.

        Raises:
            AssociationBrokenError: It was repeated often enough.
        """

    def close(self) -> None:
        """Write close_notify. Only after a complete handshake."""

    def output(self) -> bytes:
        """The records that were written besides payload since the last call."""

    def export_keying_material(self, label: bytes, length: int) -> bytes:
        """Keys for another protocol (RFC 5705). Only after a complete handshake."""

    @property
    def cipher(self) -> str | None:
        """The IANA name of the cipher suite, once negotiated."""

    @property
    def remote_certificates(self) -> tuple[bytes, ...]:
        """The peer's certificates in DER, its own first."""


EngineFactory: TypeAlias = Callable[[Certificate, DtlsRole, Witness, int], Engine]
"""Makes the engine of an endpoint; the number is the size of its datagrams."""
