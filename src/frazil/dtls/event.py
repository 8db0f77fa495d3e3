"""What a DTLS endpoint reports."""

from dataclasses import dataclass
from typing import TypeAlias

from frazil.errors import RTCErrorDetail
from frazil.trace import StateChange
from frazil.value import Value


@dataclass(frozen=True, slots=True)
class DtlsFailure:
    """Why an endpoint failed, in the terms of W3C's ``RTCError``.

    Attributes:
        detail: ``fingerprint-failure`` if the peer is not who signalling promised, otherwise
            ``dtls-failure``.
        text: One sentence for people.
        received_alert: The fatal alert from the peer, if it sent one.
        sent_alert: The fatal alert we sent, if we did.
    """

    detail: RTCErrorDetail
    text: str
    received_alert: int | None = None
    sent_alert: int | None = None


class DtlsStateChanged(Value):
    """The transport state moved.

    Attributes:
        change: From where to where, and why.
        remote_certificates: On ``connected``: the peer's chain in DER, its own certificate first.
        failure: On ``failed``: what went wrong.
    """

    __slots__ = ("change", "failure", "remote_certificates")

    def __init__(
        self,
        change: StateChange,
        remote_certificates: tuple[bytes, ...] = (),
        failure: DtlsFailure | None = None,
    ) -> None:
        self.change = change
        self.remote_certificates = remote_certificates
        self.failure = failure

    def as_tuple(self) -> tuple[object, ...]:
        """State change, certificates and failure."""
        return self.change, self.remote_certificates, self.failure


DtlsEvent: TypeAlias = DtlsStateChanged
"""Everything :meth:`DtlsEndpoint.poll_events` may return."""
