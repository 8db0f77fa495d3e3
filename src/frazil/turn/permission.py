"""Permissions: the IP addresses that a relay may exchange datagrams with (RFC 8656 9)."""

from typing import Final

from frazil.stun import Attribute, ErrorCode, Method
from frazil.trace import Trace
from frazil.turn.address import is_ipv6
from frazil.turn.config import MAX_HELD, MAX_PERMISSIONS
from frazil.turn.event import PermissionFailed
from frazil.turn.failure import PEER_FAMILY_MISMATCH, Failure, refusal
from frazil.turn.lease import RETRY_PAUSE_S, Lease
from frazil.turn.request import Answer, RequestTable
from frazil.types import Address

PERMISSION_LIFETIME_S: Final = 300.0
"""How long the server lets a peer through (RFC 8656 9)."""
PERMISSION_RENEWAL_S: Final = 240.0
"""When it is asked again: with a minute left for repetitions."""

_TOO_MANY: Final = f"more than {MAX_PERMISSIONS} addresses would be permitted at the same time"
_WRONG_FAMILY: Final = refusal(Method.CREATE_PERMISSION, ErrorCode(PEER_FAMILY_MISMATCH))


class Permission:
    """One IP address, and what is to be sent there as soon as the server allows it.

    Attributes:
        ip: The address; permissions have no port.
        lease: How long the server keeps it.
        held: Datagrams and their peers, in order.
        is_wanted: Whether it is to be renewed.
    """

    __slots__ = ("held", "ip", "is_wanted", "lease")

    def __init__(self, ip: str) -> None:
        self.ip = ip
        self.lease = Lease()
        self.held: list[tuple[bytes, Address]] = []
        self.is_wanted = True


class PermissionTable:
    """The permissions of one client: asked for one by one, so that each refusal has a name.

    Attributes:
        failed: What could not be had; the caller empties it.
    """

    __slots__ = ("_families", "_permissions", "_requests", "_trace", "failed")

    def __init__(self, requests: RequestTable, trace: Trace) -> None:
        self._requests = requests
        self._trace = trace
        self._families: frozenset[bool] | None = None
        self._permissions: dict[str, Permission] = {}
        self.failed: list[PermissionFailed] = []

    def get(self, ip: str) -> Permission | None:
        """The permission for ``ip``, granted or asked for."""
        return self._permissions.get(ip)

    def _wanted(self, ip: str) -> Permission | None:
        """The same, if it is to be renewed."""
        permission = self._permissions.get(ip)
        return permission if permission is not None and permission.is_wanted else None

    def add(self, ip: str, now: float) -> None:
        """Want a permission; it is asked for at once if there is an allocation."""
        permission = self._permissions.get(ip)
        if permission is None:
            if len(self._permissions) >= MAX_PERMISSIONS and not self._make_room():
                self.failed.append(PermissionFailed(ip, None, _TOO_MANY))
                return
            permission = self._permissions[ip] = Permission(ip)
        elif permission.is_wanted:
            return
        permission.is_wanted = True
        if self._families is not None:
            self._ask(permission, now)

    def _make_room(self) -> bool:
        """Forget the oldest that nobody wants; whether there was one."""
        for permission in self._permissions.values():
            if not permission.is_wanted:
                del self._permissions[permission.ip]
                return True
        return False

    def drop(self, ip: str) -> None:
        """Want it no longer: what is granted lasts until the server forgets it by itself."""
        permission = self._permissions.get(ip)
        if permission is None:
            return
        if permission.lease.is_granted:
            permission.is_wanted = False
            permission.lease.renew_at = None
        else:
            del self._permissions[ip]

    def begin(self, relayed_addresses: tuple[Address, ...], now: float) -> None:
        """There is an allocation now: ask for everything that was wanted already."""
        self._families = frozenset(is_ipv6(ip) for ip, _ in relayed_addresses)
        for permission in list(self._permissions.values()):
            self._ask(permission, now)

    def confirm(self, now: float) -> None:
        """Ask once more for what is granted, as far as we know, and not being asked for."""
        for permission in list(self._permissions.values()):
            if permission.lease.is_at_rest:
                self._ask(permission, now)

    def clear(self) -> None:
        """Forget all, and what was held."""
        self._permissions.clear()

    def _ask(self, permission: Permission, now: float) -> None:
        permission.lease.renew_at = None
        if self._families is not None and is_ipv6(permission.ip) not in self._families:
            self._fail(permission, _WRONG_FAMILY, now)
            return
        attributes = {Attribute.XOR_PEER_ADDRESS: (permission.ip, 0)}
        self._requests.send(Method.CREATE_PERMISSION, attributes, now)

    # --- datagrams ----------------------------------------------------------------------------

    def hold(self, permission: Permission, data: bytes, peer: Address) -> None:
        """Keep a datagram until the server allows it; beyond :data:`MAX_HELD` it is lost."""
        if len(permission.held) < MAX_HELD:
            permission.held.append((data, peer))
        else:
            self._trace.count("turn-held-overflow")

    # --- answers ------------------------------------------------------------------------------

    def receive(self, answer: Answer, now: float) -> list[tuple[bytes, Address]]:
        """Take the answer to a request; the datagrams that may be sent now."""
        permission = self._wanted(answer.request.peer[0])
        if permission is None:
            return []
        if answer.failure is None:
            return self.grant(permission.ip, answer.request.started_at, now)
        if answer.failure.is_passing and permission.lease.is_granted:
            permission.lease.renew_at = now if answer.message is None else now + RETRY_PAUSE_S
        else:
            self._fail(permission, answer.failure, now)
        return []

    def grant(self, ip: str, asked_at: float, now: float) -> list[tuple[bytes, Address]]:
        """The server allows it, since ``asked_at``; the datagrams that may be sent now."""
        permission = self._wanted(ip)
        if permission is None:
            return []
        if not permission.lease.is_granted:
            self._trace.record(now, "turn", "permission-granted", ip=ip)
        permission.lease.grant(asked_at, PERMISSION_LIFETIME_S, PERMISSION_RENEWAL_S)
        held, permission.held = permission.held, []
        return held

    def _fail(self, permission: Permission, failure: Failure, now: float) -> None:
        del self._permissions[permission.ip]
        self._trace.record(
            now,
            "turn",
            "permission-failed",
            ip=permission.ip,
            code=failure.code,
            text=failure.text,
            lost=len(permission.held),
        )
        self.failed.append(PermissionFailed(permission.ip, failure.code, failure.text))

    # --- time ---------------------------------------------------------------------------------

    def next_timeout(self) -> float | None:
        """The earliest renewal or expiry."""
        times = [permission.lease.next_timeout() for permission in self._permissions.values()]
        return min((at for at in times if at is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        """Renew what is due; hold again what has expired unrenewed, forget what nobody wants."""
        for permission in list(self._permissions.values()):
            if permission.lease.lapse(now) and not permission.is_wanted:
                del self._permissions[permission.ip]
            elif permission.lease.is_due(now):
                self._ask(permission, now)
