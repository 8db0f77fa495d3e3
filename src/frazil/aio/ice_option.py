"""What the user decides about candidates and checks: :class:`IceOptions`."""

from dataclasses import dataclass

from frazil.ice import IcePolicy


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

    Raises:
        TypeError: A value has the wrong type.
        ValueError: A value is out of range; the message says what would do.
    """

    include_loopback: bool = False
    lite: bool = False

    def __post_init__(self) -> None:
        for name in ("include_loopback", "lite"):
            value = getattr(self, name)
            if not isinstance(value, bool):
                raise TypeError(f"{name} must be a bool, not {value!r}")

    @property
    def policy(self) -> IcePolicy:
        """The part that concerns the ICE agents."""
        return IcePolicy(lite=self.lite)
