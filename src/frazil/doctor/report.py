"""What an examination has observed. Durations are seconds."""

from dataclasses import dataclass
from enum import StrEnum

from frazil.doctor.behaviour import Behaviour
from frazil.types import Address


class Knock(StrEnum):
    """What became of an attempt to open a TCP connection."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    SILENT = "silent"


class StepName(StrEnum):
    """What a TURN server is asked to do, in this order."""

    CONNECT = "connect"
    ALLOCATE = "allocate"
    PERMISSION = "permission"
    CHANNEL = "channel"
    DATA = "data"
    REFRESH = "refresh"


@dataclass(frozen=True, slots=True)
class InterfaceReport:
    """One address of this host.

    Attributes:
        name: Of the interface.
        address: The address.
        is_default: Whether this host writes to the world from it.
        remark: What kind of address it is, if that matters; or empty.
    """

    name: str
    address: str
    is_default: bool
    remark: str


@dataclass(frozen=True, slots=True)
class ServerReport:
    """One server by its URL.

    Attributes:
        url: As it was named.
        addresses: What its name stands for.
        problem: Why the name could not be looked up; or empty.
    """

    url: str
    addresses: tuple[Address, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class StunReport:
    """A server asked over UDP from one local address.

    Attributes:
        url: The server.
        local: The local IP address.
        server: Where the question went.
        rtt_s: The round trip; None if no answer came.
        mapped: How the server sees us; None if it gave nothing that can be a candidate.
        other: The second address of a server that knows RFC 5780.
        refusal: The error code, if the server refused to answer.
        knock: Whether TCP leads there, tried if UDP does not.
    """

    url: str
    local: str
    server: Address
    rtt_s: float | None = None
    mapped: Address | None = None
    other: Address | None = None
    refusal: int | None = None
    knock: Knock | None = None

    @property
    def is_answered(self) -> bool:
        """Whether UDP leads there and back."""
        return self.rtt_s is not None


@dataclass(frozen=True, slots=True)
class NatReport:
    """What is between a local address and the servers (RFC 5780 4).

    Attributes:
        local: The local IP address.
        url: The server that helped to find out.
        mapped: Our address at that server.
        is_translated: Whether ``mapped`` is another address or port than the socket's own.
        mapping: Which destinations see the same public port; None if unknown.
        filtering: Who may write to that port; None if unknown.
        keeps_port: Whether the public port is that of the socket.
        hairpin: Whether two sockets reach each other by their public addresses; None without NAT.
        packet_size: Bytes of the largest IP packet that gets to the server in one piece, up to
            1500; None if unknown.
    """

    local: str
    url: str
    mapped: Address
    is_translated: bool
    mapping: Behaviour | None
    filtering: Behaviour | None
    keeps_port: bool
    hairpin: bool | None
    packet_size: int | None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a TURN server was asked for.

    Attributes:
        name: What.
        is_done: Whether it worked.
        took_s: How long it took; for data, the round trip through the relay.
        text: What went wrong, a sentence.
        code: The STUN error code, if a server said one.
        is_certificate: Whether the certificate of the server was not accepted.
    """

    name: StepName
    is_done: bool
    took_s: float
    text: str = ""
    code: int | None = None
    is_certificate: bool = False


@dataclass(frozen=True, slots=True)
class RelayReport:
    """A TURN server tried from one local address.

    Attributes:
        url: The server.
        local: The local IP address.
        server: Where the questions went.
        username: Who asked.
        relayed: The address that peers would send to.
        mapped: How the server sees us, over this transport.
        lifetime_s: How long the allocation lives without a refresh.
        steps: In their order; the last one may have failed.
    """

    url: str
    local: str
    server: Address
    username: str
    relayed: tuple[Address, ...]
    mapped: Address | None
    lifetime_s: int | None
    steps: tuple[Step, ...]

    @property
    def is_usable(self) -> bool:
        """Whether data came through."""
        return any(step.name is StepName.DATA and step.is_done for step in self.steps)

    @property
    def is_answered(self) -> bool:
        """Whether the server said anything to the request for a relay."""
        step = self.step(StepName.ALLOCATE)
        return step is not None and (step.is_done or step.code is not None)

    @property
    def failed(self) -> Step | None:
        """The first step that did not work."""
        return next((step for step in self.steps if not step.is_done), None)

    def step(self, name: StepName) -> Step | None:
        """What became of one step; None if it was not reached."""
        return next((step for step in self.steps if step.name is name), None)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was observed."""

    interfaces: tuple[InterfaceReport, ...]
    hints: tuple[str, ...]
    servers: tuple[ServerReport, ...]
    stun: tuple[StunReport, ...]
    nats: tuple[NatReport, ...]
    relays: tuple[RelayReport, ...]
