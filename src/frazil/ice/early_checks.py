"""Checks that come before the answer: the peer has our credentials, and we not yet its own."""

from frazil.compiled import mypyc_attr
from frazil.ice.config import MAX_EARLY_CHECKS
from frazil.ice.pair import PairKey
from frazil.ice.received_check import ReceivedCheck


@mypyc_attr(acyclic=True)
class EarlyChecks:
    """Authentic checks that came before the remote credentials (RFC 8445 7.3), one of each pair.

    They are answered at once. What they say has to wait.
    """

    __slots__ = ("_checks",)

    def __init__(self) -> None:
        self._checks: dict[PairKey, ReceivedCheck] = {}

    def __len__(self) -> int:
        return len(self._checks)

    def keep(self, check: ReceivedCheck) -> None:
        """Remember ``check``, the latest of its pair, unless there are too many.

        A nomination stays, whatever comes later: datagrams overtake each other, or come twice.
        """
        key = (check.local, check.remote)
        known = self._checks.get(key)
        if known is None:
            if len(self._checks) < MAX_EARLY_CHECKS:
                self._checks[key] = check
            return
        numbers = [each.nomination for each in (known, check) if each.nomination is not None]
        number = max(numbers, default=None)
        self._checks[key] = ReceivedCheck(check.local, check.remote, check.priority, number)

    def take(self) -> list[ReceivedCheck]:
        """All of them, in the order in which their pairs were heard of; they are forgotten here."""
        checks = list(self._checks.values())
        self._checks.clear()
        return checks
