"""``RTCIceTransport`` without a connection (W3C IceTransport Extensions for WebRTC)."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final

from frazil.aio.driver import Driver
from frazil.aio.ice_option import IceOptions
from frazil.aio.network import Network
from frazil.aio.pulse import Pulse
from frazil.explain import Report, explain
from frazil.ice import AgentTraits, Credentials
from frazil.peer.candidate_init import CandidateInit
from frazil.peer.event import Fired
from frazil.peer.lone_router import MID
from frazil.peer.lone_transport import LoneTransport
from frazil.peer.reader import read_candidate, read_configuration
from frazil.session.config import SessionConfig
from frazil.session.session import Session
from frazil.states.enums import RTCIceRole
from frazil.trace import StateChange, Trace
from frazil.w3c.argument import given, given_network, require_thread_of, running_loop
from frazil.w3c.event import Event
from frazil.w3c.event_factory import make_event
from frazil.w3c.progress import wait_connected
from frazil.w3c.target import EventHandler
from frazil.w3c.tracing import trace_in
from frazil.w3c.transport import RTCIceParameters, RTCIceTransport

_DEFAULT_OPTIONS: Final = IceOptions()
_DEFAULT_SESSION: Final = SessionConfig()


class LoneIceTransport(RTCIceTransport):
    """An ICE transport for datagrams of your own, signalled in your own way.

    What W3C constructs as ``new RTCIceTransport()``. Use it inside a running event loop::

        async with LoneIceTransport() as transport:
            transport.on("icecandidate", lambda candidate: signal(candidate.toJSON()))
            transport.on("message", print)
            transport.gather({"iceServers": [{"urls": "stun:stun.example.org"}]})
            signal(transport.getLocalParameters())
            ...  # the peer's parameters and candidates come in
            transport.start(parameters, "controlling")
            transport.addRemoteCandidate(candidate)
            await transport.wait_connected(timeout=30)
            transport.send(b"hello")

    Datagrams are neither encrypted nor acknowledged, and arrive as the network brings them: late,
    twice, out of order, or not at all. One that looks like STUN (first byte below 4, magic cookie
    in the fifth to eighth) cannot be received.

    To restart ICE, both sides call :meth:`gather` again, exchange their new parameters and call
    :meth:`start` with them; the path in use stays until there is a new one.
    """

    __slots__ = ("_closing", "_core", "_driver", "_loop", "_pulse")

    onicecandidate = EventHandler("A candidate is to be signalled; an empty one ends them.")
    onicecandidateerror = EventHandler("A server, or an address of this host, gave no candidate.")
    onmessage = EventHandler("A datagram of the peer arrived.")

    def __init__(
        self,
        *,
        network: Network | None = None,
        ice: IceOptions | None = None,
        session: SessionConfig | None = None,
    ) -> None:
        """Make a transport in state ``new``.

        Args:
            network: Where sockets are opened; this machine's own network unless told.
            ice: How candidates are gathered, and what the ICE agent does with them.
            session: Timers and limits; those of DTLS and SCTP have no effect.

        Raises:
            TypeError: An argument is of a wrong class.
            RuntimeError: No event loop is running.
        """
        self._loop = running_loop("LoneIceTransport")
        network = given_network(network)
        settings = given("session", session, _DEFAULT_SESSION)
        options, trace = given("ice", ice, _DEFAULT_OPTIONS), trace_in(self._loop)
        policy, random_bytes = options.policy, network.random_bytes
        self._pulse = Pulse()
        self._core = LoneTransport(
            random_bytes=random_bytes,
            trace=trace,
            traits=policy.traits(settings.ice),
            session_factory=lambda name: Session(
                name, settings, None, random_bytes, trace, policy=policy
            ),
        )
        self._driver = Driver(
            self._core, network, self._on_fired, self._pulse.beat, options=options
        )
        self._closing: asyncio.Future[None] | None = None
        super().__init__(self._core.ice, self._core.transports, set(), self._driver.wake)

    # --- signalling ---------------------------------------------------------------------------

    def gather(self, options: Mapping[str, Any] | None = None) -> None:
        """Find candidates, which ``icecandidate`` events tell.

        Another call makes new :meth:`getLocalParameters`, as half of an ICE restart.

        Args:
            options: The W3C dictionary: ``{"gatherPolicy": "all", "iceServers": [...]}``.

        Raises:
            InvalidStateError: The transport is stopped.
            TypeError, InvalidSyntaxError, InvalidAccessError, NotSupportedError: The options are
                wrong; the message says where.
        """
        if not isinstance(options, Mapping | None):
            raise TypeError(f"options must be a mapping with the W3C keys, not {options!r}")
        members = dict(options or {})
        policy = members.pop("gatherPolicy", "all")
        configuration = read_configuration({**members, "iceTransportPolicy": policy})
        self._core.gather(configuration, self._driver.wake())

    def start(
        self,
        remoteParameters: RTCIceParameters | Mapping[str, Any],
        role: RTCIceRole | str = RTCIceRole.CONTROLLED,
    ) -> None:
        """Check the candidates of the peer; one side must be ``"controlling"``.

        A call with the same parameters changes nothing; one with others is half of an ICE restart.

        Args:
            remoteParameters: What :meth:`getLocalParameters` of the peer gave.
            role: ``"controlling"`` or ``"controlled"``: in each call that of the first one, or
                :attr:`role`, which is the other one if both sides gave the same. If one side is
                lite, that one is controlled, whatever is said here.

        Raises:
            InvalidStateError: The transport is stopped, or has started in the other role.
            TypeError: A parameter is missing or of a wrong type, or there is no such role.
            InvalidSyntaxError: A parameter does not follow RFC 8839 5.4.
        """
        if role not in (RTCIceRole.CONTROLLING, RTCIceRole.CONTROLLED):
            raise TypeError(f"the role is 'controlling' or 'controlled', not {role!r}")
        parameters = RTCIceParameters._read(remoteParameters)
        traits = AgentTraits(is_lite=parameters.iceLite)
        self._core.start(
            Credentials(parameters.usernameFragment, parameters.password),
            RTCIceRole(role),
            traits,
            self._driver.wake(),
        )

    def addRemoteCandidate(self, remoteCandidate: Any = None) -> None:
        """Take a candidate of the peer, before or after :meth:`start`, which a restart calls again.

        ``None``, or one whose ``candidate`` is empty, means that no more will come. In a restart
        ``usernameFragment`` tells what is of the new parameters.

        Raises:
            InvalidStateError: The transport is stopped.
            OperationError: The candidate is malformed.
        """
        if remoteCandidate is None:
            init = CandidateInit()
        elif isinstance(remoteCandidate, Mapping):
            init = read_candidate({"sdpMid": MID, **remoteCandidate})
        else:
            init = read_candidate(remoteCandidate)
        self._core.add_remote_candidate(init, self._driver.wake())

    # --- datagrams ----------------------------------------------------------------------------

    def send(self, data: bytes | bytearray | memoryview) -> None:
        """Send a datagram on the selected pair, best effort; stay below 1200 bytes or so.

        Raises:
            InvalidStateError: No pair may be used: the transport is not connected, or lost the
                consent of the peer.
            TypeError: ``data`` is no bytes-like object.
            ValueError: ``data`` is empty or larger than a UDP datagram.
        """
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"a datagram is bytes, not {type(data).__name__}")
        self._core.send(bytes(data), self._driver.wake())

    # --- what is known ------------------------------------------------------------------------

    def getLocalParameters(self) -> RTCIceParameters:
        """Our credentials, which the peer needs; there from the beginning."""
        parameters = super().getLocalParameters()
        assert parameters is not None
        return parameters

    @property
    def stateHistory(self) -> tuple[StateChange, ...]:
        """The last 512 state changes, with their reasons; the oldest is the first."""
        return tuple(self._core.state_history)

    @property
    def trace(self) -> Trace:
        """What was decided and why, in more detail than :attr:`stateHistory`."""
        return self._core.trace

    async def wait_connected(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Wait until :attr:`state` is ``connected`` or ``completed``.

        Args:
            timeout: Seconds to wait at most; ``None`` waits for the outcome, whenever it comes.

        Raises:
            ConnectivityError: The transport failed, was stopped, or the time ran out.
        """
        await wait_connected(
            self._pulse,
            "state",
            lambda: self.state,
            timeout,
            self.explain,
            lambda: self._core.is_recovering,
        )

    def explain(self) -> Report:
        """Why the transport is not what it should be; print it."""
        return explain(self.trace.records, self._loop.time())

    # --- the end ------------------------------------------------------------------------------

    def stop(self) -> "asyncio.Future[None]":
        """Stop for good: ``state`` is ``closed`` on return, and ``statechange`` has told so.

        While the event loop does not run, nobody is told before it runs again.

        Returns:
            Done when sockets, timers and tasks are gone; awaiting it is optional.

        Raises:
            RuntimeError: This is another thread than that of the event loop; nothing happened.
        """
        if self._closing is None:
            require_thread_of(self._loop, "transport.stop")
            self._core.close(self._loop.time())
            self._closing = self._driver.close()
            if not self._loop.is_closed():  # else nobody listens or waits any more
                self._tell(Event("statechange", self))
                self._pulse.beat()
        return asyncio.shield(self._closing)

    async def __aenter__(self) -> "LoneIceTransport":
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    def _tell(self, event: Event) -> None:
        """Call listeners in the event loop, where they may begin tasks."""
        if self._loop.is_running():
            self._dispatch(event)
        else:
            self._loop.call_soon(self._dispatch, event)

    def _on_fired(self, fired: Fired) -> bool:
        if fired.target is not self._slots or not self._listeners.wants(fired.type):
            return False
        self._dispatch(make_event(fired, self, _no_others))
        return True

    def __repr__(self) -> str:
        return f"<LoneIceTransport {self.role} {self.state}>"


def _no_others(slots: object) -> Any:
    raise AssertionError(f"a lone transport has no object for {slots!r}")
