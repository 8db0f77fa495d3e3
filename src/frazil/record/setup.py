"""What a connection is made with: the header of its recording."""

from dataclasses import dataclass
from functools import partial

from frazil.dtls import Certificate, EngineFactory, OpenSslEngine
from frazil.ice import AgentTraits, IcePolicy
from frazil.peer.configuration import Configuration
from frazil.peer.connection import PeerConnection
from frazil.peer.recovery import RecoveryPolicy
from frazil.peer.transport_pool import SessionFactory
from frazil.sctp import SctpConfig
from frazil.session.config import SessionConfig
from frazil.session.session import Session
from frazil.trace import Trace
from frazil.types import RandomBytes


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

    def connection(self, random_bytes: RandomBytes, trace: Trace) -> PeerConnection:
        """A connection that is not recorded."""
        return PeerConnection(
            self.configuration,
            certificate=self.certificate,
            random_bytes=random_bytes,
            trace=trace,
            traits=self.traits,
            session_factory=self.session_factory(random_bytes, trace, OpenSslEngine),
            recovery=self.recovery,
            announced_sctp=self.announced_sctp,
        )

    def session_factory(
        self, random_bytes: RandomBytes, trace: Trace, make_engine: EngineFactory
    ) -> SessionFactory:
        """Makes the sessions of a connection."""
        return partial(self._session, random_bytes, trace, make_engine)

    def _session(
        self, random_bytes: RandomBytes, trace: Trace, make_engine: EngineFactory, name: str
    ) -> Session:
        return Session(
            name,
            self.session,
            self.certificate,
            random_bytes,
            trace,
            policy=self.policy,
            make_engine=make_engine,
        )
