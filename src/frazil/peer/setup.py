"""What a connection is made with; the header of its recording, if it is recorded."""

from dataclasses import dataclass

from frazil.dtls import Certificate
from frazil.ice import AgentTraits, IcePolicy
from frazil.peer.configuration import Configuration
from frazil.peer.recovery import RecoveryPolicy
from frazil.sctp import SctpConfig
from frazil.session.config import SessionConfig


@dataclass(slots=True, unsafe_hash=True)
class Setup:
    """Everything that decides how a connection behaves, besides its inputs.

    Attributes:
        configuration: The W3C configuration.
        session: Timers and limits.
        policy: What the ICE agents do and do not do. Functions in it are not recorded.
        certificate: Who we are. A recording holds it without its key.
        recovery: What to do about a path that is lost.
    """

    configuration: Configuration
    session: SessionConfig
    policy: IcePolicy
    certificate: Certificate
    recovery: RecoveryPolicy

    @property
    def traits(self) -> AgentTraits:
        """How the agents go about ICE."""
        return self.policy.traits(self.session.ice)

    @property
    def announced_sctp(self) -> SctpConfig | None:
        """What descriptions announce of SCTP, if anything."""
        return self.session.sctp if self.session.snap else None
