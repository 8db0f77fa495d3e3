"""An ICE transport without a peer connection (W3C IceTransport Extensions), without a loop."""

from collections import deque
from typing import Final

from frazil.errors import InvalidStateError, InvalidSyntaxError, OperationError
from frazil.ice import AgentTraits, Candidate, CandidateSyntaxError, Credentials
from frazil.peer.aggregate import Aggregates
from frazil.peer.candidate_init import CandidateInit
from frazil.peer.configuration import Configuration
from frazil.peer.core import Core
from frazil.peer.description import MAX_CANDIDATES, DescriptionSlots
from frazil.peer.generation import LocalGeneration
from frazil.peer.history import History
from frazil.peer.lone_router import LoneRouter
from frazil.peer.recovery import Recovery, RecoveryPolicy
from frazil.peer.task import TaskQueue
from frazil.peer.task_runner import TaskRunner
from frazil.peer.transport import IceTransport
from frazil.peer.transport_pool import SessionFactory
from frazil.peer.transport_set import TransportSet
from frazil.sdp.validation import PWD_LENGTHS, UFRAG_LENGTHS, is_ice_text
from frazil.states.enums import RTCIceRole, RTCIceTransportState
from frazil.trace import Reason, StateChange, Trace
from frazil.types import RandomBytes

MAX_EARLY: Final = MAX_CANDIDATES + 1
"""What waits for its generation: all candidates of one, and their end. The oldest go first."""
_CLOSED: Final = "the transport is closed; make another one"


class LoneTransport:
    """One ICE transport that an application signals by itself.

    It is driven as a ``PeerConnection`` is: run tasks, send transmits, serve requests.

    Attributes:
        transports: The side that faces the network.
        tasks: Runs the tasks.
        trace: What was decided, and why.
        ice: The slots that applications see.
    """

    def __init__(
        self,
        *,
        random_bytes: RandomBytes,
        trace: Trace,
        traits: AgentTraits,
        session_factory: SessionFactory,
    ) -> None:
        """Make a transport in state ``new`` that has its credentials.

        Args:
            random_bytes: Gives credentials.
            trace: Shared with the session.
            traits: Those of the ICE agent in the session.
            session_factory: Makes the session; it carries plain datagrams.
        """
        self.trace = trace
        self._random_bytes = random_bytes
        self._traits = traits
        self._queue = TaskQueue()
        self._history = History(trace)
        aggregates = Aggregates(self._history)
        core = Core(self._queue, self._history, trace, DescriptionSlots(), aggregates)
        self.transports = TransportSet(
            core,
            LoneRouter(core),
            Configuration(),
            Recovery(RecoveryPolicy.NONE, _do_nothing, trace),
            session_factory,
        )
        self.tasks = TaskRunner(self._queue, self.transports)
        self._stack = self.transports.create()
        self.ice: IceTransport = self._stack.ice
        self.ice.local_parameters = Credentials.generate(random_bytes)
        self._is_gathering = False
        self._given_role = RTCIceRole.UNKNOWN  # ICE may take the other one
        self._early: deque[CandidateInit] = deque(maxlen=MAX_EARLY)

    @property
    def is_closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self.ice.state is RTCIceTransportState.CLOSED

    @property
    def is_recovering(self) -> bool:
        """Whether ICE has started again, though a task may have to say so yet."""
        return self._stack.session.ice.state is not RTCIceTransportState.FAILED

    @property
    def state_history(self) -> list[StateChange]:
        """Every state change, with its reason."""
        return self._history.changes

    # --- what the application says ------------------------------------------------------------

    def gather(self, configuration: Configuration, now: float) -> None:
        """Find candidates; another time: with new credentials, as one half of an ICE restart.

        Raises:
            InvalidStateError: The transport is closed.
            NotSupportedError: There are servers, or only relays are wanted, and the agent is lite.
        """
        self._require_open()
        configuration.check_traits(self._traits)
        self.transports.adopt(configuration)
        if self._is_gathering:
            self.ice.local_parameters = Credentials.generate(self._random_bytes)
            self.ice.local_candidates = []
        self._is_gathering = True
        assert self.ice.local_parameters is not None
        self._stack.generations = {self.ice.local_parameters.ufrag: LocalGeneration()}
        self._stack.session.set_local_credentials(self.ice.local_parameters, now)
        self.transports.drain()

    def start(
        self, credentials: Credentials, role: RTCIceRole, traits: AgentTraits, now: float
    ) -> None:
        """Check the candidates of the peer; with other credentials: the other half of a restart.

        Raises:
            InvalidStateError: The transport is closed, or has started in the other role.
            InvalidSyntaxError: The credentials are not those of an ICE agent (RFC 8839 5.4).
        """
        self._require_open()
        if not is_ice_text(credentials.ufrag, UFRAG_LENGTHS):
            raise InvalidSyntaxError("the usernameFragment is not one of RFC 8839 5.4")
        if not is_ice_text(credentials.password, PWD_LENGTHS):
            raise InvalidSyntaxError("the password is not one of RFC 8839 5.4")
        ice, session = self.ice, self._stack.session
        is_first = ice.remote_parameters is None
        is_free = self._traits.is_lite is traits.is_lite  # else the lite one is controlled
        if not is_first and is_free and role not in (self._given_role, ice.role):
            raise InvalidStateError(f"the transport has started and is {ice.role}")
        if credentials == ice.remote_parameters:
            return
        ice.remote_parameters, ice.remote_is_lite = credentials, traits.is_lite
        if is_first:
            self._given_role = role
            session.set_role(role, now)
        else:
            ice.remote_candidates = []
        session.set_remote_credentials(credentials, now, traits)
        ice.role = session.ice.role
        self._take_early(credentials.ufrag, now)
        self.transports.drain()

    def add_remote_candidate(self, init: CandidateInit, now: float) -> None:
        """A candidate of the peer, or the end of its candidates.

        One of another generation than the newest waits for :meth:`start`; one that names none is
        of the newest.

        Raises:
            InvalidStateError: The transport is closed.
            OperationError: The line is malformed.
        """
        self._require_open()
        candidate = _read(init)
        line, ufrag = (candidate.to_line(), candidate.ufrag) if candidate else ("", None)
        ufrag = init.username_fragment or ufrag
        place = CandidateInit(line, init.sdp_mid, init.sdp_m_line_index, ufrag)
        newest = self.ice.remote_parameters
        if newest is not None and ufrag in (None, newest.ufrag):
            self._take(candidate, place, now)
            self.transports.drain()
        else:
            self._early.append(place)

    def send(self, data: bytes, now: float) -> None:
        """Send a datagram on the pair in use.

        Raises:
            InvalidStateError: There is no pair that may be used.
            ValueError: The datagram is empty or too large.
        """
        self._stack.session.send_datagram(data, now)

    def _take(self, candidate: Candidate | None, init: CandidateInit, now: float) -> None:
        """A candidate of the generation that was started last, or the end of them."""
        if candidate is None:
            self._stack.session.end_remote_candidates(now, init.username_fragment)
        else:
            self._stack.add_candidate(candidate, init, now)

    def _take_early(self, ufrag: str, now: float) -> None:
        """What was signalled before :meth:`start`; that of other generations waits on."""
        early = list(self._early)
        self._early.clear()
        for init in early:
            if init.username_fragment in (None, ufrag):
                self._take(_read(init), init, now)
            else:
                self._early.append(init)

    def _require_open(self) -> None:
        if self.is_closed:
            raise InvalidStateError(_CLOSED)

    def close(self, now: float) -> None:
        """Stop for good; ``closed`` is there on return."""
        if not self.is_closed:
            reason = Reason("stop", "webrtc-ice stop()", "the application stopped the transport")
            self.transports.close(reason, now)
            self._queue.close()


def _read(init: CandidateInit) -> Candidate | None:
    """The candidate; ``None`` if there are no more."""
    if not init.candidate:
        return None
    try:
        return Candidate.from_line(init.candidate)
    except CandidateSyntaxError as error:
        raise OperationError(f"the candidate cannot be used: {error}") from error


def _do_nothing() -> None:
    """Restarting is for the application: it has the signalling."""
