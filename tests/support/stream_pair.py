"""Two ICE streams with RTP and RTCP on ports of their own, on a wire in virtual time."""

import heapq
import random
from collections.abc import Callable
from itertools import count

from frazil.ice import (
    RTCP,
    RTP,
    Candidate,
    CandidateGathered,
    CandidatesEnded,
    Credentials,
    IceConfig,
    IcePolicy,
    IceStream,
    IceTransportChanged,
)
from frazil.states.enums import RTCIceRole, RTCIceTransportState
from frazil.trace import Trace
from frazil.types import Address, Transmit

DELAY_S = 0.01
ANY_PORT = IcePolicy(allow_privileged_ports=True)


class Side:
    """A stream with what happened to it.

    Attributes:
        addresses: By component.
        states: The states of the components after each change, with its time.
        requests: When each request left, on which path.
    """

    def __init__(
        self, name: str, addresses: dict[int, tuple[Address, ...]], config: IceConfig, seed: int
    ) -> None:
        source = random.Random(f"{name} {seed}").randbytes
        self.trace = Trace()
        self.stream = IceStream(name, config, source, self.trace, policy=ANY_PORT)
        self.addresses = addresses
        self.credentials = Credentials.generate(source)
        self.states: list[tuple[float, tuple[RTCIceTransportState, ...]]] = [
            (0.0, self.stream.states)
        ]
        self.requests: list[tuple[float, Address, Address]] = []
        self.ended = 0

    def path(self, component: int) -> tuple[Address, Address] | None:
        return self.stream.agents[component].path


class StreamPair:
    """``a`` controls, ``b`` is controlled; candidates are signalled at once.

    Attributes:
        drops: Called with each transmit; true loses it.
        signalling_s: How long a candidate of a component takes to the other side.
    """

    def __init__(
        self,
        a: dict[int, tuple[Address, ...]] | None = None,
        b: dict[int, tuple[Address, ...]] | None = None,
        *,
        config: IceConfig | None = None,
        seed: int = 1,
    ) -> None:
        self.now = 0.0
        self.signalling_s = {RTP: 0.0, RTCP: 0.0}
        self.drops: Callable[[Transmit], bool] = lambda transmit: False
        self._wire: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        a = a or {RTP: (("10.0.0.1", 1000),), RTCP: (("10.0.0.1", 1001),)}
        b = b or {RTP: (("10.0.0.2", 2000),), RTCP: (("10.0.0.2", 2001),)}
        self.a = Side("a", a, config or IceConfig(), seed)
        self.b = Side("b", b, config or IceConfig(), seed)
        self.sides = (self.a, self.b)

    def peer(self, side: Side) -> Side:
        return self.b if side is self.a else self.a

    def negotiate(self, roles: tuple[str, str] = ("controlling", "controlled")) -> None:
        for side, role in zip(self.sides, roles, strict=True):
            side.stream.set_role(RTCIceRole(role), self.now)
            side.stream.set_local_credentials(side.credentials, self.now)
            side.stream.set_remote_credentials(self.peer(side).credentials, self.now)
        for side in self.sides:
            for component, addresses in side.addresses.items():
                for address in addresses:
                    side.stream.add_local_address(component, address, self.now)
            side.stream.local_addresses_done(self.now)
        self.flush()

    def flush(self) -> None:
        for side in self.sides:
            for transmit in side.stream.poll_transmits():
                if transmit.data[:2] == b"\0\1":
                    side.requests.append((self.now, transmit.local, transmit.remote))
                if not self.drops(transmit):
                    self._carry(side, transmit)
            for component, event in side.stream.poll_events():
                self._react(side, component, event)

    def _carry(self, side: Side, transmit: Transmit) -> None:
        peer, (data, _, local, remote) = self.peer(side), transmit.as_tuple()
        if any(remote in addresses for addresses in peer.addresses.values()):
            self._later(
                DELAY_S, lambda: peer.stream.receive_datagram(data, remote, local, self.now)
            )

    def _later(self, delay_s: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._wire, (self.now + delay_s, next(self._order), what))

    def _react(self, side: Side, component: int, event: object) -> None:
        peer = self.peer(side).stream
        if isinstance(event, IceTransportChanged) and event.change is not None:
            states = dict(zip(side.addresses, side.states[-1][1], strict=True))
            states[component] = RTCIceTransportState(event.change.new)
            side.states.append((self.now, tuple(states.values())))
        elif isinstance(event, CandidateGathered):
            assert event.candidate.component == component
            candidate = Candidate.from_line(event.candidate.to_line())
            delay_s = self.signalling_s[component]
            self._later(
                delay_s, lambda: peer.add_remote_candidate(candidate, self.now, event.ufrag)
            )
        elif isinstance(event, CandidatesEnded):
            side.ended += 1
            if side.ended == len(side.addresses):
                delay_s = max(self.signalling_s.values())
                self._later(delay_s, lambda: peer.end_remote_candidates(self.now, event.ufrag))

    def run(self, seconds: float) -> None:
        until = self.now + seconds
        self.flush()
        for _ in range(100_000):
            instants = [self._wire[0][0]] if self._wire else []
            deadlines = [side.stream.next_timeout() for side in self.sides]
            at = min([*instants, *(each for each in deadlines if each is not None)], default=None)
            if at is None or at > until:
                self.now = until
                return
            self.now = max(self.now, at)
            while self._wire and self._wire[0][0] <= self.now:
                heapq.heappop(self._wire)[2]()
            for side in self.sides:
                side.stream.handle_timeout(self.now)
            self.flush()
        raise AssertionError("time stands still")
