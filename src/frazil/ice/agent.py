"""The ICE agent: one transport, from the first candidate to the last (RFC 8445).

This is a façade. What to gather, what checks lead to, whether the pair in use lives and which state
follows are decided in the modules beside it; the agent carries inputs to them and their outputs
back. Signalling, the network and time speak to the agent itself; whoever looks for addresses, to
its :mod:`frazil.ice.local_end`; whoever carries payload, to its :mod:`frazil.ice.passage`. After
every input :mod:`frazil.ice.settlement` sends what is due, and says what follows.
"""

from collections.abc import Iterable
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.errors import InvalidStateError, NotFoundError
from frazil.ice.candidate import Candidate
from frazil.ice.checker import Checker
from frazil.ice.checklist_set import ChecklistSet
from frazil.ice.config import IceConfig
from frazil.ice.credential import Credentials
from frazil.ice.event import IceEvent, SelectedPair
from frazil.ice.gatherer import Gatherer
from frazil.ice.generation import Generation
from frazil.ice.intake import Intake
from frazil.ice.lineage import Lineage
from frazil.ice.lite import LiteChecker
from frazil.ice.local_end import LocalEnd
from frazil.ice.outcome import Outcome
from frazil.ice.pair import CandidatePair, PairKey, PairState
from frazil.ice.passage import Passage
from frazil.ice.policy import DEFAULT_POLICY, IcePolicy
from frazil.ice.responder import Responder
from frazil.ice.role import Role
from frazil.ice.settlement import Settlement
from frazil.ice.traits import UNKNOWN_TRAITS, AgentTraits
from frazil.ice.validated import ValidatedAddresses
from frazil.states.enums import RTCIceGathererState, RTCIceRole, RTCIceTransportState
from frazil.stun import Message, MessageClass, Method, StunDecodeError
from frazil.trace import Trace
from frazil.types import Address, Datagram, RandomBytes, Transmit

_BINDING: Final = Method.BINDING
_INDICATION: Final = MessageClass.INDICATION
_REQUEST: Final = MessageClass.REQUEST


@mypyc_attr(allow_interpreted_subclasses=True)
class IceAgent:
    """Connects one component with one peer and says truthfully how that goes.

    Every method that takes ``now`` is an input; drain :meth:`poll_transmits` and
    :meth:`poll_events` after each of them and call :meth:`handle_timeout` at :meth:`next_timeout`.
    Once closed, the agent ignores all inputs.

    Attributes:
        local: Takes what is found at our end: addresses, streams, servers.
        passage: What payload asks, and what it shows of the peer.
        outcome: What is told of the transport; says whether there is anything to be told.
        is_lite: Whether it answers checks and sends none.
    """

    def __init__(
        self,
        name: str,
        config: IceConfig,
        random_bytes: RandomBytes,
        trace: Trace,
        *,
        policy: IcePolicy = DEFAULT_POLICY,
        component: int = 1,
        role: Role | None = None,
        checklists: ChecklistSet | None = None,
    ) -> None:
        """Make an agent that waits for credentials.

        Args:
            name: Tells it apart in reasons and trace.
            config: Its timers.
            random_bytes: Its source of randomness.
            trace: Where it records what it does.
            policy: What it does and does not do.
            component: 1 for RTP and all that is multiplexed with it, 2 for RTCP on its own.
            role: Shared with the agents of the other components of the stream, if there are any.
            checklists: As ``role``. See :class:`frazil.ice.IceStream`.
        """
        self._trace = trace
        self.is_lite = policy.lite
        self._role = role or Role(random_bytes)
        self._lineage = Lineage()
        self._gatherer = Gatherer(config, random_bytes, trace, component)
        self._responder = Responder(self._lineage, self._role, trace, is_lite=policy.lite)
        self._checker: Checker | LiteChecker
        if policy.lite:
            self._checker = LiteChecker(config, self._role, random_bytes, trace)
        else:
            checklists = checklists or ChecklistSet()
            self._checker = Checker(
                config, self._role, random_bytes, trace, policy, component, checklists
            )
        self._consent = self._checker.consent
        self._selection = self._checker.selection
        self._validated = ValidatedAddresses()
        self.outcome = Outcome(name, self._lineage, self._checker, trace)
        self._events = self.outcome.events
        self._settlement = Settlement(
            self._lineage, self._role, self._gatherer, self._checker, self.outcome, trace
        )
        self._intake = Intake(
            self._lineage,
            policy,
            component,
            self._role,
            self._checker.evictor,
            self._selection,
            trace,
            self._events,
        )
        self.local = LocalEnd(
            self._lineage,
            self._role,
            self._gatherer,
            self._checker,
            self._validated,
            self.outcome,
            self._settlement,
            trace,
        )
        self.passage = Passage(
            self._lineage,
            self._checker,
            self._validated,
            self.outcome,
            self._settlement,
            trusts_lite=policy.lite,
        )
        self._replies = self._responder.transmits
        self._checks = self._checker.transmits

    # --- what is known ------------------------------------------------------------------------

    @property
    def state(self) -> RTCIceTransportState:
        """The transport state (webrtc-pc RTCIceTransportState)."""
        return self.outcome.state

    @property
    def role(self) -> RTCIceRole:
        """Whether this agent nominates."""
        return self._role.value

    @property
    def gathering_state(self) -> RTCIceGathererState:
        """The state of the newest generation's gathering."""
        return self._gatherer.state

    @property
    def selected_pair(self) -> SelectedPair | None:
        """The pair that carries data now."""
        return self._selection.described

    @property
    def path(self) -> tuple[Address, Address] | None:
        """Where to send from and to; ``None`` while nothing may or can be sent (RFC 7675)."""
        return self._selection.path

    @property
    def pairs(self) -> tuple[CandidatePair, ...]:
        """The pairs of the newest active generation, highest priority first."""
        current = self._lineage.current
        return tuple(current.checklist) if current else ()

    @property
    def pair_in_use(self) -> CandidatePair | None:
        """The selected pair with its counters; during a restart it may not be in ``pairs``."""
        return self._selection.pair

    @property
    def pair_changes(self) -> int:
        """How often the selected pair became another one, or none, or one again."""
        return self._selection.changes

    @property
    def generations(self) -> tuple[Generation, ...]:
        """Those that matter now: the newest, the one whose checks run, the one in use."""
        return self._lineage.relevant(self._selection.generation)

    # --- signalling ---------------------------------------------------------------------------

    def set_role(self, role: RTCIceRole, now: float) -> None:
        """Set the role that signalling implies (RFC 8445 6.1.1)."""
        if not self.outcome.is_closed and role is not self._role.value:
            self._role.set(role)
            self._settlement.settle(now)

    def follow_role(self, now: float) -> None:
        """Let pairs follow the role, which the agent of another component may have changed."""
        self._settlement.apply_role(now)

    def set_local_credentials(self, credentials: Credentials, now: float) -> None:
        """Our half of a generation; other credentials than before begin an ICE restart.

        Gathering starts with it: add local addresses and servers next.
        """
        if self.outcome.is_closed:
            return
        generation = self._lineage.set_local(credentials, self._selection.generation)
        if generation is not None:
            self._gatherer.begin(generation, now)
            self._activate(generation, now)
        self._settlement.settle(now)

    def set_remote_credentials(
        self, credentials: Credentials, now: float, traits: AgentTraits = UNKNOWN_TRAITS
    ) -> None:
        """Their half of a generation; other credentials than before begin an ICE restart.

        If one of the agents is lite, that settles the role, whoever offered (RFC 8445 6.1.1).
        """
        if self.outcome.is_closed:
            return
        generation = self._lineage.set_remote(credentials, self._selection.generation)
        if generation is not None:
            generation.remote_traits = traits
            generation.awaits_checks = self.is_lite and not traits.is_lite
            self._role.set_facing(traits, lite=self.is_lite)
            self._activate(generation, now)
        self._settlement.settle(now)

    def rollback(self, now: float) -> None:
        """Forget a generation of which only one half is known."""
        generation = self._lineage.rollback()
        if generation is not None and generation.local is not None:
            self._trace.record(now, "ice", "rollback", ufrag=generation.local.ufrag)
            self._gatherer.withdraw(generation, now)
        self._settlement.settle(now)

    def add_remote_candidates(
        self, candidates: Iterable[Candidate], now: float, ufrag: str | None = None
    ) -> None:
        """Remote candidates were signalled, one or several together.

        Args:
            candidates: What :meth:`Candidate.from_line` gave. One that no pair can be formed with
                (a name that is not looked up, TCP, port 0) is recorded and otherwise ignored.
            now: The instant.
            ufrag: The generation they belong to; ``None`` means the newest.
        """
        known = [self._intake.add(each, ufrag, now) for each in candidates]
        if any(known):
            self._settlement.settle(now)

    def name_resolved(self, name: str, address: str, now: float) -> None:
        """A name of remote candidates, told by :class:`NameFound`, has this IP address."""
        self._intake.resolve(name, address, now)
        self._settlement.settle(now)

    def name_unresolved(self, name: str, text: str, now: float) -> None:
        """Such a name stays without an address, for the reason ``text``; it is not waited for."""
        self._intake.give_up(name, text, now)
        self._settlement.settle(now)

    def end_remote_candidates(self, now: float, ufrag: str | None = None) -> None:
        """No further remote candidate will be signalled (RFC 8838 13)."""
        self._intake.end(ufrag, now)
        self._settlement.settle(now)

    def _activate(self, generation: Generation, now: float) -> None:
        """Begin the checks of a generation with both halves; of a later one: restart."""
        local = generation.local
        if local is not None and generation.remote is not None:
            if self._lineage.has_predecessor:
                self._trace.record(now, "ice", "restart", ufrag=local.ufrag)
            self._gatherer.commit()
            self._checker.begin(generation, now)
            self.outcome.restart(now)
            self._checker.catch_up(generation, now)

    # --- the choice of the pair ---------------------------------------------------------------

    def ask_first(self) -> None:
        """From now on report :class:`NominationProposed`, and wait, before nominations."""
        if isinstance(self._checker, Checker):
            self._checker.nominator.gate.is_shut = True

    def decide_nomination(self, key: PairKey, now: float, *, wanted: bool) -> None:
        """The answer to :class:`NominationProposed`; a pair that is not wanted is never nominated.

        A proposal that events have overtaken needs no answer, and gets no consequence.
        """
        if isinstance(self._checker, Checker) and not self.outcome.is_closed:
            self._checker.nominator.decide(key, now, wanted=wanted)
            self._settlement.settle(now)

    def select_pair(self, key: PairKey, now: float) -> None:
        """Nominate this pair, once a check of it succeeds, and no other one as long as it works.

        Raises:
            InvalidStateError: The agent is not the one that nominates, or the pair has failed.
            NotFoundError: There is no such pair in the generation in force.
        """
        current = self._lineage.current
        pair = current.checklist.find(key) if current else None
        if pair is None:
            raise NotFoundError("the pair is none of this transport, or of one before a restart")
        if isinstance(self._checker, LiteChecker) or not self._role.is_controlling:
            raise InvalidStateError("only the side that nominates can select a pair")
        if pair.state is PairState.FAILED:
            raise InvalidStateError("the pair was checked without success")
        self._checker.nominator.pin(pair, now)
        self._settlement.settle(now)

    # --- network ------------------------------------------------------------------------------

    def take_usual(self, lone: Datagram, now: float) -> list[Transmit] | None:
        """Take a datagram if it is what both ends of a settled pair exchange all the time.

        Returns:
            What is to be sent, if all transmits were polled before; with :meth:`next_timeout` that
            is all that follows. ``None`` if it is anything else: then nothing has happened.
        """
        consent = self._consent
        if consent is None or not consent.take(lone.data, lone.local, lone.remote, now):
            return None
        return self._poll_checks()

    def receive_datagram(self, data: bytes, local: Address, remote: Address, now: float) -> None:
        """Take one STUN message. Whatever is wrong with it is counted, never raised."""
        consent = self._consent
        if consent is not None and consent.take(data, local, remote, now):
            return
        if self.outcome.is_closed:
            return
        try:
            message = Message.decode(data)
        except StunDecodeError:
            self._trace.count("stun-malformed")
            return
        if message.method is not _BINDING:
            self._trace.count("stun-unexpected-method")
            return
        if message.message_class is _INDICATION:
            return  # a keepalive; nobody signed it
        if message.message_class is _REQUEST:
            self._receive_request(message, local, remote, now)
        elif self._gatherer.receive(message, local, remote, now):
            self._selection.describe_again(now)
        elif self._checker.receive(message, local, remote, now):
            self._validated.add((local, remote), self.path)
        self._settlement.settle(now)

    def _receive_request(
        self, request: Message, local: Address, remote: Address, now: float
    ) -> None:
        accepted = self._responder.answer(request, local, remote, now)
        if accepted is not None:
            self._validated.add((local, remote), self.path)
            self._settlement.apply_role(now)
            if not self._checker.heard(*accepted, now):
                self._responder.withdraw()
            elif self._consent is not None:
                self._consent.learn_question(accepted[1], request.data, self._replies[-1].data)

    def ask_usual(self, now: float) -> list[Transmit] | None:
        """Do what is due if it is but the next check on a settled pair; as :meth:`take_usual`."""
        return self._poll_checks() if self._ask_if_due(now) else None

    def _ask_if_due(self, now: float) -> bool:
        """Whether the next check on a settled pair, which is sent then, is all that may be due."""
        if not self._settlement.decision_is_known:
            self._settlement.decide()
        if self._consent is None:
            return False
        decision_at = self._settlement.decision_at
        return (decision_at is None or now < decision_at) and self._consent.ask_if_due(now)

    def handle_timeout(self, now: float) -> None:
        """Do what is due."""
        if not self._ask_if_due(now):
            self._gatherer.handle_timeout(now)
            self._settlement.settle(now, self._checker.handle_timeout(now))

    def next_timeout(self) -> float | None:
        """When :meth:`handle_timeout` has something to do."""
        if not self._settlement.decision_is_known:
            self._settlement.decide()
        monitor, at = self._selection.monitor, self._settlement.decision_at
        watched_at = None if monitor is None else monitor.next_timeout()
        return at if watched_at is None or (at is not None and at < watched_at) else watched_at

    def poll_transmits(self) -> list[Transmit]:
        """What is to be sent, in order."""
        out = self._poll_checks()
        if self._replies:
            out = self._replies + out
            self._replies.clear()
        out += self._gatherer.poll_transmits()
        return out

    def _poll_checks(self) -> list[Transmit]:
        out = self._checks.copy()
        self._checks.clear()
        return out

    def poll_events(self) -> list[IceEvent]:
        """What happened, in order."""
        self.outcome.has_news = False
        if not self._events:
            return []
        events = self._events.copy()
        self._events.clear()
        return events

    def close(self, now: float) -> None:
        """Stop at once and answer nothing any more. Fires no event (webrtc-pc 4.4.1.10)."""
        if self.outcome.is_closed:
            return
        self._settlement.close(now)
        self._selection.take_news()
        self._lineage.clear()
        self._gatherer.cancel()
        self._replies.clear()
        self._validated.clear()
        self._events.clear()
