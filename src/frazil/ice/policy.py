"""What an agent does and does not do, as its owner wishes."""

from dataclasses import dataclass

from frazil.ice.config import IceConfig
from frazil.ice.traits import AgentTraits


@dataclass(frozen=True, slots=True, kw_only=True)
class IcePolicy:
    """The choices that are not timers.

    Attributes:
        lite: Answer checks and send none (RFC 8445 2.5): for servers that everybody can reach.
    """

    lite: bool = False

    def traits(self, config: IceConfig) -> AgentTraits:
        """What the peer is to know of an agent with this policy and these timers."""
        return AgentTraits(is_lite=self.lite, pacing_s=config.pacing_s)


DEFAULT_POLICY = IcePolicy()
"""A full agent."""
