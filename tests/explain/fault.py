"""Faults, each with the finding that must come first; a fault returns the peer that is asked."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, NamedTuple
from unittest.mock import AsyncMock

from explain.scene import RELAY, altered, filtered, homes, lost, mangled, negotiated, turn
from frazil import (
    IceOptions,
    InvalidAccessError,
    InvalidModificationError,
    InvalidStateError,
    RTCError,
    SessionConfig,
)
from frazil.dtls.alert import Alert, AlertLevel
from frazil.dtls.record import encode_alert
from frazil.ice.role import Role
from frazil.stun import ErrorCode, Method
from frazil.testing import (
    NO_UDP,
    PORT_RESTRICTED_CONE,
    SYMMETRIC,
    Conditions,
)
from support.scenario import Peer, Stage
from support.turn_stream_server import TurnStreamServer

STUN = {"urls": "stun:stun.example"}
OTHER_RELAY = "192.0.2.8"


class Fault(NamedTuple):
    """What goes wrong, and what is to be said about it.

    Attributes:
        is_patched: A part of frazil is replaced for it, which a compiled build does not allow.
    """

    name: str
    code: str
    play: Callable[[Stage], Awaitable[Peer]]
    is_patched: bool


FAULTS: list[Fault] = []


def fault(code: str, *, is_patched: bool = False) -> Callable[[Any], Any]:
    """Enter a fault in the list."""

    def enter(play: Callable[[Stage], Awaitable[Peer]]) -> Any:
        FAULTS.append(Fault(play.__name__, code, play, is_patched))
        return play

    return enter


# --- signalling -------------------------------------------------------------------------------


@fault("FZ-SIG-NONE")
async def nothing_is_exchanged(stage: Stage) -> Peer:
    alice, _ = stage.pair()
    await stage.sleep(5)
    return alice


@fault("FZ-SIG-NONE")
async def nothing_is_exchanged_and_candidates_wait_in_a_pool(stage: Stage) -> Peer:
    pool = {"iceCandidatePoolSize": 1, "iceServers": [{"urls": "stun:nowhere.example"}]}
    alice, _ = stage.pair(configuration=pool)
    await stage.sleep(60)
    return alice


@fault("FZ-SIG-NONE")
async def nothing_is_exchanged_before_we_close_a_connection_with_a_pool(stage: Stage) -> Peer:
    alice, _ = stage.pair(configuration={"iceCandidatePoolSize": 1})
    await stage.sleep(5)
    await alice.pc.close()
    return alice


@fault("FZ-API-CLOSED")
async def we_close_too_early(stage: Stage) -> Peer:
    alice, _ = stage.pair()
    stage.net.default = Conditions(delay_s=0.5)
    await negotiated(stage, alice, 0.2)
    await alice.pc.close()
    return alice


@fault("FZ-SIG-NO-ANSWER")
async def the_offer_is_lost(stage: Stage) -> Peer:
    alice, _ = stage.pair()
    alice.channel()
    await alice.pc.setLocalDescription()
    await stage.sleep(30)
    return alice


@fault("FZ-SIG-ANSWER-DUE")
async def the_application_does_not_answer(stage: Stage) -> Peer:
    alice, bob = stage.pair()
    alice.channel()
    await alice.pc.setLocalDescription()
    await bob.pc.setRemoteDescription(alice.pc.localDescription)
    await stage.sleep(30)
    return bob


@fault("FZ-SIG-ANSWER-LOST")
async def the_answer_is_lost(stage: Stage) -> Peer:
    _, bob = stage.pair()
    stage.back.receive = AsyncMock()
    return await negotiated(stage, bob)


@fault("FZ-SIG-REFUSED")
async def the_answer_is_refused(stage: Stage) -> Peer:
    alice, _ = stage.pair()
    mangled(stage, "a=fingerprint:.*\r\n", "")
    with suppress(InvalidAccessError):
        await negotiated(stage, alice)
    return alice


@fault("FZ-SIG-REFUSED")
async def the_offer_is_refused(stage: Stage) -> Peer:
    _, bob = stage.pair()
    mangled(stage, "a=group:", "group=", "offer")
    with suppress(RTCError):
        await negotiated(stage, bob)
    return bob


@fault("FZ-SIG-REFUSED")
async def our_own_answer_is_refused(stage: Stage) -> Peer:
    alice, bob = stage.pair()
    alice.channel()
    await alice.pc.setLocalDescription()
    await bob.pc.setRemoteDescription(alice.pc.localDescription)
    answer = await bob.pc.createAnswer()
    with suppress(InvalidModificationError):
        await bob.pc.setLocalDescription({"type": "answer", "sdp": answer.sdp + "a=x\r\n"})
    return bob


@fault("FZ-SIG-NO-ANSWER")
async def an_offer_is_refused_before_that_which_is_never_answered(stage: Stage) -> Peer:
    alice, _ = stage.pair()
    alice.channel()
    offer = await alice.pc.createOffer()
    with suppress(InvalidModificationError):
        await alice.pc.setLocalDescription({"type": "offer", "sdp": offer.sdp + "a=x\r\n"})
    await alice.pc.setLocalDescription(offer)
    await stage.sleep(30)
    return alice


@fault("FZ-SIG-PROVISIONAL")
async def the_answer_stays_provisional(stage: Stage) -> Peer:
    alice, bob = stage.pair()
    stage.net.block()
    alice.channel()
    await alice.pc.setLocalDescription()
    await bob.pc.setRemoteDescription(alice.pc.localDescription)
    answer = await bob.pc.createAnswer()
    await bob.pc.setLocalDescription({"type": "pranswer", "sdp": answer.sdp})
    await stage.sleep(30)
    return bob


@fault("FZ-SIG-NOTHING-AGREED")
async def no_channel_was_made(stage: Stage) -> Peer:
    alice, _ = stage.pair()
    await stage.negotiate()
    await stage.sleep(5)
    return alice


@fault("FZ-SIG-NOTHING-AGREED")
async def no_channel_was_made_and_the_answer_comes_twice(stage: Stage) -> Peer:
    alice, bob = stage.pair()
    await stage.negotiate()
    with suppress(InvalidStateError):
        await alice.pc.setRemoteDescription(bob.pc.localDescription)
    await stage.sleep(5)
    return alice


@fault("FZ-SIG-CANDIDATES-LOST")
async def signalling_carries_no_candidates(stage: Stage) -> Peer:
    alice, _ = stage.pair()
    stage.signalling(carries_candidates=False, carries_end=False)
    return await negotiated(stage, alice)


@fault("FZ-ICE-NO-REMOTE")
async def the_peer_has_no_network(stage: Stage) -> Peer:
    alice, _ = stage.introduce(stage.peer("alice", "10.0.0.1"), stage.peer("bob"))
    return await negotiated(stage, alice)


@fault("FZ-ICE-REFUSED")
async def the_peer_is_at_a_port_of_a_service(stage: Stage) -> Peer:
    server = IceOptions(lite=True, ports=range(443, 444))
    alice = stage.peer("alice", "10.0.0.1")
    stage.introduce(alice, stage.peer("bob", "10.0.0.2", ice=server))
    return await negotiated(stage, alice)


@fault("FZ-SIG-STALE")
async def the_answer_has_another_password(stage: Stage) -> Peer:
    alice, _ = stage.pair()
    mangled(stage, "a=ice-pwd:.*", "a=ice-pwd:" + "x" * 24)
    return await negotiated(stage, alice)


@fault("FZ-SIG-STALE")
async def the_offer_has_another_ufrag(stage: Stage) -> Peer:
    alice, _ = stage.pair()
    stage.signalling(carries_candidates=False)
    for line in (stage.there, stage.back):
        deliver = line.receive

        async def receive(message: Any, deliver: Any = deliver) -> None:
            await deliver({k: v for k, v in message.items() if k != "usernameFragment"})

        line.receive = receive
    stage.signalling(carries_candidates=True)
    mangled(stage, "a=ice-ufrag:.*", "a=ice-ufrag:stale", "offer")
    return await negotiated(stage, alice)


@fault("FZ-SIG-STALE")
async def the_offer_has_another_password_and_no_candidate_comes_back(stage: Stage) -> Peer:
    alice, _ = stage.pair()
    stage.back.carries_candidates = stage.back.carries_end = False
    mangled(stage, "a=ice-pwd:.*", "a=ice-pwd:" + "x" * 24, "offer")
    return await negotiated(stage, alice)


# --- this host --------------------------------------------------------------------------------


@fault("FZ-NET-NO-ADDRESS")
async def we_have_no_network(stage: Stage) -> Peer:
    alice, _ = stage.introduce(stage.peer("alice"), stage.peer("bob", "10.0.0.2"))
    return await negotiated(stage, alice)


@fault("FZ-ICE-RELAY-ONLY")
async def relays_only_and_none_is_there(stage: Stage) -> Peer:
    alice = stage.peer("alice", "10.0.0.1", configuration={"iceTransportPolicy": "relay"})
    stage.introduce(alice, stage.peer("bob", "10.0.0.2"))
    return await negotiated(stage, alice)


@fault("FZ-NET-BIND")
async def every_port_is_taken(stage: Stage) -> Peer:
    alice, _ = stage.introduce(stage.peer("alice", "10.0.0.1"), stage.peer("bob", "10.0.0.2"))

    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError("address already in use")

    alice.host.open_udp = refuse
    return await negotiated(stage, alice)


@fault("FZ-NET-UNTOLD")
async def no_name_can_be_had_for_our_address(stage: Stage) -> Peer:
    """Somebody else has the port of multicast DNS."""
    alice = stage.peer("alice", "10.0.0.1", ice=IceOptions(mdns="publish"))
    stage.closing.append(alice.host.open_udp("10.0.0.1", 5353, lambda batch: None).close)
    stage.introduce(alice, stage.peer("bob", "10.0.0.2"))
    stage.net.block()
    return await negotiated(stage, alice)


@fault("FZ-NET-UNTOLD")
async def our_address_is_not_to_be_told(stage: Stage) -> Peer:
    ours = IceOptions(ip_handling="default_public_interface_only")
    alice = stage.peer("alice", "10.0.0.1", ice=ours)
    stage.introduce(alice, stage.peer("bob", "10.0.0.2"))
    stage.net.block()
    return await negotiated(stage, alice)


@fault("FZ-NET-UDP-BLOCKED")
async def our_network_lets_no_udp_out(stage: Stage) -> Peer:
    net = stage.net
    net.stun_server("192.0.2.1", name="stun.example")
    net.stun_server("192.0.2.2", name="other.example")
    host = net.host("alice", "203.0.113.9", behind=net.firewall("office", NO_UDP))
    servers = [STUN, {"urls": "stun:other.example"}]
    alice = stage.peer("alice", host=host, configuration={"iceServers": servers})
    stage.introduce(alice, stage.peer("bob", "198.51.100.7"))
    return await negotiated(stage, alice)


# --- checks -----------------------------------------------------------------------------------


@fault("FZ-ICE-UNANSWERED")
async def a_firewall_between_neighbours(stage: Stage) -> Peer:
    alice, _ = stage.pair()
    stage.net.block()
    return await negotiated(stage, alice)


@fault("FZ-ICE-UNANSWERED")
async def nothing_gets_through_and_we_give_up(stage: Stage) -> Peer:
    alice, _ = stage.pair()
    stage.net.block()
    await negotiated(stage, alice, 10)
    await alice.pc.close()
    return alice


@fault("FZ-ICE-UNANSWERED")
async def the_peer_is_behind_a_firewall(stage: Stage) -> Peer:
    host = stage.net.host("bob", "203.0.113.9", behind=stage.net.firewall("office", NO_UDP))
    alice = stage.peer("alice", "198.51.100.7")
    stage.introduce(alice, stage.peer("bob", host=host))
    return await negotiated(stage, alice)


@fault("FZ-ICE-UNANSWERED")
async def both_homes_use_the_same_private_address(stage: Stage) -> Peer:
    peers = []
    for name, public in ("alice", "203.0.113.5"), ("bob", "203.0.113.6"):
        home = stage.net.nat(f"home of {name}", public, kind=SYMMETRIC)
        host = stage.net.host(name, "192.168.1.2", behind=home)
        peers.append(stage.peer(name, host=host))
    stage.introduce(*peers)
    return await negotiated(stage, peers[0])


@fault("FZ-ICE-UNANSWERED")
async def we_wait_for_checks_as_a_lite_agent(stage: Stage) -> Peer:
    alice = stage.peer("alice", "10.0.0.1", ice=IceOptions(lite=True))
    stage.introduce(alice, stage.peer("bob", "10.0.0.2"))
    stage.net.block()
    return await negotiated(stage, alice)


@fault("FZ-ICE-ONE-WAY")
async def we_may_not_send(stage: Stage) -> Peer:
    alice, _ = stage.pair()
    stage.net.block("alice", "bob", one_way=True)
    return await negotiated(stage, alice)


@fault("FZ-ICE-MDNS")
async def the_peer_hides_its_addresses(stage: Stage) -> Peer:
    alice, _ = stage.pair()
    stage.net.block()
    deliver = stage.back.receive

    async def receive(message: Any) -> None:
        text = message.get("candidate")
        if text:
            message = message | {"candidate": text.replace("10.0.0.2", "0b4e.local")}
        await deliver(message)

    stage.back.receive = receive
    return await negotiated(stage, alice)


@fault("FZ-ICE-NO-PAIR")
async def no_family_is_common(stage: Stage) -> Peer:
    alice = stage.peer("alice", "10.0.0.1")
    stage.introduce(alice, stage.peer("bob", "2001:db8::2"))
    return await negotiated(stage, alice)


@fault("FZ-ICE-ROLE-LOOP", is_patched=True)
async def nobody_settles_the_role_conflict(stage: Stage) -> Peer:
    kept = Role.claims_ours, Role.keeps_against
    Role.claims_ours = Role.keeps_against = lambda self, request: True
    try:
        alice, _ = stage.pair()
        return await negotiated(stage, alice)
    finally:
        Role.claims_ours, Role.keeps_against = kept


@fault("FZ-ICE-PRIVATE-ONLY")
async def nobody_has_a_server(stage: Stage) -> Peer:
    return await negotiated(stage, homes(stage))


@fault("FZ-ICE-PRIVATE-ONLY")
async def the_peer_has_no_server(stage: Stage) -> Peer:
    return await negotiated(stage, homes(stage, STUN, theirs={}))


@fault("FZ-ICE-RELAY-NEEDED")
async def two_symmetric_nats(stage: Stage) -> Peer:
    return await negotiated(stage, homes(stage, STUN))


@fault("FZ-STUN-UNREACHABLE")
async def the_stun_server_is_down(stage: Stage) -> Peer:
    stage.net.names["dead.example"] = ["192.0.2.99"]
    stun = {"urls": "stun:dead.example"}
    return await negotiated(stage, homes(stage, stun, kind=PORT_RESTRICTED_CONE))


# --- TURN -------------------------------------------------------------------------------------


def refused(code: int) -> None:
    """Enter a fault: the server refuses allocations with this error."""
    known = code in (401, 403, 437, 438, 486, 508)

    async def play(stage: Stage) -> Peer:
        server = stage.net.turn_server(RELAY, name="relay.example")
        server.service.refusals[Method.ALLOCATE] = ErrorCode(code, "No")
        return await negotiated(stage, homes(stage, STUN, turn()))

    play.__name__ = f"the_relay_refuses_with_{code}"
    fault(f"FZ-TURN-{code}" if known else "FZ-TURN-REFUSED")(play)


for each in (403, 437, 441, 442, 486, 500, 508):
    refused(each)


@fault("FZ-TURN-401")
async def the_password_is_wrong(stage: Stage) -> Peer:
    stage.net.turn_server(RELAY, name="relay.example")
    return await negotiated(stage, homes(stage, STUN, turn(credential="wrong")))


@fault("FZ-TURN-438")
async def every_nonce_is_stale(stage: Stage) -> Peer:
    server = stage.net.turn_server(RELAY, name="relay.example")
    server.service.nonce_lifetime_s = 0.0
    return await negotiated(stage, homes(stage, STUN, turn()))


@fault("FZ-TURN-UNREACHABLE")
async def the_relay_is_silent(stage: Stage) -> Peer:
    stage.net.turn_server(RELAY, name="relay.example").service.silent = True
    return await negotiated(stage, homes(stage, STUN, turn()))


@fault("FZ-TURN-UNREACHABLE")
async def nobody_listens_at_the_port_of_the_relay(stage: Stage) -> Peer:
    stage.net.host("relay", RELAY)
    stage.net.names["relay.example"] = [RELAY]
    return await negotiated(stage, homes(stage, STUN, turn("turn:relay.example?transport=tcp")))


@fault("FZ-TURN-UNREACHABLE")
async def the_relay_has_no_such_port_for_tls(stage: Stage) -> Peer:
    stage.net.names["relay.example"] = [RELAY]
    stage.net.host("relay", RELAY)
    return await negotiated(stage, homes(stage, STUN, turn("turns:relay.example:443")))


@fault("FZ-TURN-UNREACHABLE")
async def two_relays_by_tcp_and_nobody_listens(stage: Stage) -> Peer:
    for name, ip in ("relay", RELAY), ("other", OTHER_RELAY):
        stage.net.host(name, ip)
        stage.net.names[f"{name}.example"] = [ip]
    urls = "turn:relay.example?transport=tcp", "turns:other.example:443"
    return await negotiated(stage, homes(stage, *map(turn, urls)))


@fault("FZ-TURN-TLS")
async def the_stun_server_is_down_and_the_relay_cannot_be_secured(stage: Stage) -> Peer:
    stage.net.names |= {"dead.example": ["192.0.2.99"], "relay.example": [RELAY]}
    host = stage.net.host("relay", RELAY)
    server = await TurnStreamServer.start(host, certificate_name="another.example")
    stage.closing.append(server.close)
    stun = {"urls": "stun:dead.example"}
    return await negotiated(stage, homes(stage, stun, turn("turns:relay.example:443")))


@fault("FZ-TURN-TLS")
async def the_certificate_of_the_relay_is_of_another(stage: Stage) -> Peer:
    stage.net.names["relay.example"] = [RELAY]
    host = stage.net.host("relay", RELAY)
    server = await TurnStreamServer.start(host, certificate_name="another.example")
    stage.closing.append(server.close)
    return await negotiated(stage, homes(stage, STUN, turn("turns:relay.example:443")))


@fault("FZ-TURN-NAME")
async def the_name_of_the_relay_is_unknown(stage: Stage) -> Peer:
    return await negotiated(stage, homes(stage, STUN, turn()))


@fault("FZ-TURN-PEER")
async def the_relay_must_not_reach_the_peer(stage: Stage) -> Peer:
    server = stage.net.turn_server(RELAY, name="relay.example")
    server.service.refusals[Method.CREATE_PERMISSION] = ErrorCode(403, "Forbidden")
    return await negotiated(stage, homes(stage, STUN, turn()))


# --- DTLS and SCTP ----------------------------------------------------------------------------


@fault("FZ-PEER-CLOSED")
async def the_peer_closes(stage: Stage) -> Peer:
    return await lost(stage, lambda alice, bob: bob.pc.close())


@fault("FZ-DTLS-FINGERPRINT")
async def the_answer_promises_another_certificate(stage: Stage) -> Peer:
    alice, _ = stage.pair()
    mangled(stage, "sha-256 ..:..", "sha-256 00:00")
    return await negotiated(stage, alice)


@fault("FZ-DTLS-FINGERPRINT")
async def our_offer_arrives_with_another_fingerprint(stage: Stage) -> Peer:
    alice, _ = stage.pair()
    mangled(stage, "sha-256 ..:..", "sha-256 00:00", "offer")
    return await negotiated(stage, alice)


@fault("FZ-DTLS-ROLE")
async def both_ends_are_dtls_clients(stage: Stage) -> Peer:
    alice, _ = stage.pair()
    mangled(stage, "a=setup:active", "a=setup:passive")
    return await negotiated(stage, alice, 10)


@fault("FZ-DTLS-NO-ANSWER")
async def both_ends_are_dtls_servers(stage: Stage) -> Peer:
    alice, _ = stage.pair()
    mangled(stage, "a=setup:actpass", "a=setup:active", "offer")
    mangled(stage, "a=setup:passive", "a=setup:active")
    return await negotiated(stage, alice, 10)


@fault("FZ-DTLS-MTU")
async def large_datagrams_are_lost(stage: Stage) -> Peer:
    alice, bob = stage.pair()
    for peer in (alice, bob):
        filtered(peer, lambda data: data[0] < 20 or len(data) < 400)
    return await negotiated(stage, alice, 20)


@fault("FZ-DTLS-NO-ANSWER")
async def only_stun_passes(stage: Stage) -> Peer:
    alice, bob = stage.pair()
    for peer in (alice, bob):
        filtered(peer, lambda data: data[0] < 20)
    await negotiated(stage, alice, 20)
    return bob


@fault("FZ-DTLS-NO-ANSWER")
async def only_stun_passes_to_who_waits(stage: Stage) -> Peer:
    await only_stun_passes(stage)
    return stage.peers[0]


@fault("FZ-SCTP-NO-ANSWER")
async def nothing_sealed_passes(stage: Stage) -> Peer:
    alice, bob = stage.pair()
    for peer in (alice, bob):
        filtered(peer, lambda data: data[0] != 23)
    return await negotiated(stage, alice, 20)


@fault("FZ-SCTP-NO-ANSWER")
async def nothing_sealed_passes_and_nothing_was_announced(stage: Stage) -> Peer:
    alice, bob = stage.pair(session=SessionConfig(snap=False))
    for peer in (alice, bob):
        filtered(peer, lambda data: data[0] != 23)
    return await negotiated(stage, alice, 20)


@fault("FZ-SCTP-STALLED")
async def the_peer_acknowledges_nothing_any_more(stage: Stage) -> Peer:
    alice, bob = stage.pair()
    deaf: list[bool] = []
    filtered(bob, lambda data: not deaf or data[0] != 23)
    await stage.connect()
    await stage.sleep(5)
    deaf.append(True)
    alice.channels["chat"].send("hello?")
    await stage.sleep(600)
    return alice


@fault("FZ-SCTP-ABORTED")
async def the_peer_aborts_the_association(stage: Stage) -> Peer:
    def abort(_alice: Peer, bob: Peer) -> None:
        (stack,) = bob.pc._peer.transports.stacks
        stack.session.data.abort(stage.now)
        stack.session._settle(stage.now)
        bob.pc._backend.driver.wake()
        stage.peers.remove(bob)  # nothing that it says now is to be believed
        stage.closing.append(bob.pc.close)

    return await lost(stage, abort, 5)


@fault("FZ-DTLS-ALERT")
async def the_peer_finds_no_common_cipher(stage: Stage) -> Peer:
    alice, _ = stage.pair()
    alert = encode_alert(AlertLevel.FATAL, Alert.HANDSHAKE_FAILURE)
    altered(alice, lambda data: alert if data[0] == 22 else data)
    return await negotiated(stage, alice, 20)


@fault("FZ-DTLS-VIOLATED")
async def the_handshake_is_garbled(stage: Stage) -> Peer:
    alice, _ = stage.pair()
    altered(alice, lambda data: data[:30] + bytes(len(data) - 30) if data[0] == 22 else data)
    return await negotiated(stage, alice, 20)


@fault("FZ-SCTP-CONGESTED")
async def the_path_carries_too_little(stage: Stage) -> Peer:
    alice, _ = await stage.connect()
    stage.net.connect("alice", "bob", Conditions(delay_s=0.05, loss=0.35))
    for _ in range(40):
        alice.channels["chat"].send(b"x" * 1000)
        await stage.sleep(0.5)
    return alice
