"""The peer connection: the W3C slots and methods in front of the engine, without any I/O."""

from frazil.compiled import mypyc_attr
from frazil.dtls import Certificate
from frazil.errors import InvalidStateError
from frazil.ice import AgentTraits
from frazil.peer.aggregate import Aggregates
from frazil.peer.applier import Applier
from frazil.peer.chain import OperationChain
from frazil.peer.channel import DataChannel
from frazil.peer.channel_init import ChannelInit
from frazil.peer.channel_table import ChannelTable
from frazil.peer.codec import MediaKind
from frazil.peer.configuration import Configuration
from frazil.peer.core import Core
from frazil.peer.creator import DescriptionCreator
from frazil.peer.data_section import DataSection
from frazil.peer.description import Description, DescriptionSlots
from frazil.peer.description_init import DescriptionInit
from frazil.peer.dictionary import scalar_text
from frazil.peer.history import History
from frazil.peer.local_credentials import LocalCredentials
from frazil.peer.local_init import LocalInit
from frazil.peer.negotiator import Negotiator
from frazil.peer.operation import Operation
from frazil.peer.part import Parts
from frazil.peer.reader import read_candidate, read_description
from frazil.peer.recovery import Recovery, RecoveryPolicy
from frazil.peer.remote_candidate import RemoteCandidateIntake
from frazil.peer.router import Router
from frazil.peer.stats import Stats
from frazil.peer.stats_collector import StatsCollector
from frazil.peer.task import TaskQueue
from frazil.peer.task_runner import TaskRunner
from frazil.peer.transceiver import Transceiver, TransceiverInit
from frazil.peer.transceiver_table import TransceiverTable
from frazil.peer.transport import SctpTransport
from frazil.peer.transport_map import TransportMap
from frazil.peer.transport_pool import SessionFactory
from frazil.sctp import SctpConfig
from frazil.states.enums import (
    RTCIceConnectionState,
    RTCIceGatheringState,
    RTCPeerConnectionState,
    RTCSignalingState,
)
from frazil.trace import Reason, StateChange, Trace
from frazil.types import RandomBytes


@mypyc_attr(allow_interpreted_subclasses=True)
class PeerConnection:
    """RTCPeerConnection without a loop (webrtc-pc 4.4).

    Call a method or feed ``transports``, then: while ``tasks`` are waiting, run one per turn of
    the loop and dispatch its events; send ``transports.poll_transmits()``; serve
    ``transports.poll_requests()``; arm a timer for ``transports.next_timeout()``.

    Attributes:
        transports: The side that faces the network.
        tasks: Runs the tasks.
        trace: What was decided, and why.
    """

    def __init__(
        self,
        configuration: Configuration,
        *,
        certificate: Certificate,
        random_bytes: RandomBytes,
        trace: Trace,
        traits: AgentTraits,
        session_factory: SessionFactory,
        recovery: RecoveryPolicy = RecoveryPolicy.NONE,
        announced_sctp: SctpConfig | None = None,
        parts: Parts = Parts(),  # noqa: B008 - it is immutable
    ) -> None:
        """Make a connection in ``stable`` with no transport.

        Args:
            configuration: Validated.
            certificate: One of the configuration's, or one made for this connection; not expired.
            random_bytes: Gives ids, ICE credentials and the SDP session id.
            trace: Shared with the sessions.
            traits: Those of the ICE agents in the sessions.
            session_factory: Makes the session of a transport from its name.
            recovery: What to do about a path that is lost.
            announced_sctp: That of the sessions, if descriptions are to announce INIT.
            parts: The kinds of its parts.
        """
        configuration.check_traits(traits)
        self.trace = trace
        self._traits = traits
        self._is_closed = False
        queue = TaskQueue()
        self._history = History(trace)
        self._descriptions = DescriptionSlots()
        self._aggregates = Aggregates(self._history)
        core = Core(queue, self._history, trace, self._descriptions, self._aggregates)
        self._channels = ChannelTable(core, parts.channel)
        self._recovery = Recovery(recovery, self.restart_ice, trace)
        self.transports = parts.transport_set(
            core,
            Router(core, self._channels, self._recovery),
            configuration,
            self._recovery,
            session_factory,
        )
        self._queue = queue
        self.tasks: TaskRunner = parts.tasks(queue, self.transports)
        self._aggregates.transports = self.transports.dtls
        self._chain = OperationChain(queue, self._on_chain_empty)
        self._transceivers = TransceiverTable(
            core, random_bytes, self._on_transceiver_changed, parts.transceiver
        )
        self._data = DataSection(core, self._channels, LocalInit(announced_sctp, random_bytes))
        used = TransportMap(self.transports)
        self._applier = Applier(core, self.transports, used, self._transceivers, self._data)
        credentials = LocalCredentials(used, random_bytes)
        self._negotiator = Negotiator(
            core,
            applier=self._applier,
            creator=DescriptionCreator(
                core,
                used,
                self._transceivers,
                credentials,
                certificate,
                traits,
                random_bytes,
                configuration.bundle_policy,
            ),
            credentials=credentials,
            transports=used,
            transceivers=self._transceivers,
            channels=self._channels,
            data=self._data,
            chain=self._chain,
        )
        self._candidates = RemoteCandidateIntake(core, self._applier)
        self._stats = StatsCollector(self.transports, self._channels, certificate, random_bytes)

    # --- slots --------------------------------------------------------------------------------

    @property
    def is_closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._is_closed

    @property
    def is_recovering(self) -> bool:
        """Whether it has no path, and tries by itself to find another."""
        is_failed = self.ice_connection_state is RTCIceConnectionState.FAILED
        return is_failed and self._recovery.is_wanted

    @property
    def configuration(self) -> Configuration:
        """What ``getConfiguration`` returns, also when closed."""
        return self.transports.configuration

    @property
    def signaling_state(self) -> RTCSignalingState:
        """The state of the offer/answer exchange."""
        return self._negotiator.signaling.state

    @property
    def ice_connection_state(self) -> RTCIceConnectionState:
        """The aggregate over the ICE transports."""
        return self._aggregates.ice_connection_state

    @property
    def connection_state(self) -> RTCPeerConnectionState:
        """The aggregate over the ICE and DTLS transports."""
        return self._aggregates.connection_state

    @property
    def ice_gathering_state(self) -> RTCIceGatheringState:
        """The aggregate over the gatherers."""
        return self._aggregates.ice_gathering_state

    @property
    def is_gathered(self) -> bool:
        """Whether :attr:`local_description` holds every candidate.

        Unlike :attr:`ice_gathering_state`, which is ``complete`` for a moment longer, it is false
        as soon as a description that asks for more is applied: a restart, another transport.
        """
        return self._applier.is_gathered

    @property
    def local_description(self) -> Description | None:
        """The pending local description, else the current one."""
        return self._descriptions.local

    @property
    def current_local_description(self) -> Description | None:
        """Ours of the last complete negotiation."""
        return self._descriptions.current_local

    @property
    def pending_local_description(self) -> Description | None:
        """Ours of the negotiation under way."""
        return self._descriptions.pending_local

    @property
    def remote_description(self) -> Description | None:
        """The pending remote description, else the current one."""
        return self._descriptions.remote

    @property
    def current_remote_description(self) -> Description | None:
        """Theirs of the last complete negotiation."""
        return self._descriptions.current_remote

    @property
    def pending_remote_description(self) -> Description | None:
        """Theirs of the negotiation under way."""
        return self._descriptions.pending_remote

    @property
    def can_trickle_ice_candidates(self) -> bool | None:
        """What the last remote description said (RFC 9429 4.1.17); ``None`` before the first."""
        return self._applier.can_trickle

    @property
    def sctp(self) -> SctpTransport | None:
        """The SCTP transport, from the first description with data channels on."""
        return self._data.sctp

    @property
    def transceivers(self) -> list[Transceiver]:
        """Those that exist, in the order in which they were made."""
        return self._transceivers.items

    @property
    def state_history(self) -> list[StateChange]:
        """Every state change of the connection and its transports, with its reason."""
        return self._history.changes

    def stats(self) -> list[Stats]:
        """What ``getStats`` tells: everything as it is now; after ``close`` the final numbers."""
        return self._stats.collect()

    # --- offer and answer ---------------------------------------------------------------------

    def create_offer(self, *, ice_restart: bool = False) -> Operation[DescriptionInit]:
        """An offer for ``set_local_description``; it changes nothing.

        Rejected with:
            InvalidStateError: If closed, or not in ``stable`` or ``have-local-offer``.
        """
        return self._chain.add(self._negotiator.create_offer(ice_restart))

    def create_answer(self) -> Operation[DescriptionInit]:
        """An answer for ``set_local_description``; it changes nothing.

        Rejected with:
            InvalidStateError: If closed, or there is no remote offer to answer.
        """
        return self._chain.add(self._negotiator.create_answer())

    def set_local_description(self, description: object = None) -> Operation[None]:
        """Apply our own description, or create and apply the one that is due.

        Rejected with:
            TypeError: If ``description`` is not a description.
            InvalidModificationError: If its text is not the one that was created last.
            InvalidStateError: If closed, or the signalling state does not allow it.
        """
        try:
            init = read_description(description)
        except TypeError as error:
            return Operation.rejected(error)
        return self._chain.add(self._negotiator.set_local(init))

    def set_remote_description(self, description: object) -> Operation[None]:
        """Apply the peer's description; a remote offer rolls a local one back.

        Rejected with:
            TypeError: If ``description`` is not a description with a type.
            InvalidStateError: If closed, or the signalling state does not allow it.
            RTCError: ``sdp-syntax-error`` with the line number, if the text is not SDP.
            InvalidAccessError: If it is SDP but cannot be used.
        """
        try:
            init = read_description(description)
            if init.type is None:
                raise TypeError("a remote description needs a type: offer, answer or pranswer")
        except TypeError as error:
            return Operation.rejected(error)
        return self._chain.add(self._negotiator.set_remote(init.type, init.sdp))

    def add_ice_candidate(self, candidate: object = None) -> Operation[None]:
        """A candidate of the peer, or the end of its candidates.

        Rejected with:
            TypeError: If it is not a candidate, or names no m-section.
            InvalidStateError: If closed, or there is no remote description.
            OperationError: If the m-section or generation is unknown or the line malformed.
        """
        try:
            init = read_candidate(candidate)
        except TypeError as error:
            return Operation.rejected(error)
        return self._chain.add(self._candidates.add(init))

    def restart_ice(self) -> None:
        """The next offer restarts ICE; does nothing on a closed connection."""
        if not self._is_closed:
            self._negotiator.restart_ice()

    def set_configuration(self, configuration: Configuration, now: float) -> None:
        """Change servers and policy from the next gathering on, which the next offer begins.

        Raises:
            InvalidStateError: If closed.
            InvalidModificationError: If a member changes that must stay.
            NotSupportedError: If there are ICE servers, which a lite agent cannot use.
        """
        self._require_open("setConfiguration")
        configuration.check_traits(self._traits)
        self.configuration.check_change(
            configuration, has_local_description=self._negotiator.has_applied_local
        )
        if configuration.sources != self.configuration.sources:
            self._negotiator.outdate_candidates()
        self.transports.configure(configuration, now)

    # --- data channels ------------------------------------------------------------------------

    def create_data_channel(self, label: object, init: ChannelInit, now: float) -> DataChannel:
        """A channel; the first one makes a negotiation needed.

        Raises:
            InvalidStateError: If closed.
            TypeError: If the label or a member of ``init`` is out of range.
            OperationError: If no stream can be had for it.
        """
        self._require_open("createDataChannel")
        if not isinstance(label, str):
            raise TypeError(f"the label must be a str, not {type(label).__name__}")
        channel = self._channels.create(scalar_text(label), init, now)
        self.transports.drain()
        self._negotiator.channel_created()
        return channel

    # --- transceivers -------------------------------------------------------------------------

    def add_transceiver(self, kind: MediaKind, init: TransceiverInit) -> Transceiver:
        """A transceiver; a negotiation gives it an m-section.

        Raises:
            InvalidStateError: If closed.
        """
        self._require_open("addTransceiver")
        return self._transceivers.add(kind, init)

    # --- the end ------------------------------------------------------------------------------

    def close(self, now: float) -> None:
        """Close everything at once and silently (webrtc-pc, close the connection).

        Pending operations never settle. The goodbye to the peer is in the next transmits.
        """
        if self._is_closed:
            return
        self._is_closed = True
        self._stats.keep()
        reason = Reason("close", "webrtc-pc close()", "the application closed the connection")
        self._negotiator.signaling.close(now)
        self._transceivers.close()
        self._channels.close()
        self.transports.close(reason, now)
        self._aggregates.close(reason, now)
        self._recovery.close()
        self._queue.close()
        self._chain.close()

    # --- inside -------------------------------------------------------------------------------

    def _on_transceiver_changed(self) -> None:
        self._negotiator.note_change()

    def _on_chain_empty(self) -> None:
        self._negotiator.needed.chain_emptied()

    def _require_open(self, call: str) -> None:
        if self._is_closed:
            raise InvalidStateError(f"{call} on a closed connection; create a new one")
