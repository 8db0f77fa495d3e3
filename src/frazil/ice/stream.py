"""A data stream with more than one component: RTP and RTCP that are not multiplexed (RFC 8445)."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from frazil.ice.agent import IceAgent
from frazil.ice.candidate import Candidate
from frazil.ice.checklist_set import ChecklistSet
from frazil.ice.config import IceConfig
from frazil.ice.credential import Credentials
from frazil.ice.event import CandidateError, IceEvent
from frazil.ice.policy import DEFAULT_POLICY, IcePolicy
from frazil.ice.role import Role
from frazil.ice.traits import UNKNOWN_TRAITS, AgentTraits
from frazil.states.enums import RTCIceRole, RTCIceTransportState
from frazil.trace import Trace
from frazil.types import Address, RandomBytes, Transmit

RTP = 1
"""The component of RTP and of all that is multiplexed with it."""
RTCP = 2
"""The component of RTCP on its own."""


class ComponentEvent(NamedTuple):
    """What the agent of one component reports."""

    component: int
    event: IceEvent


class IceStream:
    """One agent for each component of a stream, coupled as far as RFC 8445 couples them.

    Credentials, role and tie-breaker, the pace of checks and the knowledge of foundations are
    common: what one component finds out unfreezes the pairs of the other (7.2.5.3.3). Candidates,
    pairs, nomination, consent, liveness and state are each component's own, as are its sockets.

    The contract is that of :class:`IceAgent`. What needs no coupling is asked of :attr:`agents`.

    Attributes:
        agents: The agent of each component, the lowest first.
    """

    def __init__(
        self,
        name: str,
        config: IceConfig,
        random_bytes: RandomBytes,
        trace: Trace,
        *,
        components: Sequence[int] = (RTP, RTCP),
        policy: IcePolicy = DEFAULT_POLICY,
    ) -> None:
        role, checklists = Role(random_bytes), ChecklistSet()
        self.agents: Mapping[int, IceAgent] = MappingProxyType(
            {
                component: IceAgent(
                    f"{name}.{component}",
                    config,
                    random_bytes,
                    trace,
                    policy=policy,
                    component=component,
                    role=role,
                    checklists=checklists,
                )
                for component in sorted(components)
            }
        )
        self._trace = trace
        self._homes: dict[Address, IceAgent] = {}

    @property
    def states(self) -> tuple[RTCIceTransportState, ...]:
        """The state of each component, the lowest first."""
        return tuple(agent.state for agent in self.agents.values())

    # --- signalling ---------------------------------------------------------------------------

    def set_role(self, role: RTCIceRole, now: float) -> None:
        """Set the role that signalling implies."""
        for agent in self.agents.values():
            agent.set_role(role, now)
        self._settle(now)

    def set_local_credentials(self, credentials: Credentials, now: float) -> None:
        """Our half of a generation; other credentials than before begin an ICE restart."""
        for agent in self.agents.values():
            agent.set_local_credentials(credentials, now)
        self._settle(now)

    def set_remote_credentials(
        self, credentials: Credentials, now: float, traits: AgentTraits = UNKNOWN_TRAITS
    ) -> None:
        """Their half of a generation; other credentials than before begin an ICE restart."""
        for agent in self.agents.values():
            agent.set_remote_credentials(credentials, now, traits)
        self._settle(now)

    def rollback(self, now: float) -> None:
        """Forget a generation of which only one half is known."""
        for agent in self.agents.values():
            agent.rollback(now)
        self._settle(now)

    def add_remote_candidate(
        self, candidate: Candidate, now: float, ufrag: str | None = None
    ) -> None:
        """A remote candidate was signalled; its component says whose it is."""
        agent = self.agents.get(candidate.component)
        if agent is None:
            self._trace.count("ice-candidate-of-other-component")
            return
        agent.add_remote_candidates((candidate,), now, ufrag)
        self._settle(now)

    def end_remote_candidates(self, now: float, ufrag: str | None = None) -> None:
        """No further remote candidate of any component will be signalled."""
        for agent in self.agents.values():
            agent.end_remote_candidates(now, ufrag)
        self._settle(now)

    # --- gathering ----------------------------------------------------------------------------

    def add_local_address(self, component: int, address: Address, now: float) -> None:
        """A socket for ``component`` is bound to ``address``.

        Raises:
            ValueError: The stream has no such component, or the address serves another one.
        """
        agent = self.agents.get(component)
        if agent is None:
            raise ValueError(f"the stream has no component {component}")
        if self._homes.setdefault(address, agent) is not agent:
            raise ValueError(f"{address} serves another component: each needs sockets of its own")
        agent.local.add_address(address, now)
        self._settle(now)

    def remove_local_address(self, address: Address, now: float) -> None:
        """The interface of ``address`` is gone."""
        agent = self._homes.pop(address, None)
        if agent is not None:
            agent.local.remove_address(address, now)
            self._settle(now)

    def local_addresses_done(self, now: float) -> None:
        """Every local address of this generation has been added, for every component."""
        for agent in self.agents.values():
            agent.local.addresses_done(now)
        self._settle(now)

    def expect_server(self, url: str) -> None:
        """The STUN server of ``url`` is being resolved; gathering waits for it."""
        for agent in self.agents.values():
            agent.local.expect_server(url)

    def add_stun_server(self, url: str, addresses: list[Address], now: float) -> None:
        """The server of ``url`` was resolved to ``addresses``."""
        for agent in self.agents.values():
            agent.local.add_stun_server(url, addresses, now)
        self._settle(now)

    def server_failed(self, error: CandidateError, now: float) -> None:
        """An expected server cannot be used."""
        for agent in self.agents.values():
            agent.local.server_failed(error, now)
        self._settle(now)

    # --- network ------------------------------------------------------------------------------

    def receive_datagram(self, data: bytes, local: Address, remote: Address, now: float) -> None:
        """Take one STUN message. Whatever is wrong with it is counted, never raised."""
        agent = self._homes.get(local)
        if agent is None:
            self._trace.count("stun-at-unknown-address")
            return
        agent.receive_datagram(data, local, remote, now)
        self._settle(now)

    def handle_timeout(self, now: float) -> None:
        """Do what is due."""
        for agent in self.agents.values():
            agent.handle_timeout(now)
        self._settle(now)

    def next_timeout(self) -> float | None:
        """When :meth:`handle_timeout` has something to do."""
        deadlines = (agent.next_timeout() for agent in self.agents.values())
        return min((at for at in deadlines if at is not None), default=None)

    def poll_transmits(self) -> list[Transmit]:
        """What is to be sent, in order for each component."""
        return [each for agent in self.agents.values() for each in agent.poll_transmits()]

    def poll_events(self) -> list[ComponentEvent]:
        """What happened, in order for each component."""
        return [
            ComponentEvent(component, event)
            for component, agent in self.agents.items()
            for event in agent.poll_events()
        ]

    def close(self, now: float) -> None:
        """Stop at once and answer nothing any more."""
        for agent in self.agents.values():
            agent.close(now)
        self._homes.clear()

    def _settle(self, now: float) -> None:
        """Let each agent act on what another one found out: the role, or a foundation that works.

        An early timeout does nothing else. One may unfreeze pairs of an agent that had its turn,
        which then are due by :meth:`next_timeout`.
        """
        for agent in self.agents.values():
            agent.follow_role(now)
            agent.handle_timeout(now)
