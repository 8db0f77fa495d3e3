"""Restarts ICE when a session cannot find its way back by itself.

A session follows the network without a negotiation as far as it can. What is left needs new
candidates on both sides: a path that is lost for good, or one that went silent when the network of
this host changed. Then the next offer is made to restart ICE, and ``negotiationneeded`` asks the
application for it as ever. Where DTLS is over nothing is restored: the peer has left, or was never
the one that signalling promised.

A path that is lost for good has failed only if the peer has signalled the end of its candidates.
With any other it stays disconnected, and more candidates may come; but a pair that has lost consent
is not used again without a restart (RFC 7675 5.1).
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from ipaddress import ip_address
from typing import Final

from frazil.ice.state import Cause
from frazil.states.enums import RTCIceTransportState as State
from frazil.trace import StateChange, Trace


class RecoveryPolicy(StrEnum):
    """What to do about a path that is lost."""

    NONE = "none"
    RESTART = "restart"


GRACE_S: Final = 2.0
"""The session may find another path by itself after a change of the network, and mostly fails when
consent expires: both come first."""
YIELD_S: Final = 2.5
"""The controlled side lets the other one be first: one restart is enough for both. Consent of idle
ends mostly expires two or three seconds apart, so half a second is left to tell the other."""
FIRST_WAIT_S: Final = 4.0
"""Between the first two attempts; it doubles from one to the next."""
LONGEST_WAIT_S: Final = 60.0
"""Between two attempts, however many there were."""
STEADY_S: Final = 60.0
"""A path that lasted so long ends the series of attempts."""
_RELATED_S: Final = 30.0
"""A path that falls silent so soon after a change of the network may have done so because of it."""
_STATES: Final = {str(state): state for state in State}
_LOST: Final = (State.DISCONNECTED, State.FAILED)
_WORKING: Final = (State.CONNECTED, State.COMPLETED)
_CLOSED: Final = State.CLOSED


class Recovery:
    """Decides when to restart, for all transports of a connection together.

    Args:
        policy: Whether to do so at all.
        restart: Makes the next offer restart ICE.
        trace: Where decisions are recorded.
    """

    __slots__ = (
        "_attempts",
        "_changed_at",
        "_due_at",
        "_found_none",
        "_hosts",
        "_is_wanted",
        "_restart",
        "_states",
        "_trace",
        "_tried_at",
        "_was_online",
        "_works_since",
    )

    def __init__(self, policy: RecoveryPolicy, restart: Callable[[], None], trace: Trace) -> None:
        self._is_wanted = policy is RecoveryPolicy.RESTART  # else there is nothing to find out
        self._restart: Callable[[], None] | None = restart
        self._trace = trace
        self._states: dict[str, State] = {}
        # Of this only the keys matter: an empty set weighs three times as much.
        self._hosts: dict[tuple[str, str], None] = {}
        self._was_online = False
        self._found_none = False
        self._attempts = 0
        self._tried_at: float | None = None
        self._changed_at: float | None = None
        self._works_since: float | None = None
        self._due_at: float | None = None

    # --- what happens -------------------------------------------------------------------------

    def move(self, transport: str, change: StateChange, *, is_controlling: bool) -> None:
        """The ICE transport has another state."""
        if not self._is_wanted or self._states.get(transport) is _CLOSED:
            return
        state = self._states[transport] = _STATES[change.new]
        now = change.at
        if state is State.FAILED:
            self._want(now, after_the_other=not is_controlling)
        elif state is State.DISCONNECTED:
            lost_at = _lost_for_good_at(change)
            if lost_at is not None:
                self._want(lost_at, after_the_other=not is_controlling)
            if self._changed_at is not None and now - self._changed_at < _RELATED_S:
                self._want(now + GRACE_S, after_the_other=not is_controlling)
        else:
            self._calm()
        if change.reason.cause == Cause.RESTART and change.old in _LOST:
            self._attempts += 1  # whoever asked for it
            self._tried_at = now
        if state in _WORKING and self._works_since is None:
            self._works_since = now
        elif state not in _WORKING:
            self._rest(now)

    def _rest(self, now: float) -> None:
        """A path is over: one that was steady begins a new series of attempts."""
        if self._works_since is not None and now - self._works_since >= STEADY_S:
            self._attempts = 0
        self._works_since = None

    def gather_from(self, transport: str, hosts: Sequence[str], now: float) -> None:
        """The transport gathers from these addresses of this host, with or without UDP.

        Loopback addresses alone are what is left without a network. They count for one as long as
        there has been no other: two programs on one machine may have a path to restore as well.
        Those that were gathered from beside others (``include_loopback``) go on counting.

        An address is news also if the round before found none: it may have stayed while its route
        was away.
        """
        if not self._is_wanted:
            return
        is_offline = all(ip_address(host).is_loopback for host in hosts)
        if is_offline and self._was_online:
            self._found_none = True
            return
        if not is_offline and not self._was_online:
            self._was_online = True
            self._hosts.clear()
        before = len(self._hosts)
        self._hosts |= dict.fromkeys((transport, host) for host in hosts)
        if len(self._hosts) > before or self._found_none:
            self._found_none = False
            self._change(now)

    def gather_again(self, now: float) -> None:
        """There are addresses or routes to gather from that were not there before."""
        if self._is_wanted:
            self._change(now)

    def lose_host(self, transport: str, host: str, now: float) -> None:
        """This host has the address ``host`` no more."""
        if (transport, host) in self._hosts:
            del self._hosts[transport, host]
            self._change(now)

    def _change(self, now: float) -> None:
        """The network of this host is another: what was in vain before may not be now."""
        if self._is_lost:
            self._attempts = 0
            if State.FAILED in self._states.values():
                self._want(now)
            else:
                self._due_at = None
                self._want(now + GRACE_S)
        if self._is_lost or self._works_since is not None:  # else it is the first to be gathered
            self._changed_at = now

    def end(self, transport: str) -> None:
        """DTLS is over on the transport: a path is of no use to it any more."""
        if self._is_wanted:
            self._states[transport] = _CLOSED
            self._calm()

    def discard(self, transport: str) -> None:
        """The transport is gone."""
        if not self._is_wanted:
            return
        self._states.pop(transport, None)
        self._hosts = {each: None for each in self._hosts if each[0] != transport}
        self._calm()

    def close(self) -> None:
        """The connection is closed: nothing is restarted any more."""
        self._restart = None

    # --- time ---------------------------------------------------------------------------------

    def next_timeout(self) -> float | None:
        """When to try; ``None`` while there is nothing to recover or no network to do it on."""
        due_at = self._due_at
        return due_at if due_at is not None and self._hosts else None

    def handle_timeout(self, now: float) -> None:
        """Try, if it is time."""
        if self._due_at is None or now < self._due_at or not self._hosts:
            return
        self._due_at = None
        self._tried_at = now
        self._trace.record(now, "peer", "recovery", attempt=self._attempts + 1)
        if self._restart is not None:
            self._restart()

    @property
    def is_wanted(self) -> bool:
        """Whether a path that is lost is to be restored: in vain, once DTLS is over on one."""
        return self._is_wanted and _CLOSED not in self._states.values()

    # --- inside -------------------------------------------------------------------------------

    @property
    def _is_lost(self) -> bool:
        """Whether a transport needs help."""
        return any(state in _LOST for state in self._states.values())

    def _calm(self) -> None:
        """Give up an attempt that no transport needs any more."""
        if not self._is_lost:
            self._due_at = None

    def _want(self, at: float, *, after_the_other: bool = False) -> None:
        """Try at ``at``, unless it is sooner already, or the last attempt was too lately.

        Args:
            after_the_other: Give the peer, who has the same wish, time to be first.
        """
        if self._tried_at is not None:
            wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** max(0, self._attempts - 1))
            at = max(at, self._tried_at + wait_s)
        if after_the_other:
            at += YIELD_S
        self._due_at = at if self._due_at is None else min(at, self._due_at)


def _lost_for_good_at(change: StateChange) -> float | None:
    """Until when a transport may find its way back from ``disconnected`` by itself.

    Its pair has until consent expires, and the peer's candidates until patience is over.
    """
    judged_at = change.reason.next_deadline_at
    if change.reason.cause == Cause.CONSENT_LOST_AWAITING:
        return change.at
    if change.reason.cause == Cause.PAIRS_EXHAUSTED:
        return change.at if judged_at is None else judged_at
    return None if judged_at is None else judged_at + GRACE_S
