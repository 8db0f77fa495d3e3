"""Who wants to know when addresses and routes of this machine change, and how that is found out.

Linux tells through a netlink socket; elsewhere, or where that is forbidden, somebody looks every
:data:`POLL_INTERVAL_S`. All connections on one event loop share the socket or the timer. A default
route often moves later than addresses come and go: by a moment, or by seconds.
"""

import asyncio
import socket
import sys
from collections.abc import Callable
from typing import Final, TypeAlias

POLL_INTERVAL_S: Final = 2.0
"""Between two looks where the operating system tells nothing."""
SETTLE_S: Final = 0.05
"""After the first word of a change: an address comes with half a dozen messages."""
FIRST_LOOK_S: Final = 1.0
"""After the beginning. Only then is the system asked for anything: connections that are closed as
soon as they have told what they had to cost nothing.
"""

_RTMGRP_LINK: Final = 0x1
_RTMGRP_IPV4_IFADDR: Final = 0x10
_RTMGRP_IPV4_ROUTE: Final = 0x40
_RTMGRP_IPV6_IFADDR: Final = 0x100
_RTMGRP_IPV6_ROUTE: Final = 0x400
_RTMGRP: Final = (
    _RTMGRP_LINK
    | _RTMGRP_IPV4_IFADDR
    | _RTMGRP_IPV4_ROUTE
    | _RTMGRP_IPV6_IFADDR
    | _RTMGRP_IPV6_ROUTE
)
_BUFFER_SIZE: Final = 65_536

Look: TypeAlias = Callable[[], object]
"""Returns what is compared: addresses and routes, in any form that tells equal ones."""


class SharedWatch:
    """Compares addresses and routes with those before whenever something may have changed.

    It holds a socket or a timer while somebody listens, and nothing otherwise. The first look has
    nothing to be compared with, and is told as a change: there may have been one.

    Args:
        loop: Where the listeners are called.
        look: What they are now; an ``OSError`` means that nobody can tell.
        on_idle: Called when nobody listens any more.
    """

    __slots__ = (
        "__weakref__",
        "_listeners",
        "_look",
        "_loop",
        "_netlink",
        "_on_idle",
        "_seen",
        "_timer",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        look: Look,
        on_idle: Callable[[], object],
    ) -> None:
        self._loop = loop
        self._look = look
        self._on_idle = on_idle
        self._listeners: list[Subscription] = []
        self._seen: object = None
        self._netlink: socket.socket | None = None
        self._timer: asyncio.TimerHandle | None = None

    def subscribe(self, on_change: Callable[[], None]) -> "Subscription":
        """Call ``on_change`` after each change from now on, and after the first look."""
        subscription = Subscription(self, on_change)
        self._listeners.append(subscription)
        if len(self._listeners) == 1:
            self._start()
        return subscription

    def unsubscribe(self, subscription: "Subscription") -> None:
        """Forget a listener; with the last one, stop."""
        if subscription in self._listeners:
            self._listeners.remove(subscription)
            if not self._listeners:
                self._stop()
                self._on_idle()

    def _start(self) -> None:
        self._seen = None
        self._timer = self._loop.call_later(FIRST_LOOK_S, self._look_first)

    def _look_first(self) -> None:
        """Be told from now on, and look what nobody has told of."""
        self._netlink = _open_netlink()
        if self._netlink is not None:
            try:
                self._loop.add_reader(self._netlink.fileno(), self._on_message)
            except NotImplementedError:
                self._netlink.close()
                self._netlink = None
        self._on_timer()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._netlink is not None:
            self._loop.remove_reader(self._netlink.fileno())
            self._netlink.close()
            self._netlink = None

    def _on_message(self) -> None:
        """What exactly has changed is not read: a look tells."""
        if self._netlink is not None:
            _discard(self._netlink)
        at = self._loop.time() + SETTLE_S
        if self._timer is not None:
            if self._timer.when() <= at:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(at, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        if self._netlink is None:
            self._timer = self._loop.call_later(POLL_INTERVAL_S, self._on_timer)
        try:
            seen = self._look()
        except OSError:  # there may be no further word of what has changed
            if self._timer is None:
                self._timer = self._loop.call_later(POLL_INTERVAL_S, self._on_timer)
            return
        if seen != self._seen:
            self._seen = seen
            for subscription in tuple(self._listeners):
                if subscription in self._listeners:
                    self._tell(subscription)

    def _tell(self, subscription: "Subscription") -> None:
        """As if the loop had called it: what it raises is reported, and the others hear as well."""
        try:
            subscription.on_change()
        except Exception as error:
            self._loop.call_exception_handler(
                {"message": "Exception after a change of addresses", "exception": error}
            )


class Subscription:
    """One listener of a :class:`SharedWatch`; a :class:`frazil.aio.InterfaceWatch`."""

    __slots__ = ("_watch", "on_change")

    def __init__(self, watch: SharedWatch, on_change: Callable[[], None]) -> None:
        self._watch = watch
        self.on_change = on_change

    def close(self) -> None:
        """Call nobody any more. Idempotent."""
        self._watch.unsubscribe(self)


def _open_netlink() -> socket.socket | None:
    """A socket that becomes readable when a link, address or route changes, where there is one."""
    if sys.platform != "linux":
        return None
    try:
        sock = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE
        )
    except OSError:
        return None
    try:
        sock.setblocking(False)
        sock.bind((0, _RTMGRP))
    except OSError:
        sock.close()
        return None
    return sock


def _discard(sock: socket.socket) -> None:
    """Read until nothing is left."""
    while True:
        try:
            sock.recv(_BUFFER_SIZE)
        except OSError:  # nothing is left; or messages were lost, which does not matter
            return
