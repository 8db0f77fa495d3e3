"""The candidates of the peer as signalling brings them, and the names in them."""

from dataclasses import replace

from frazil.ice.admission import Admission
from frazil.ice.candidate import Candidate
from frazil.ice.event import IceEvent, NameFound
from frazil.ice.evictor import Evictor
from frazil.ice.generation import Generation
from frazil.ice.lineage import Lineage
from frazil.ice.policy import IcePolicy
from frazil.ice.role import Role
from frazil.ice.selection import Selection
from frazil.trace import Trace
from frazil.types import Address


class Intake:
    """Puts each candidate into its generation, or says why not.

    Args:
        lineage: The generations.
        policy: What is refused.
        component: The only one whose candidates are taken.
        role: Ranks the pairs that are formed.
        evictor: Makes room for what is signalled.
        selection: The pair in use, which a candidate may be found to belong to.
        trace: Where decisions are recorded.
        events: Takes what is to be told of names.
    """

    __slots__ = (
        "_component",
        "_events",
        "_evictor",
        "_lineage",
        "_policy",
        "_role",
        "_selection",
        "_trace",
    )

    def __init__(
        self,
        lineage: Lineage,
        policy: IcePolicy,
        component: int,
        role: Role,
        evictor: Evictor,
        selection: Selection,
        trace: Trace,
        events: list[IceEvent],
    ) -> None:
        self._lineage = lineage
        self._policy = policy
        self._component = component
        self._role = role
        self._evictor = evictor
        self._selection = selection
        self._trace = trace
        self._events = events

    def add(self, candidate: Candidate, ufrag: str | None, now: float) -> bool:
        """Take a candidate of the generation ``ufrag``; ``None`` means the newest.

        Returns:
            Whether there is such a generation, and the candidate is of our component.
        """
        generation = self._lineage.by_remote_ufrag(ufrag)
        if generation is None:
            self._trace.count("ice-candidate-of-unknown-generation")
            return False
        if candidate.component != self._component:
            self._trace.count("ice-candidate-of-other-component")
            return False
        admission = self._admit(candidate, generation, now)
        self._selection.describe_again(now)
        if admission is Admission.TAKEN:
            self._trace.record(
                now,
                "ice",
                "remote-candidate",
                type=candidate.type,
                protocol=candidate.protocol,
                address=_text(candidate.address),
                resolved=candidate.is_resolved,
            )
            name = candidate.mdns_name
            looked_up = generation.remote_candidates.looked_up
            if name is not None and name not in looked_up:
                looked_up[name] = None
                self._events.append(NameFound(name))
        return True

    def _admit(self, candidate: Candidate, generation: Generation, now: float) -> Admission:
        refusal = self._policy.refuses(candidate)
        if refusal is None:
            self._evictor.make_room_for_signalled(candidate, generation, now)
        admission = refusal or generation.admit(candidate, self._role.is_controlling)
        if admission is not Admission.TAKEN:
            self._trace.count(f"ice-candidate-{admission}")
        if refusal is not None:
            address = _text(candidate.address)
            self._trace.record(now, "ice", "candidate-refused", address=address, why=refusal)
        return admission

    def resolve(self, name: str, address: str, now: float) -> None:
        """The name has this IP address, which may be refused as if it had been signalled."""
        self._trace.record(now, "ice", "name-resolved", host=name, address=address)
        for generation in self._lineage:
            known = generation.remote_candidates
            if name in known.looked_up:
                del known.looked_up[name]
                for candidate in known.take_named(name):
                    resolved = (address, candidate.address[1])
                    self._admit(
                        replace(candidate, address=resolved, base=resolved), generation, now
                    )
        self._selection.describe_again(now)

    def give_up(self, name: str, text: str, now: float) -> None:
        """The name stays without an address, for the reason ``text``."""
        self._trace.record(now, "ice", "name-unresolved", host=name, text=text)
        for generation in self._lineage:
            generation.remote_candidates.looked_up.pop(name, None)

    def end(self, ufrag: str | None, now: float) -> None:
        """There are no further candidates of this generation (RFC 8838 13)."""
        generation = self._lineage.by_remote_ufrag(ufrag)
        if generation is not None and not generation.remote_candidates.ended:
            generation.remote_candidates.ended = True
            self._trace.record(now, "ice", "end-of-remote-candidates")


def _text(address: Address) -> str:
    return f"{address[0]}:{address[1]}"
