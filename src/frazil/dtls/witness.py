"""What is learned of a peer: its certificate, and the alerts in both directions.

OpenSSL shows the certificate by a callback only. That belongs to a context that many connections
share, so each connection carries a witness that remembers what was said about it.
"""

from collections.abc import Sequence

from frazil.compiled import mypyc_attr
from frazil.dtls.alert import AlertLevel, alert_name
from frazil.dtls.fingerprint import Fingerprint, matches
from frazil.dtls.state import Cause


@mypyc_attr(acyclic=True)
class Witness:
    """Judges the peer's certificate, and remembers fatal alerts.

    Attributes:
        certificate: The peer's certificate in DER, as soon as it was seen.
        trusted: Whether a fingerprint vouches for it; ``None`` before it was seen.
        received_alert: The fatal alert the peer sent, if any.
        sent_alert: The fatal alert that ended it from our side, if any.
    """

    __slots__ = ("_fingerprints", "certificate", "received_alert", "sent_alert", "trusted")

    def __init__(self, fingerprints: Sequence[Fingerprint]) -> None:
        self._fingerprints = tuple(fingerprints)
        self.certificate: bytes | None = None
        self.trusted: bool | None = None
        self.received_alert: int | None = None
        self.sent_alert: int | None = None

    def judge(self, der: bytes) -> bool:
        """Whether the certificate is the one that signalling promised; once refused, always so."""
        if der != self.certificate:
            self.certificate = der
            self.trusted = self.trusted is not False and matches(der, self._fingerprints)
        return self.trusted is True

    def note_alert(self, *, sent: bool, level: int, code: int) -> None:
        """Remember an alert if it is fatal; warnings decide nothing by themselves."""
        if level != AlertLevel.FATAL:
            return
        if sent:
            self.sent_alert = code
        else:
            self.received_alert = code

    def explain(self, symptom: str) -> tuple[Cause, str]:
        """Why the association broke, also in words; ``symptom`` counts if nothing was seen here."""
        if self.trusted is False:
            text = "the peer's certificate is not the one signalling promised"
            return Cause.FINGERPRINT_MISMATCH, text
        if self.received_alert is not None:
            text = f"the peer sent the fatal alert {alert_name(self.received_alert)}"
            return Cause.ALERT_RECEIVED, text
        return Cause.PROTOCOL_VIOLATED, f"the association broke: {symptom}"
