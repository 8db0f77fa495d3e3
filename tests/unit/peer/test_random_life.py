"""Two connections under random but repeatable calls and reports: invariants hold throughout."""

import random
from itertools import pairwise

import pytest

from frazil.datachannel import ChannelParameters
from frazil.errors import DOMException
from frazil.peer.event import EventType
from frazil.sdp import parse_sdp
from frazil.session.event import ChannelAnnounced, ChannelClosed, ChannelClosing, MessagesArrived
from frazil.states.aggregate import connection_state, ice_connection_state, ice_gathering_state
from frazil.states.enums import RTCDtlsTransportState, RTCIceTransportState
from support.peer_pair import FakeSession, Peer, candidate

STEPS = 400
PENDING = {
    "stable": (False, False),
    "have-local-offer": (True, False),
    "have-remote-offer": (False, True),
    "have-local-pranswer": (True, True),
    "have-remote-pranswer": (True, True),
}


class Life:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.peers = [Peer("one", seed * 2 % 7 + 1), Peer("two", seed * 2 % 7 + 2)]
        self.operations: list = []
        self.channels: list = []
        self.actions = [
            self.set_local,
            self.set_local,
            self.set_remote,
            self.set_remote,
            self.roll_back,
            self.create,
            self.add_candidate,
            self.open_channel,
            self.close_channel,
            self.restart,
            self.report,
            self.report,
            self.run_tasks,
            self.run_tasks,
        ]

    def turn(self) -> None:
        peer, other = self.random.sample(self.peers, 2)
        self.random.choice(self.actions)(peer, other)
        if peer.pc.tasks.waiting and self.random.random() < 0.7:
            peer.step()
        self.check(peer)

    def set_local(self, peer: Peer, _: Peer) -> None:
        kind = self.random.choice([None, None, "offer", "answer", "pranswer"])
        self.operations.append(peer.pc.set_local_description({"type": kind}))

    def set_remote(self, peer: Peer, other: Peer) -> None:
        found = other.pc.local_description
        if found is not None:
            kind = self.random.choice([found.type, found.type, "offer", "answer", "pranswer"])
            value = {"type": kind, "sdp": found.sdp}
            self.operations.append(peer.pc.set_remote_description(value))

    def roll_back(self, peer: Peer, _: Peer) -> None:
        pc = peer.pc
        call = self.random.choice([pc.set_local_description, pc.set_remote_description])
        self.operations.append(call({"type": "rollback"}))

    def create(self, peer: Peer, _: Peer) -> None:
        call = self.random.choice([peer.pc.create_offer, peer.pc.create_answer])
        self.operations.append(call())

    def add_candidate(self, peer: Peer, _: Peer) -> None:
        line = candidate(self.random.randrange(1, 50)).line
        value = self.random.choice([None, {"candidate": line, "sdpMid": "0"}])
        self.operations.append(peer.pc.add_ice_candidate(value))

    def open_channel(self, peer: Peer, _: Peer) -> None:
        if self.random.random() < 0.3:
            self.channels.append(peer.channel())

    def close_channel(self, _: Peer, __: Peer) -> None:
        if self.channels:
            self.random.choice(self.channels).close(0.0)

    def restart(self, peer: Peer, _: Peer) -> None:
        peer.pc.restart_ice()

    def report(self, peer: Peer, _: Peer) -> None:
        if not peer.sessions:
            return
        session, stream = self.random.choice(peer.sessions), self.random.randrange(6)
        old, new = (str(self.random.choice(list(RTCIceTransportState)[:6])) for _ in range(2))
        dtls = str(self.random.choice(list(RTCDtlsTransportState)))
        self.random.choice(
            [
                lambda: session.report_ice(old, new),
                lambda: session.report_dtls("new", dtls),
                lambda: session.report_sctp("connecting", "connected", 4),
                lambda: session.report_sctp("connected", "closed", failed=True),
                lambda: self.gather(session),
                lambda: session.events.append(ChannelAnnounced(stream, ChannelParameters("r"))),
                lambda: session.events.append(MessagesArrived([(stream, b"m", True)])),
                lambda: session.events.append(ChannelClosing(stream)),
                lambda: session.events.append(ChannelClosed(stream)),
            ]
        )()

    def gather(self, session: FakeSession) -> None:
        for (credentials,) in session.called("set_local_credentials")[-1:]:
            session.gather(credentials.ufrag, candidate(self.random.randrange(1, 9)))

    def run_tasks(self, peer: Peer, _: Peer) -> None:
        peer.run()
        stacks = peer.pc.transports.dtls
        ice = ice_connection_state(False, [each.ice.state for each in stacks])
        assert peer.pc.ice_connection_state is ice
        assert peer.pc.connection_state is connection_state(ice, [each.state for each in stacks])
        gathering = ice_gathering_state([each.ice.gathering_state for each in stacks])
        assert peer.pc.ice_gathering_state is gathering

    def check(self, peer: Peer) -> None:
        pc = peer.pc
        pending = (
            pc.pending_local_description is not None,
            pc.pending_remote_description is not None,
        )
        assert pending == PENDING[pc.signaling_state]
        for description in (pc.local_description, pc.remote_description):
            if description is not None:
                parse_sdp(description.sdp)
        assert (pc.current_local_description is None) == (pc.current_remote_description is None)
        live = [session for session in peer.sessions if not session.called("close")]
        assert len(live) == (pc.sctp is not None) <= 1


@pytest.mark.parametrize("seed", range(40))
def test_invariants_hold(seed: int) -> None:
    life = Life(seed)
    for _ in range(STEPS):
        life.turn()
    for peer in life.peers:
        peer.run()
        aggregates = (
            EventType.ICE_CONNECTION_STATE_CHANGE,
            EventType.CONNECTION_STATE_CHANGE,
            EventType.ICE_GATHERING_STATE_CHANGE,
        )
        for kind, name in zip(aggregates, ("ice", "connection", "gathering"), strict=True):
            values = ["new", *(getattr(s, name) for s in peer.seen if s.type is kind)]
            assert all(a != b for a, b in pairwise(values)), kind
        for session in peer.sessions:
            for (credentials,) in session.called("set_local_credentials"):
                session.gather(credentials.ufrag)
        peer.run()
        has_nothing_to_gather = (
            peer.pc.local_description is not None and not peer.pc.transports.dtls
        )
        assert peer.pc.is_gathered == (
            has_nothing_to_gather or peer.pc.ice_gathering_state == "complete"
        )
    for operation in life.operations:
        assert operation.is_settled
        assert operation.error is None or isinstance(operation.error, DOMException)
    states = {change.new for peer in life.peers for change in peer.pc.state_history}
    assert "stable" in states, "the test must get somewhere"
