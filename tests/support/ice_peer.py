"""A peer made by hand: it signs and sends what a test wants, and answers what it is told to."""

import random
from collections.abc import Sequence
from dataclasses import replace

from frazil.ice import (
    DEFAULT_POLICY,
    AgentTraits,
    Credentials,
    IceAgent,
    IceConfig,
    IcePolicy,
    IceTransportChanged,
    TcpType,
)
from frazil.states.enums import RTCIceRole
from frazil.stun import Attribute, ErrorCode, Message, MessageClass, Method, short_term_key
from frazil.trace import Trace
from frazil.types import Address

LOCAL: Address = ("10.0.0.1", 1000)
LOCAL_2: Address = ("10.1.0.1", 1001)
RENOMINATING = AgentTraits(renominates=True)
REMOTE: Address = ("10.0.0.2", 2000)


class IcePeer:
    """One agent, with two host candidates, whose peer the test plays.

    Attributes:
        agent: The agent, negotiated, its remote candidates still unknown.
        requests: What it sent and nobody answered yet, with local and remote address.
        states: All its states so far.
    """

    def __init__(
        self,
        role: RTCIceRole = RTCIceRole.CONTROLLED,
        *,
        config: IceConfig | None = None,
        answer: bool = True,
        policy: IcePolicy = DEFAULT_POLICY,
        traits: AgentTraits = RENOMINATING,
        addresses: Sequence[Address] = (LOCAL, LOCAL_2),
        tcp: Sequence[tuple[Address, TcpType]] = (),
    ) -> None:
        policy = replace(policy, allow_privileged_ports=True)  # those of tests are small
        self.now = 100.0
        self.random = random.Random(5)
        self.trace = Trace()
        self.ours = Credentials.generate(self.random.randbytes)
        self.theirs = Credentials.generate(self.random.randbytes)
        self.tie_breaker = 1
        self.states = ["new"]
        self.requests: list[tuple[Message, Address, Address]] = []
        self.responses: list[Message] = []
        self.agent = IceAgent(
            "x", config or IceConfig(), self.random.randbytes, self.trace, policy=policy
        )
        self.agent.set_role(role, self.now)
        self.agent.set_local_credentials(self.theirs, self.now)
        if answer:
            self.agent.set_remote_credentials(self.ours, self.now, traits)
        for address in addresses:
            self.agent.local.add_address(address, self.now)
        for address, tcp_type in tcp:
            self.agent.local.add_tcp(address, tcp_type, self.now)
        self.agent.local.addresses_done(self.now)
        self.drain()

    def drain(self) -> None:
        """Look at what the agent has to say."""
        for transmit in self.agent.poll_transmits():
            message = Message.decode(transmit.data)
            if message.message_class is MessageClass.REQUEST:
                self.requests.append((message, transmit.local, transmit.remote))
            else:
                self.responses.append(message)
        for event in self.agent.poll_events():
            if isinstance(event, IceTransportChanged) and event.change is not None:
                self.states.append(str(event.change.new))

    def run(self, seconds: float) -> None:
        """Let time pass; nothing is answered."""
        until = self.now + seconds
        while (at := self.agent.next_timeout()) is not None and at <= until:
            self.now = max(self.now, at)
            self.agent.handle_timeout(self.now)
            self.drain()
        self.now = until

    def receive(self, data: bytes, local: Address = LOCAL, remote: Address = REMOTE) -> None:
        self.agent.receive_datagram(data, local, remote, self.now)
        self.drain()

    def request(
        self,
        *,
        use_candidate: bool = False,
        nomination: int | None = None,
        claim: Attribute | None = None,
        password: str | None = None,
        username: str | None = None,
        extra: dict[Attribute, object] | None = None,
    ) -> bytes:
        """A check of the peer, signed."""
        if claim is None:
            ours = self.agent.role is RTCIceRole.CONTROLLING
            claim = Attribute.ICE_CONTROLLED if ours else Attribute.ICE_CONTROLLING
        attributes: dict[Attribute, object] = {
            Attribute.USERNAME: username or f"{self.theirs.ufrag}:{self.ours.ufrag}",
            Attribute.PRIORITY: 1845501695,
            claim: self.tie_breaker,
            **(extra or {}),
        }
        if use_candidate:
            attributes[Attribute.USE_CANDIDATE] = True
        if nomination is not None:
            attributes[Attribute.NOMINATION] = nomination
        key = short_term_key(password or self.theirs.password)
        message = Message(
            Method.BINDING, MessageClass.REQUEST, self.random.randbytes(12), attributes
        )
        return message.encode(key)

    def check(self, local: Address = LOCAL, remote: Address = REMOTE, **options) -> Message | None:
        """Send a check; returns the agent's response."""
        self.responses.clear()
        self.receive(self.request(**options), local, remote)
        return self.responses[-1] if self.responses else None

    def response(
        self,
        request: Message,
        mapped: Address,
        *,
        error: int | None = None,
        password: str | None = None,
        signed: bool = True,
    ) -> bytes:
        """A response to a check of the agent."""
        attributes: dict[Attribute, object] = {Attribute.XOR_MAPPED_ADDRESS: mapped}
        kind = MessageClass.SUCCESS
        if error is not None:
            attributes = {Attribute.ERROR_CODE: ErrorCode(error, "")}
            kind = MessageClass.ERROR
        message = Message(Method.BINDING, kind, request.transaction_id, attributes)
        key = short_term_key(password or self.ours.password)
        return message.encode(key if signed else None)

    def answer_all(self, **options) -> None:
        """Answer all requests so far, and those that follow from the answers."""
        while self.requests:
            request, local, remote = self.requests.pop(0)
            self.receive(self.response(request, local, **options), local, remote)

    def validate(self, local: Address = LOCAL, remote: Address = REMOTE, **options) -> None:
        """Check the agent on a path and answer its check there, so that the pair works."""
        self.check(local, remote, **options)
        for entry in list(self.requests):
            request, at, to = entry
            if (at, to) == (local, remote):
                self.requests.remove(entry)
                self.receive(self.response(request, local), local, remote)
