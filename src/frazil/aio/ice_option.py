"""What the user decides about candidates and checks: :class:`IceOptions`."""

import ssl
from dataclasses import dataclass
from typing import Literal

from frazil.ice import CandidateFilter, IcePolicy, Renomination


@dataclass(frozen=True, slots=True, kw_only=True)
class IceOptions:
    """How a connection gathers candidates; an extension of the W3C configuration.

    It is given once, to the constructor, and holds for the life of the connection::

        pc = RTCPeerConnection(ice=IceOptions(include_loopback=True))

    Attributes:
        include_loopback: Whether 127.0.0.1 and ::1 are candidates too. They always are if there
            is no other address. For two programs on one machine; a remote peer has no use for them.
        lite: Be an ICE-lite agent (RFC 8445 2.5): answer the peer's checks and send none, with host
            candidates only. For servers at public addresses: the peer chooses the path and does
            the work. ICE servers cannot be used with it, and a lost peer is noticed later.
        renomination: When the controlling side moves from a path that works to another one
            (``a=ice-options:renomination``). ``"priority"``: to one of higher priority as soon as
            it works, for example from a relay to a direct path. ``"rtt"``: to a clearly quicker
            one; the others are measured every 5 s, and ``completed`` waits until all were checked.
            ``"off"``: never; the first pair that works is kept until it is lost.
        remote_candidate_filter: Gets each signalled :class:`~frazil.Candidate` of the peer and says
            whether packets may be sent there: for programs that must not be made to knock at
            arbitrary addresses. It should only look; one that raises has refused. Where the peer's
            own authenticated checks come from needs no permission.
        allow_privileged_ports: Also take candidates of the peer at ports below 1024. Without it
            only 80 and 443 of public addresses are taken, as in browsers.
        tls_context: What to trust when a TURN server is reached by TLS (``turns:``); what the
            operating system trusts, unless told. For a certificate authority of your own
            ``ssl.create_default_context(cafile="ca.pem")``; for a laboratory where nobody has
            proper certificates :func:`frazil.unverified_tls`.

    Raises:
        TypeError: A value has the wrong type.
        ValueError: A value is out of range; the message says what would do.
    """

    include_loopback: bool = False
    lite: bool = False
    renomination: Literal["off", "priority", "rtt"] = "priority"
    remote_candidate_filter: CandidateFilter | None = None
    allow_privileged_ports: bool = False
    tls_context: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        for name in ("include_loopback", "lite", "allow_privileged_ports"):
            value = getattr(self, name)
            if not isinstance(value, bool):
                raise TypeError(f"{name} must be a bool, not {value!r}")
        if self.renomination not in tuple(Renomination):
            choices = ", ".join(map(repr, map(str, Renomination)))
            raise ValueError(f"renomination is one of {choices}, not {self.renomination!r}")
        accepts = self.remote_candidate_filter
        if accepts is not None and not callable(accepts):
            raise TypeError(f"remote_candidate_filter must be callable, not {accepts!r}")
        if not isinstance(self.tls_context, ssl.SSLContext | None):
            raise TypeError(f"tls_context must be an ssl.SSLContext, not {self.tls_context!r}")

    @property
    def policy(self) -> IcePolicy:
        """The part that concerns the ICE agents."""
        return IcePolicy(
            lite=self.lite,
            renomination=Renomination(self.renomination),
            allow_privileged_ports=self.allow_privileged_ports,
            remote_candidate_filter=self.remote_candidate_filter,
        )


def unverified_tls() -> ssl.SSLContext:
    """A TLS context that believes any certificate, and so anybody: for laboratories only.

    It is for :attr:`IceOptions.tls_context`. What is relayed stays secret all the same, but
    whoever is in the way learns the TURN username and can be the relay.
    """
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
