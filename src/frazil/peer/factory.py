"""Makes connections, and their sessions, as a setup says."""

from frazil.dtls import EngineFactory, OpenSslEngine
from frazil.peer.connection import PeerConnection
from frazil.peer.setup import Setup
from frazil.session.session import Session
from frazil.trace import Trace
from frazil.types import RandomBytes


def unrecorded_connection(setup: Setup, random_bytes: RandomBytes, trace: Trace) -> PeerConnection:
    """A connection as it is, if nobody records it."""
    return PeerConnection(
        setup.configuration,
        certificate=setup.certificate,
        random_bytes=random_bytes,
        trace=trace,
        traits=setup.traits,
        session_factory=SessionMaker(setup, random_bytes, trace, OpenSslEngine),
        recovery=setup.recovery,
        announced_sctp=setup.announced_sctp,
    )


class SessionMaker:
    """Makes the sessions of a connection, each from the name of its transport.

    Args:
        setup: What the connection is made with.
        random_bytes: Gives the random numbers.
        trace: That of the connection.
        make_engine: Makes the DTLS implementation.
    """

    __slots__ = ("_make_engine", "_random_bytes", "_setup", "_trace")

    def __init__(
        self, setup: Setup, random_bytes: RandomBytes, trace: Trace, make_engine: EngineFactory
    ) -> None:
        self._setup = setup
        self._random_bytes = random_bytes
        self._trace = trace
        self._make_engine = make_engine

    def __call__(self, name: str) -> Session:
        """The session of the transport ``name``."""
        setup = self._setup
        return Session(
            name,
            setup.session,
            setup.certificate,
            self._random_bytes,
            self._trace,
            policy=setup.policy,
            make_engine=self._make_engine,
        )
