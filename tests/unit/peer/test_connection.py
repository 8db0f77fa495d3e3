"""Close, aggregates over the life of a connection, and glare."""

import pytest

from frazil.errors import InvalidStateError
from frazil.ice import OPEN
from frazil.peer.event import EventType, TransportDiscarded
from frazil.turn import TurnConfig
from frazil.types import Transmit
from support.peer_pair import Peer, candidate, connected_pair, media_peer, negotiate

_DONE = object()


def test_close_is_synchronous_and_silent() -> None:
    one, _, channel = connected_pair()
    ice, dtls, sctp = one.pc.sctp.dtls.ice, one.pc.sctp.dtls, one.pc.sctp
    before = len(one.seen)
    one.session.report_ice("connected", "completed")
    one.pc.transports.drain()
    one.pc.close(9.0)
    pc = one.pc
    assert pc.is_closed
    assert (pc.signaling_state, pc.ice_connection_state, pc.connection_state) == ("closed",) * 3
    assert (ice.state, dtls.state, sctp.state, channel.ready_state) == ("closed",) * 4
    assert pc.ice_gathering_state == "complete"
    assert ice.gathering_state == "complete"
    assert ice.selected_pair is None
    assert not pc.tasks.waiting
    assert pc.tasks.run_task(9.0) == []
    assert len(one.seen) == before
    assert one.session.called("close") == [()]
    pc.close(10.0)
    assert one.session.called("close") == [()]


def test_history_tells_of_the_close_although_no_event_does() -> None:
    one, _, _ = connected_pair()
    one.pc.close(9.0)
    closed = [c for c in one.pc.state_history if c.new == "closed"]
    assert {c.machine for c in closed} == {
        "signaling",
        "ice-connection",
        "connection",
        "ice-transport 0",
        "dtls-transport 0",
        "sctp-transport 0",
    }
    assert all((c.reason.cause, c.at) == ("close", 9.0) for c in closed)


def test_close_while_gathering_leaves_the_gathering_state() -> None:
    peer = Peer()
    peer.channel()
    peer.set_local()
    peer.run()
    peer.pc.close(0.0)
    assert peer.pc.ice_gathering_state == "gathering"


def test_operations_pending_at_close_never_settle_and_later_ones_fail_at_once() -> None:
    peer = Peer()
    pending = [peer.pc.create_offer(), peer.pc.set_local_description()]
    peer.pc.close(0.0)
    assert peer.run() == []
    assert not any(each.is_settled for each in pending)
    for operation in (
        peer.pc.create_offer(),
        peer.pc.create_answer(),
        peer.pc.set_local_description(),
        peer.pc.set_remote_description({"type": "offer", "sdp": ""}),
        peer.pc.add_ice_candidate(),
    ):
        assert isinstance(operation.error, InvalidStateError)


def test_close_inside_an_event_handler() -> None:
    peer = Peer()
    peer.channel()
    peer.handlers[EventType.SIGNALING_STATE_CHANGE] = lambda _: peer.pc.close(0.0)
    peer.pc.set_local_description()
    peer.run()
    assert peer.pc.is_closed
    assert not peer.pc.tasks.waiting


def test_goodbye_is_in_the_transmits_before_the_sockets_go() -> None:
    one, _, _ = connected_pair()
    one.pc.transports.poll_requests()
    goodbye = Transmit(b"bye", 3, ("192.0.2.1", 1), ("192.0.2.2", 2))
    one.session.transmits.append(goodbye)
    one.pc.close(0.0)
    assert one.pc.transports.poll_transmits(0.0) == [("0", [goodbye])]
    assert one.pc.transports.poll_requests() == [TransportDiscarded("0")]
    assert one.pc.transports.poll_transmits(0.0) == []
    assert one.pc.transports.next_timeout() is None


def test_network_input_is_forwarded_by_name_and_drained() -> None:
    one, _, _ = connected_pair()
    transports = one.pc.transports
    config = TurnConfig("user", "password")
    transports.receive("0", [], 1.0)
    transports.receive("7", [], 1.0)
    transports.gather_from("0", ["192.0.2.1", "192.0.2.2"], ["stun:a"], 2.0)
    transports.add_local_address("0", ("192.0.2.1", 5), 2.0)
    transports.local_address_failed("0", "192.0.2.2", "taken", 2.0)
    transports.remove_local_address("0", ("192.0.2.1", 5), 2.0)
    transports.local_addresses_done("0", 3.0)
    transports.expect_server("0", "stun:a")
    transports.add_stun_server("0", "stun:a", [("192.0.2.9", 3478)], 4.0)
    transports.add_turn_server("0", "turn:a", [("192.0.2.9", 3478)], config, 4.5)
    transports.add_turn_stream("0", "turn:t", ("192.0.2.1", 6), ("192.0.2.9", 443), config, 4.6)
    transports.turn_stream_lost("0", ("192.0.2.1", 6), "closed", 4.65)
    transports.turn_streams_done("0", "turn:t", "no way", 4.7)
    transports.server_failed("0", "stun:b", "no such name", 5.0)
    transports.handle_timeout(6.0)
    assert one.session.calls[-14:] == [
        ("receive", [], 1.0),
        ("gather_from", ["192.0.2.1", "192.0.2.2"], ["stun:a"]),
        ("add_local_address", ("192.0.2.1", 5), 2.0, False, OPEN),
        ("local_address_failed", "192.0.2.2", "taken", 2.0),
        ("remove_local_address", ("192.0.2.1", 5), 2.0),
        ("local_addresses_done", 3.0),
        ("expect_server", "stun:a"),
        ("add_stun_server", "stun:a", [("192.0.2.9", 3478)], 4.0),
        ("add_turn_server", "turn:a", [("192.0.2.9", 3478)], config, 4.5),
        ("add_turn_stream", "turn:t", ("192.0.2.1", 6), ("192.0.2.9", 443), config, 4.6),
        ("turn_stream_lost", ("192.0.2.1", 6), "closed", 4.65),
        ("turn_streams_done", "turn:t", "no way", 4.7),
        ("server_failed", "stun:b", "no such name", 5.0),
        ("handle_timeout", 6.0),
    ]
    one.session.timeout = 8.0
    assert transports.next_timeout() == 8.0


def test_second_transport_gets_a_name_of_its_own() -> None:
    peer = Peer()
    peer.channel()
    peer.set_local()
    peer.set_local({"type": "rollback"})
    peer.run()
    peer.set_local()
    assert [session.name for session in peer.sessions] == ["0", "1"]
    assert peer.pc.sctp.dtls.ice.name == "1"


@pytest.mark.parametrize("polite", [0, 1])
def test_perfect_negotiation_survives_glare(polite: int) -> None:
    """webrtc-pc 10.7, both sides offering at once, with either of them polite."""
    sides = [Negotiating("one", 1, polite == 0), Negotiating("two", 2, polite == 1)]
    sides[0].other, sides[1].other = sides[1], sides[0]
    for side in sides:
        side.peer.channel()
    for _ in range(200):
        for side in sides:
            side.turn()
    for side in sides:
        pc = side.peer.pc
        assert pc.signaling_state == "stable"
        assert pc.current_local_description is not None
        assert not side.inbox
    texts = [side.peer.pc.current_local_description.sdp for side in sides]
    assert texts == [side.other.peer.pc.current_remote_description.sdp for side in sides]
    assert len(sides[polite].peer.sessions) == 2, "the polite side gave its offer up"
    assert len(sides[1 - polite].peer.sessions) == 1


class Negotiating:
    """One side of the perfect negotiation pattern, written as its example is."""

    def __init__(self, name: str, seed: int, polite: bool) -> None:
        self.peer = Peer(name, seed)
        self.polite = polite
        self.making_offer = False
        self.inbox: list[dict[str, str]] = []
        self.other: Negotiating
        self.routine = None
        self.offers = 0
        self.peer.handlers[EventType.NEGOTIATION_NEEDED] = self._on_needed

    def _on_needed(self, _: object) -> None:
        self.offers += 1

    def turn(self) -> None:
        """One task of ours, then as far as the running routine can go."""
        if self.peer.pc.tasks.waiting:
            self.peer.step()
        if self.routine is None:
            if self.offers:
                self.offers -= 1
                self.routine = self._offer()
            elif self.inbox:
                self.routine = self._receive(self.inbox.pop(0))
        if self.routine is not None and next(self.routine, _DONE) is _DONE:
            self.routine = None

    def _wait(self, operation):
        while not operation.is_settled:
            yield
        operation.result()

    def _offer(self):
        self.making_offer = True
        yield from self._wait(self.peer.pc.set_local_description())
        self._send()
        self.making_offer = False

    def _send(self) -> None:
        found = self.peer.pc.local_description
        self.other.inbox.append({"type": str(found.type), "sdp": found.sdp})

    def _receive(self, description: dict[str, str]):
        pc = self.peer.pc
        ready = not self.making_offer and pc.signaling_state == "stable"
        if description["type"] == "offer" and not ready and not self.polite:
            return
        yield from self._wait(pc.set_remote_description(description))
        if description["type"] == "offer":
            yield from self._wait(pc.set_local_description())
            self._send()


def test_negotiation_goes_on_after_the_first() -> None:
    one, two, _ = connected_pair()
    for _ in range(3):
        negotiate(one, two)
        negotiate(two, one)
    assert len(one.sessions) == len(two.sessions) == 1
    assert one.pc.sctp.dtls.state == "connected"


def test_gathered_is_what_the_local_description_holds() -> None:
    one, _, _ = connected_pair()
    assert one.pc.is_gathered
    one.pc.restart_ice()
    one.set_local()
    assert one.pc.ice_gathering_state == "complete", "it is about to gather"
    assert not one.pc.is_gathered
    one.run()
    one.session.gather(one.ufrag(), candidate(5000))
    one.run()
    assert one.pc.is_gathered
    assert "a=end-of-candidates" in one.pc.local_description.sdp


def test_what_is_bundled_away_is_not_gathered_for() -> None:
    one, two = media_peer("audio"), Peer(seed=2)
    one.channel()
    two.set_remote(one.set_local())
    one.run()
    first = one.sessions[0]
    first.gather(first.called("set_local_credentials")[0][0].ufrag)
    one.run()
    assert not one.pc.is_gathered
    one.set_remote(two.set_local())
    assert one.pc.is_gathered


def test_a_description_without_transport_has_every_candidate() -> None:
    one, two = Peer(seed=1), Peer(seed=2)
    assert not one.pc.is_gathered, "there is no description yet"
    offer = one.set_local()
    assert one.pc.is_gathered
    two.set_remote(offer)
    assert not two.pc.is_gathered, "there is no description yet"
    one.set_remote(two.set_local())
    assert one.pc.is_gathered
    assert two.pc.is_gathered
    assert {each.pc.ice_gathering_state for each in (one, two)} == {"new"}


def test_what_follows_a_description_without_transport_is_waited_for() -> None:
    one, two = Peer(seed=1), Peer(seed=2)
    negotiate(one, two)
    one.channel()
    two.set_remote(one.set_local())
    assert not one.pc.is_gathered
    two.set_local()
    assert not two.pc.is_gathered
    two.session.gather(two.ufrag())
    two.run()
    assert two.pc.is_gathered


def test_what_was_not_gathered_at_the_end_never_is() -> None:
    one, _, _ = connected_pair()
    one.pc.restart_ice()
    one.set_local()
    one.pc.close(9.0)
    assert one.pc.ice_gathering_state == "complete"
    assert not one.pc.is_gathered
