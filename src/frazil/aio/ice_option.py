"""What the user decides about candidates and checks: :class:`IceOptions`."""

import ssl
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class IceOptions:
    """How a connection gathers candidates; an extension of the W3C configuration.

    It is given once, to the constructor, and holds for the life of the connection::

        pc = RTCPeerConnection(ice=IceOptions(include_loopback=True))

    Attributes:
        include_loopback: Whether 127.0.0.1 and ::1 are candidates too. They always are if there
            is no other address. For two programs on one machine; a remote peer has no use for them.

        tls_context: What to trust when a TURN server is reached by TLS (``turns:``); what the
            operating system trusts, unless told. For a certificate authority of your own
            ``ssl.create_default_context(cafile="ca.pem")``; for a laboratory where nobody has
            proper certificates :func:`frazil.unverified_tls`.

    Raises:
        TypeError: A value has the wrong type.
        ValueError: A value is out of range; the message says what would do.
    """

    include_loopback: bool = False
    tls_context: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.include_loopback, bool):
            raise TypeError(f"include_loopback must be a bool, not {self.include_loopback!r}")
        if not isinstance(self.tls_context, ssl.SSLContext | None):
            raise TypeError(f"tls_context must be an ssl.SSLContext, not {self.tls_context!r}")


def unverified_tls() -> ssl.SSLContext:
    """A TLS context that believes any certificate, and so anybody: for laboratories only.

    It is for :attr:`IceOptions.tls_context`. What is relayed stays secret all the same, but
    whoever is in the way learns the TURN username and can be the relay.
    """
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
