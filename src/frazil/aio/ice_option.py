"""What the user decides about candidates and checks: :class:`IceOptions`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class IceOptions:
    """How a connection gathers candidates; an extension of the W3C configuration.

    It is given once, to the constructor, and holds for the life of the connection::

        pc = RTCPeerConnection(ice=IceOptions(include_loopback=True))

    Attributes:
        include_loopback: Whether 127.0.0.1 and ::1 are candidates too. They always are if there
            is no other address. For two programs on one machine; a remote peer has no use for them.

    Raises:
        TypeError: A value has the wrong type.
        ValueError: A value is out of range; the message says what would do.
    """

    include_loopback: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.include_loopback, bool):
            raise TypeError(f"include_loopback must be a bool, not {self.include_loopback!r}")
