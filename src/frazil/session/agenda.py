"""When a part of a transport has something to do."""

import math
from typing import Final

from frazil.deadline import earlier
from frazil.ice import IceAgent
from frazil.session.encapsulation import Encapsulation
from frazil.session.relay_set import RelaySet
from frazil.session.route import Route
from frazil.session.secure_transport import SecureTransport

_NEVER: Final = math.inf


class Agenda:
    """The earliest deadline of all parts; each part is asked only if its own may have changed.

    The owner says what an input may have changed. Mostly that is the deadline of one part: a check
    changes that of ICE, payload that of SCTP.

    Args:
        ice: Is asked when a check is due.
        relays: Are asked after whatever is neither a check nor payload.
        secure: As ``relays``.
        encapsulation: Holds the association, which is asked after everything but a check.
        route: Says whether the association may send. A lost path is for ICE to judge: the clock of
            SCTP stands still while nothing may be sent.

    Attributes:
        check_is_known: Nothing has come in at ICE since it was asked.
        rest_until: When something is due in another part, as of :meth:`look_beside_ice`; infinity
            if never.
    """

    __slots__ = (
        "_check_at",
        "_encapsulation",
        "_ice",
        "_path_at",
        "_path_is_known",
        "_relays",
        "_route",
        "_secure",
        "check_is_known",
        "rest_until",
    )

    def __init__(
        self,
        ice: IceAgent,
        relays: RelaySet,
        secure: SecureTransport,
        encapsulation: Encapsulation,
        route: Route,
    ) -> None:
        self._ice = ice
        self._relays = relays
        self._secure = secure
        self._encapsulation = encapsulation
        self._route = route
        self._check_at: float | None = None
        self.check_is_known = False
        self._path_at: float = _NEVER  # of relays and DTLS
        self._path_is_known = False
        self.rest_until: float = _NEVER

    def forget(self) -> None:
        """The deadline of any part may be another: ask all of them."""
        self.check_is_known = self._path_is_known = False

    def hasten_check(self, at: float | None) -> None:
        """Payload has gone by: a check is due at ``at``, if none was before."""
        if at is not None and (self._check_at is None or at < self._check_at):
            self._check_at = at

    def look_beside_ice(self) -> None:
        """Ask the other parts, so that :meth:`next_timeout` knows of them."""
        if not self._path_is_known:
            self._path_is_known = True
            at = earlier(self._relays.next_timeout(), self._secure.next_timeout())
            self._path_at = _NEVER if at is None else at
        rest_until = self._path_at
        data = self._encapsulation.data
        if data is not None and self._route.path is not None:
            at = data.next_timeout()
            if at is not None and at < rest_until:
                rest_until = at
        self.rest_until = rest_until

    def next_timeout(self) -> float | None:
        """The earliest deadline."""
        if self.check_is_known:
            at = self._check_at
        else:
            self.check_is_known = True
            at = self._check_at = self._ice.next_timeout()
        if at is not None and at < self.rest_until:
            return at
        return self.rest_until if self.rest_until < _NEVER else None
