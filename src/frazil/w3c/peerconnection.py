"""``RTCPeerConnection`` (webrtc-pc 4.4)."""

import asyncio
import os
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Literal

from frazil.aio.ice_option import IceOptions, choice
from frazil.aio.network import Network
from frazil.aio.recording_file import TraceFile
from frazil.explain import Report
from frazil.peer.reader import read_configuration, read_transceiver
from frazil.peer.recovery import RecoveryPolicy
from frazil.peer.setup import Setup
from frazil.session.config import SessionConfig
from frazil.states.enums import (
    RTCIceConnectionState,
    RTCIceGatheringState,
    RTCPeerConnectionState,
    RTCSignalingState,
)
from frazil.trace import StateChange, Trace
from frazil.w3c.argument import SYSTEM_NETWORK, given, given_network, running_loop
from frazil.w3c.backend import Backend
from frazil.w3c.census import Census
from frazil.w3c.certificate import RTCCertificate, choose_certificate, generate_certificate
from frazil.w3c.channel_option import read_options
from frazil.w3c.configuration import to_dict
from frazil.w3c.datachannel import RTCDataChannel
from frazil.w3c.description import RTCSessionDescription
from frazil.w3c.recording import make_connection
from frazil.w3c.stats import RTCStatsReport, request_report
from frazil.w3c.target import EventHandler, EventTarget
from frazil.w3c.tracing import trace_in
from frazil.w3c.transceiver import RTCRtpReceiver, RTCRtpSender, RTCRtpTransceiver, read_kind
from frazil.w3c.transport import RTCSctpTransport

_DEFAULT_OPTIONS: Final = IceOptions()
_DEFAULT_SESSION: Final = SessionConfig()

CENSUS: Final[Census["RTCPeerConnection"]] = Census()
"""The connections of this process by the number that the log calls them, and who hears of them."""


class RTCPeerConnection(EventTarget):
    """A connection to one peer, with the names and states of the W3C standard.

    Use it inside a running event loop::

        async with RTCPeerConnection() as pc:
            channel = pc.createDataChannel("chat")
            await pc.setLocalDescription()
            ...  # exchange descriptions and candidates with the peer
            await pc.wait_connected(timeout=30)

    ``setLocalDescription`` returns at once and candidates trickle through ``icecandidate``. To
    signal everything in one message instead, wait with :meth:`gathering_complete`.

    The methods of W3C act when they are called, in the order of the calls, and return futures,
    which need not be awaited. For a task, await them in a coroutine function.

    No server is contacted unless ``configuration`` names it.

    The log and the dashboard call it "connection 31" by its number in this process, with which its
    ``repr`` begins: ``<RTCPeerConnection 31 new ice=new>``.
    """

    __slots__ = ("_backend", "_loop", "_number", "_peer")

    onconnectionstatechange = EventHandler("``connectionState`` changed.")
    ondatachannel = EventHandler("The peer opened a channel.")
    onicecandidate = EventHandler("A candidate is to be signalled, or there are no more.")
    onicecandidateerror = EventHandler("A server, or an address of this host, gave no candidate.")
    oniceconnectionstatechange = EventHandler("``iceConnectionState`` changed.")
    onicegatheringstatechange = EventHandler("``iceGatheringState`` changed.")
    onnegotiationneeded = EventHandler("An offer is due; call ``setLocalDescription``.")
    onremoteclose = EventHandler("The peer said goodbye; an extension.")
    onsignalingstatechange = EventHandler("``signalingState`` changed.")
    ontrack = EventHandler("The peer would send audio or video.")

    def __init__(
        self,
        configuration: Mapping[str, Any] | object | None = None,
        *,
        network: Network | None = None,
        ice: IceOptions | None = None,
        session: SessionConfig | None = None,
        recovery: Literal["none", "restart"] = "none",
        trace: TraceFile | str | os.PathLike[str] | None = None,
    ) -> None:
        """Make a connection in state ``new``.

        Args:
            configuration: The W3C dictionary: ``{"iceServers": [{"urls": "stun:..."}], ...}``.
            network: Where sockets are opened; this machine's own network unless told.
            ice: How candidates are gathered, and what the ICE agent does with them.
            session: Timers and limits, for example when ``disconnected`` is reported.
            recovery: ``"restart"`` asks for a negotiation that restarts ICE by itself when the
                path is lost for good, or is lost and this host's network has changed. The
                application negotiates on ``negotiationneeded``, as ever.
            trace: A file in which everything is recorded, so that ``frazil replay`` can do it
                again. Without it, ``FRAZIL_TRACE`` may name a folder for such files.

        Raises:
            TypeError, InvalidSyntaxError, InvalidAccessError, NotSupportedError: The
                configuration or another argument is wrong; the message says where.
            ValueError: ``recovery`` is something else.
            RuntimeError: No event loop is running.
        """
        self._loop = running_loop("RTCPeerConnection")
        super().__init__(set())
        network = given_network(network)
        settings = given("session", session, _DEFAULT_SESSION)
        options = given("ice", ice, _DEFAULT_OPTIONS)
        config = read_configuration(configuration)
        certificate = choose_certificate(config.certificates, network.random_bytes)
        policy = choice("recovery", RecoveryPolicy, recovery)
        setup = Setup(config, settings, options.policy, certificate, policy)
        self._peer, file = make_connection(setup, network.random_bytes, trace_in(self._loop), trace)
        self._number = CENSUS.enter(self, self._loop)
        self._backend = Backend(self, self._tasks, self._peer, file, network, options, self._number)
        CENSUS.announce(self)

    # --- states and descriptions --------------------------------------------------------------

    @property
    def signalingState(self) -> RTCSignalingState:
        """Where offer and answer stand."""
        return self._peer.signaling_state

    @property
    def iceGatheringState(self) -> RTCIceGatheringState:
        """``new``, ``gathering`` or ``complete``."""
        return self._peer.ice_gathering_state

    @property
    def iceConnectionState(self) -> RTCIceConnectionState:
        """Whether packets reach the peer."""
        return self._peer.ice_connection_state

    @property
    def connectionState(self) -> RTCPeerConnectionState:
        """Whether the connection as a whole works: ICE and DTLS together."""
        return self._peer.connection_state

    @property
    def stateHistory(self) -> tuple[StateChange, ...]:
        """The last 512 state changes of the connection and its transports, with their reasons.

        The oldest is the first. A recording has them all.
        """
        return tuple(self._peer.state_history)

    @property
    def trace(self) -> Trace:
        """What was decided and why, in more detail than :attr:`stateHistory`."""
        return self._peer.trace

    @property
    def localDescription(self) -> RTCSessionDescription | None:
        """The pending local description, else the current one; goes with our candidates."""
        return self._backend.public.description(self._peer.local_description)

    @property
    def currentLocalDescription(self) -> RTCSessionDescription | None:
        """Ours of the last complete negotiation."""
        return self._backend.public.description(self._peer.current_local_description)

    @property
    def pendingLocalDescription(self) -> RTCSessionDescription | None:
        """Ours of the negotiation under way."""
        return self._backend.public.description(self._peer.pending_local_description)

    @property
    def remoteDescription(self) -> RTCSessionDescription | None:
        """The pending remote description, else the current one."""
        return self._backend.public.description(self._peer.remote_description)

    @property
    def currentRemoteDescription(self) -> RTCSessionDescription | None:
        """Theirs of the last complete negotiation."""
        return self._backend.public.description(self._peer.current_remote_description)

    @property
    def pendingRemoteDescription(self) -> RTCSessionDescription | None:
        """Theirs of the negotiation under way."""
        return self._backend.public.description(self._peer.pending_remote_description)

    @property
    def canTrickleIceCandidates(self) -> bool | None:
        """Whether the peer takes candidates one by one; ``None`` before its first description."""
        return self._peer.can_trickle_ice_candidates

    @property
    def sctp(self) -> RTCSctpTransport | None:
        """What the data channels share; ``None`` until a description with channels is set."""
        slots = self._peer.sctp
        return None if slots is None else self._backend.public.of(slots)

    # --- offer and answer ---------------------------------------------------------------------

    def createOffer(
        self, options: Mapping[str, Any] | None = None
    ) -> "asyncio.Future[RTCSessionDescription]":
        """An offer; ``{"iceRestart": True}`` asks for a new path. Changes nothing by itself.

        Rejected with:
            InvalidStateError: The connection is closed, or ``signalingState`` is neither ``stable``
                nor ``have-local-offer``.
        """
        restart = bool(options and options.get("iceRestart"))
        self._backend.calls.called("createOffer", "iceRestart" if restart else "")
        operation = self._peer.create_offer(ice_restart=restart)
        return self._backend.promises.description("createOffer", operation)

    def createAnswer(
        self, options: Mapping[str, Any] | None = None
    ) -> "asyncio.Future[RTCSessionDescription]":
        """An answer to the remote offer. Changes nothing by itself.

        Rejected with:
            InvalidStateError: The connection is closed, or there is no remote offer.
        """
        self._backend.calls.called("createAnswer")
        return self._backend.promises.description("createAnswer", self._peer.create_answer())

    def setLocalDescription(self, description: Any = None) -> "asyncio.Future[None]":
        """Apply an offer or answer of ours; without argument, create the one that is due first.

        Gathering starts, but is not waited for.

        Rejected with:
            TypeError: It is no description.
            InvalidModificationError: It is not what was created last, unchanged.
            InvalidStateError: The connection is closed, or ``signalingState`` does not allow it.
        """
        self._backend.calls.described("setLocalDescription", description)
        operation = self._peer.set_local_description(description)
        return self._backend.promises.completion("setLocalDescription", operation)

    def setRemoteDescription(self, description: Any) -> "asyncio.Future[None]":
        """Apply the peer's offer or answer: an object or dictionary with ``type`` and ``sdp``.

        Rejected with:
            TypeError: It is no description, for example a JSON text, which needs ``json.loads``.
            InvalidStateError: The connection is closed, or ``signalingState`` does not allow it.
            RTCError: The text is no SDP; ``sdpLineNumber`` says where.
            InvalidAccessError: It is SDP and cannot be used; the message says why.
        """
        self._backend.calls.described("setRemoteDescription", description)
        operation = self._peer.set_remote_description(description)
        return self._backend.promises.completion("setRemoteDescription", operation)

    def addIceCandidate(self, candidate: Any = None) -> "asyncio.Future[None]":
        """Take a candidate of the peer, as its ``icecandidate`` event gave it.

        ``None``, or a candidate whose ``candidate`` is empty, means that no more will come.

        Rejected with:
            TypeError: It is no candidate, or names no m-section.
            InvalidStateError: The connection is closed, or there is no remote description: keep
                candidates that come before it until ``setRemoteDescription`` was called.
            OperationError: No description has its m-section or generation, or its line cannot be
                read.
        """
        operation = self._peer.add_ice_candidate(candidate)
        return self._backend.promises.completion("addIceCandidate", operation)

    def restartIce(self) -> None:
        """Make the next offer look for a new path; ``negotiationneeded`` asks for that offer."""
        self._backend.calls.called("restartIce")
        self._peer.restart_ice()
        self._backend.driver.wake()

    def getConfiguration(self) -> dict[str, Any]:
        """The configuration in force: the W3C dictionary with every member, a copy."""
        return to_dict(self._peer.configuration)

    def setConfiguration(self, configuration: Mapping[str, Any] | object | None = None) -> None:
        """Change ICE servers and policy; they hold from the next gathering on.

        The next offer restarts ICE if servers or policy are others (RFC 9429 5.2.2). Call
        :meth:`restartIce` for a negotiation at once. New credentials for the same servers restart
        nothing: allocations in use go on with the old ones until the server refuses those, then
        with the new; relays made later have the new at once.

        Raises:
            InvalidStateError: The connection is closed.
            InvalidModificationError: Something changed that must stay.
            TypeError, InvalidSyntaxError, InvalidAccessError, NotSupportedError: The
                configuration is wrong, as for the constructor.
        """
        self._peer.set_configuration(read_configuration(configuration), self._backend.driver.wake())
        self._backend.calls.configured(self._peer.configuration)

    # --- certificates -------------------------------------------------------------------------

    @staticmethod
    def generateCertificate(
        keygenAlgorithm: str | Mapping[str, Any],
    ) -> "asyncio.Future[RTCCertificate]":
        """Make a certificate for the ``certificates`` of any number of configurations.

        Args:
            keygenAlgorithm: ``{"name": "ECDSA", "namedCurve": "P-256"}``, or RSASSA-PKCS1-v1_5
                with ``modulusLength`` 2048, ``publicExponent`` 65537 as bytes and ``hash`` SHA-256;
                and ``expires``, in milliseconds from now: by default 30 days, at most 365.

        Rejected with:
            TypeError: A member is missing or has the wrong type.
            NotSupportedError: There are no such keys here.
        """
        work = generate_certificate(keygenAlgorithm, SYSTEM_NETWORK.random_bytes)
        return asyncio.get_running_loop().create_task(work, name="generateCertificate")

    # --- audio and video ----------------------------------------------------------------------

    def addTransceiver(
        self, trackOrKind: str, init: Mapping[str, Any] | None = None
    ) -> RTCRtpTransceiver:
        """Have an m-section for ``"audio"`` or ``"video"`` negotiated; no media flows either way.

        Args:
            trackOrKind: The kind.
            init: The W3C dictionary: ``{"direction": "recvonly", "streams": [...]}``.

        Raises:
            InvalidStateError: The connection is closed.
            NotSupportedError: It is a track.
            TypeError: It is another string, or ``init`` is wrong.
        """
        kind, settings = read_kind(trackOrKind), read_transceiver(init)
        self._backend.calls.called("addTransceiver", trackOrKind)
        slots = self._peer.add_transceiver(kind, settings)
        self._backend.driver.wake()
        transceiver: RTCRtpTransceiver = self._backend.public.of(slots)
        return transceiver

    def getTransceivers(self) -> list[RTCRtpTransceiver]:
        """The transceivers, in the order in which they were made."""
        return [self._backend.public.of(each) for each in self._peer.transceivers]

    def getSenders(self) -> list[RTCRtpSender]:
        """The senders of the transceivers that are not stopped."""
        return [
            each.sender for each in self.getTransceivers() if each.currentDirection != "stopped"
        ]

    def getReceivers(self) -> list[RTCRtpReceiver]:
        """The receivers of the transceivers that are not stopped."""
        return [
            each.receiver for each in self.getTransceivers() if each.currentDirection != "stopped"
        ]

    # --- statistics ---------------------------------------------------------------------------

    def getStats(self, selector: object = None) -> "asyncio.Future[RTCStatsReport]":
        """Numbers about the connection, its transport, candidates and channels (webrtc-stats).

        Works on a closed connection, too, and gives the final numbers.

        Args:
            selector: A receiver's track to report on; without media there is nothing to say of it.

        Rejected with:
            InvalidAccessError: ``selector`` is no track of this connection.
        """
        tracks = [each.track for each in self.getReceivers()]
        return request_report(self._loop, self._peer.stats, selector, tracks)

    # --- data channels ------------------------------------------------------------------------

    def createDataChannel(
        self,
        label: str,
        dataChannelDict: Mapping[str, Any] | None = None,
        *,
        ordered: bool = True,
        maxPacketLifeTime: int | None = None,
        maxRetransmits: int | None = None,
        protocol: str = "",
        negotiated: bool = False,
        id: int | None = None,
        priority: str = "low",
    ) -> RTCDataChannel:
        """Create a channel, with options as keywords or as the W3C dictionary.

        Args:
            label: A name; need not be unique.
            dataChannelDict: The W3C dictionary, instead of the keywords.
            ordered: Whether messages arrive in the order in which they were sent.
            maxPacketLifeTime: Milliseconds during which a message is retransmitted.
            maxRetransmits: How often a message is retransmitted; not with ``maxPacketLifeTime``.
            protocol: A subprotocol, for the application.
            negotiated: Both sides create the channel themselves, with the same ``id``.
            id: The SCTP stream of a negotiated channel, 0 to 65534.
            priority: ``very-low``, ``low``, ``medium`` or ``high``: each sends twice as much as
                the one before while both have something to send (webrtc-priority).

        Raises:
            InvalidStateError: The connection is closed.
            TypeError: An argument has the wrong type or is out of range.
            OperationError: The id is taken, or none is free.
        """
        init = read_options(
            dataChannelDict,
            ordered=ordered,
            maxPacketLifeTime=maxPacketLifeTime,
            maxRetransmits=maxRetransmits,
            protocol=protocol,
            negotiated=negotiated,
            id=id,
            priority=priority,
        )
        self._backend.calls.called("createDataChannel", label)
        slots = self._peer.create_data_channel(label, init, self._backend.driver.wake())
        channel: RTCDataChannel = self._backend.public.of(slots)
        return channel

    # --- waiting ------------------------------------------------------------------------------

    async def wait_connected(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Wait until :attr:`connectionState` is ``connected``.

        Args:
            timeout: Seconds to wait at most; ``None`` waits for the outcome, whenever it comes.
                With ``recovery="restart"`` a path that failed is none, as it is tried again.

        Raises:
            ConnectivityError: The connection failed, was closed, or the time ran out; its
                ``report`` says why, and what to do about it.
        """
        await self._backend.progress.wait_connected(timeout)

    def explain(self) -> Report:
        """Why the connection is not what it should be; print it."""
        return self._backend.progress.explain()

    async def gathering_complete(self) -> None:
        """Wait until :attr:`localDescription` holds every candidate, for one-message signalling.

        Raises:
            InvalidStateError: The connection was closed.
        """
        await self._backend.progress.wait_gathered()

    async def wait_closed(self) -> None:
        """Wait until :meth:`close` was called and sockets, timers and tasks are gone."""
        await self._backend.progress.wait_closed()
        await self._backend.close()

    # --- the end ------------------------------------------------------------------------------

    def close(self) -> "asyncio.Future[None]":
        """Close at once: every state is ``closed`` on return, and no event fires (webrtc-pc).

        Operations that are under way never settle, as in a browser. Only coroutine listeners that
        wait for one are cancelled there, as nobody else could end them.

        Returns:
            Done when sockets, timers and tasks are gone; awaiting it is optional.
        """
        return self._backend.close()

    async def __aenter__(self) -> "RTCPeerConnection":
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        states = f"{self.connectionState} ice={self.iceConnectionState}"
        return f"<RTCPeerConnection {self._number} {states}>"
