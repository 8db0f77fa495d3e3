"""Looks where the peer may have moved: a NAT gave it another address, or it changed networks.

The peer does not know of the first and need not tell of the second; what shows it is payload, or a
check, from elsewhere while the pair in use is silent. Payload can be forged, so that is a hint and
never proof: it buys one check of the other address and one of the pair in use. What the answers,
which are authenticated, lead to is decided where all answers are judged.
"""

from frazil.ice.candidate import Candidate, CandidateProtocol, CandidateType, foundation
from frazil.ice.check import CheckKind
from frazil.ice.check_table import CheckTable
from frazil.ice.checklist import can_pair, can_receive
from frazil.ice.config import SCOUT_INTERVAL_S
from frazil.ice.pair import CandidatePair
from frazil.ice.selection import Selection
from frazil.ice.succession import QUIET_S
from frazil.ice.watch import Watch
from frazil.trace import Trace
from frazil.types import Address


class Scout:
    """Checks the address where the peer may be, at most once in :data:`SCOUT_INTERVAL_S`."""

    __slots__ = ("_next_at", "_selection", "_table", "_trace", "_watch")

    def __init__(self, table: CheckTable, selection: Selection, watch: Watch, trace: Trace) -> None:
        self._table = table
        self._selection = selection
        self._watch = watch
        self._trace = trace
        self._next_at = 0.0

    def look(self, local: Address, remote: Address, now: float, *, controlling: bool) -> None:
        """The peer may be at ``remote``, as seen from ``local``: ask there, and on the pair in use.

        The generation need not know the pair that is checked; it does once that has answered.
        """
        monitor, generation = self._selection.monitor, self._selection.generation
        if monitor is None or generation is None or now < self._next_at:
            return
        if now - monitor.heard_at < QUIET_S or monitor.key == (local, remote):
            return
        pair = generation.checklist.find((local, remote))
        if pair is None:
            pair = _elsewhere(monitor.pair, local, remote, controlling)
        if pair is None or pair.is_barred:
            return
        self._next_at = now + SCOUT_INTERVAL_S
        self._trace.record(now, "ice", "scout", pair=pair.text)
        self._table.start(pair, generation, CheckKind.STANDBY, now)
        self._watch.ask_early(now)


def _elsewhere(
    known: CandidatePair, local: Address, remote: Address, controlling: bool
) -> CandidatePair | None:
    """The pair on which the candidate of ``known`` would be at another address."""
    if local != known.local.base or not can_receive(remote):
        return None
    kind, protocol = CandidateType.PEER_REFLEXIVE, CandidateProtocol.UDP
    candidate = Candidate(
        foundation=foundation(kind, remote, protocol, None),
        component=known.local.component,
        protocol=protocol,
        priority=known.remote.priority,
        address=remote,
        type=kind,
        base=remote,
    )
    if not can_pair(known.local, candidate):
        return None
    return CandidatePair(known.local, candidate, controlling)
