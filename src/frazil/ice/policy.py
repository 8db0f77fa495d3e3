"""What an agent does and does not do, as its owner wishes."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from frazil.ice.admission import Admission, has_privileged_port
from frazil.ice.candidate import Candidate
from frazil.ice.config import IceConfig
from frazil.ice.traits import AgentTraits


class Renomination(StrEnum):
    """When the controlling agent nominates another pair although the nominated one works.

    The peer follows reliably if it knows the draft; one that does not is asked to anyway, but only
    towards a pair of higher priority, which most follow.
    """

    OFF = "off"
    """Never: one nomination, as in RFC 8445 8.1.1. The peer is not told that we know better."""
    PRIORITY = "priority"
    """When a pair of higher priority turns out to work."""
    RTT = "rtt"
    """When a pair is clearly quicker: the others are measured all the time."""


CandidateFilter: TypeAlias = Callable[[Candidate], bool]
"""Whether a candidate may be used; called once for each.

One with a name comes again with the address that the name turned out to have.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class IcePolicy:
    """The choices that are not timers.

    Attributes:
        lite: Answer checks and send none (RFC 8445 2.5): for servers that everybody can reach.
        renomination: When another pair replaces a nominated one that works.
        allow_privileged_ports: Take remote candidates at ports of system services, too.
        remote_candidate_filter: Says whether a signalled candidate may be used; all, unless given.
    """

    lite: bool = False
    renomination: Renomination = Renomination.PRIORITY
    allow_privileged_ports: bool = False
    remote_candidate_filter: CandidateFilter | None = None

    def traits(self, config: IceConfig) -> AgentTraits:
        """What the peer is to know of an agent with this policy and these timers."""
        return AgentTraits(
            is_lite=self.lite,
            pacing_s=config.pacing_s,
            renominates=self.renomination is not Renomination.OFF,
        )

    def refuses(self, candidate: Candidate) -> Admission | None:
        """Why a candidate must not be used; ``None`` if it may.

        A filter that raises has not said that it may.
        """
        if has_privileged_port(candidate) and not self.allow_privileged_ports:
            return Admission.PRIVILEGED_PORT
        if self.remote_candidate_filter is None:
            return None
        try:
            is_wanted = self.remote_candidate_filter(candidate)
        except Exception:  # the application's, and none of the connection's business
            is_wanted = False
        return None if is_wanted else Admission.FILTERED


DEFAULT_POLICY: Final = IcePolicy()
"""A full agent."""
