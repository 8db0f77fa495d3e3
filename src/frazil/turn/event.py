"""What a relay reports."""

from dataclasses import dataclass
from typing import TypeAlias

from frazil.trace import StateChange
from frazil.turn.failure import Failure
from frazil.types import Address


@dataclass(frozen=True, slots=True)
class Allocated:
    """The relay is there.

    Attributes:
        relayed_addresses: What peers send to: one address, or an IPv4 and an IPv6 one.
        mapped_address: How the server sees us, if it told.
        lifetime_s: How long the server keeps the allocation without a refresh.
        change: The step to ``allocated``.
    """

    relayed_addresses: tuple[Address, ...]
    mapped_address: Address | None
    lifetime_s: int
    change: StateChange


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The allocation is still there: the answer to :meth:`frazil.turn.TurnClient.confirm`."""


@dataclass(frozen=True, slots=True)
class AllocationFailed:
    """There will be no relay here.

    Attributes:
        code: The STUN error code; None if the server did not say one.
        text: One sentence for people.
        change: The step to ``failed``, with the reason.
    """

    code: int | None
    text: str
    change: StateChange


@dataclass(frozen=True, slots=True)
class Redirected:
    """There will be no relay here, but the server names another one (RFC 8489 10).

    The next client, with the same credentials, must not accept a redirection.

    Attributes:
        address: The other server, to be reached by the same transport protocol.
        domain: The name that its certificate has to show, if it is not that of this server.
        change: The step to ``failed``.
    """

    address: Address
    domain: str | None
    change: StateChange


@dataclass(frozen=True, slots=True)
class AllocationLost:
    """The relay that was there is gone; a new client may allocate another one.

    Attributes:
        code: The STUN error code by which the server told, if it did.
        text: One sentence for people.
        change: The step to ``failed``, with the reason.
    """

    code: int | None
    text: str
    change: StateChange


@dataclass(frozen=True, slots=True)
class PermissionFailed:
    """Nothing can be relayed to or from this IP address, whatever the port.

    Attributes:
        ip: The address.
        code: The STUN error code; None if the server did not say one.
        text: One sentence for people.
    """

    ip: str
    code: int | None
    text: str

    @property
    def is_passing(self) -> bool:
        """Whether it may be had later: the server did not answer, or had trouble of its own."""
        return Failure(self.code, self.text).is_passing


@dataclass(frozen=True, slots=True)
class Closed:
    """The server has forgotten the allocation, or does not answer any more.

    Attributes:
        change: The step to ``closed``.
    """

    change: StateChange


TurnEvent: TypeAlias = (
    Allocated
    | Confirmed
    | AllocationFailed
    | Redirected
    | AllocationLost
    | PermissionFailed
    | Closed
)
"""Everything :meth:`frazil.turn.TurnClient.poll_events` may return."""
