"""The exceptions of the library; ``frazil.worker`` has two of its own.

::

    FrazilError
    ├── DOMException               the caller broke the W3C contract; ``name`` is the W3C name
    │   ├── InvalidStateError
    │   ├── InvalidAccessError
    │   ├── InvalidModificationError
    │   ├── InvalidSyntaxError     (W3C ``SyntaxError``; Python owns that identifier)
    │   ├── NotFoundError
    │   ├── NotSupportedError
    │   └── OperationError
    │       └── RTCError           with ``errorDetail``
    ├── ProtocolError              the remote's bytes break a protocol; never leaves the library
    └── ConnectivityError          a connection that was waited for did not come about

Wrong Python types and out-of-range numbers raise the built-in ``TypeError``, as W3C asks. What is
no part of W3C raises ``ValueError``, ``RuntimeError`` and ``OSError``, too.
"""

from enum import StrEnum
from typing import Any, Final

from frazil.explain import Report

_NOTHING: Final = Report(())


class FrazilError(Exception):
    """The base of everything below."""

    def __reduce__(self) -> tuple[Any, ...]:
        """How it is copied, and sent to another process: without another call of ``__init__``.

        That takes more than ``args`` has.
        """
        return _without_init, (type(self), self.args), self.__dict__


def _without_init(kind: type[FrazilError], args: tuple[Any, ...]) -> FrazilError:
    return kind.__new__(kind, *args)


class DOMException(FrazilError):  # noqa: N818 - the W3C name
    """An error with one of the names that browsers use."""

    name = "Error"


class InvalidStateError(DOMException):
    """The object is in a state in which the call makes no sense, for example closed."""

    name = "InvalidStateError"


class InvalidAccessError(DOMException):
    """The object does not support the operation or argument."""

    name = "InvalidAccessError"


class InvalidModificationError(DOMException):
    """The object cannot be modified in this way."""

    name = "InvalidModificationError"


class InvalidSyntaxError(DOMException):
    """A string did not match the expected pattern (W3C ``SyntaxError``)."""

    name = "SyntaxError"


class NotFoundError(DOMException):
    """The thing that was named does not exist."""

    name = "NotFoundError"


class NotSupportedError(DOMException):
    """The feature is not supported."""

    name = "NotSupportedError"


class OperationError(DOMException):
    """The operation failed for a reason of its own."""

    name = "OperationError"


class RTCErrorDetail(StrEnum):
    """What an :class:`RTCError` is about (webrtc-pc, RTCErrorDetailType)."""

    DATA_CHANNEL_FAILURE = "data-channel-failure"
    DTLS_FAILURE = "dtls-failure"
    FINGERPRINT_FAILURE = "fingerprint-failure"
    SCTP_FAILURE = "sctp-failure"
    SDP_SYNTAX_ERROR = "sdp-syntax-error"


class RTCError(OperationError):
    """An operation error with WebRTC-specific detail (webrtc-pc, RTCError)."""

    def __init__(
        self,
        message: str,
        detail: RTCErrorDetail,
        *,
        sdp_line_number: int | None = None,
        sctp_cause_code: int | None = None,
        received_alert: int | None = None,
        sent_alert: int | None = None,
    ) -> None:
        super().__init__(message)
        self.errorDetail = detail
        self.sdpLineNumber = sdp_line_number
        self.sctpCauseCode = sctp_cause_code
        self.receivedAlert = received_alert
        self.sentAlert = sent_alert


class ProtocolError(FrazilError):
    """Bytes from the network that break a protocol. Caught, counted and traced inside."""


class ConnectivityError(FrazilError):
    """The connection did not reach the state that was waited for.

    Attributes:
        report: What was found, the likely cause first, with evidence and what to do.
    """

    def __init__(self, message: str, report: Report = _NOTHING) -> None:
        super().__init__(f"{message}\n{report}" if report.findings else message)
        self.report = report
