"""More faults: what happens to a path that worked, and is lost."""

from dataclasses import replace

from explain.fault import STUN, fault
from explain.scene import (
    RELAY,
    channels_come_and_go,
    filtered,
    homes,
    lost,
    mangled,
    stand_still,
    turn,
)
from frazil import IceOptions
from frazil.stun import ErrorCode, Method
from frazil.testing import PORT_RESTRICTED_CONE, PortAssignment
from support.scenario import Peer, Stage
from support.turn_stream_server import TurnStreamServer


@fault("FZ-ICE-CONSENT-LOST")
async def the_network_fails(stage: Stage) -> Peer:
    return await lost(stage, lambda alice, bob: stage.net.block())


@fault("FZ-ICE-CONSENT-LOST")
async def the_network_fails_for_tcp_as_well(stage: Stage) -> Peer:
    alice = stage.peer("alice", "198.51.100.7")
    stage.introduce(alice, stage.peer("bob", "203.0.113.9", ice=IceOptions(tcp="passive")))
    return await lost(stage, lambda alice, bob: stage.net.block())


@fault("FZ-ICE-CONSENT-LOST")
async def the_network_fails_and_an_interface_of_no_use_goes(stage: Stage) -> Peer:
    alice = stage.peer("alice", "10.0.0.1", "10.1.0.1")
    stage.introduce(alice, stage.peer("bob", "10.0.0.2"))
    await lost(stage, lambda alice, bob: stage.net.block(), 10)
    in_use = alice.ice.getSelectedCandidatePair().local.address
    (spare,) = {"10.0.0.1", "10.1.0.1"} - {in_use}
    alice.host.remove_interface(spare)
    await stage.sleep(60)
    return alice


@fault("FZ-ICE-CONSENT-LOST")
async def the_network_fails_and_our_interface_goes_much_later(stage: Stage) -> Peer:
    alice = await lost(stage, lambda alice, bob: stage.net.block())
    alice.host.remove_interface("10.0.0.1")
    await stage.sleep(10)
    return alice


@fault("FZ-ICE-SILENT")
async def the_network_fails_just_now(stage: Stage) -> Peer:
    return await lost(stage, lambda alice, bob: stage.net.block(), 12)


@fault("FZ-ICE-PATH-ONE-WAY")
async def we_are_not_heard_any_more(stage: Stage) -> Peer:
    return await lost(stage, lambda alice, bob: stage.net.block("alice", "bob", one_way=True), 32)


@fault("FZ-LOOP-STOOD-STILL")
async def we_stand_still(stage: Stage) -> Peer:
    return await lost(stage, lambda alice, bob: stand_still(40))


@fault("FZ-LOOP-STOOD-STILL")
async def we_stand_still_hardly_too_long(stage: Stage) -> Peer:
    return await lost(stage, lambda alice, bob: stand_still(30.5))


@fault("FZ-ICE-CONSENT-LOST")
async def the_network_fails_and_we_stand_still_for_a_moment(stage: Stage) -> Peer:
    alice = await lost(stage, lambda alice, bob: stage.net.block(), 20)
    stand_still(12)
    await stage.sleep(20)
    return alice


@fault("FZ-ICE-CONSENT-REVOKED")
async def our_answers_are_not_heard_any_more(stage: Stage) -> Peer:
    alice, bob = stage.pair()
    deaf: list[bool] = []
    filtered(bob, lambda data: not deaf or data[:2] != b"\1\1")
    await stage.connect()
    await stage.sleep(20)
    deaf.append(True)
    await stage.sleep(60)
    return alice


@fault("FZ-NET-INTERFACE-LOST")
async def our_interface_goes(stage: Stage) -> Peer:
    return await lost(stage, lambda alice, bob: alice.host.remove_interface("10.0.0.1"))


@fault("FZ-NET-INTERFACE-LOST")
async def our_interface_goes_and_the_relay_with_it(stage: Stage) -> Peer:
    stage.net.turn_server(RELAY, name="relay.example")
    homes(stage, turn(), theirs={"iceServers": [STUN]})
    return await lost(stage, lambda alice, bob: alice.host.remove_interface("192.168.1.2"))


@fault("FZ-NAT-BINDING-EXPIRED")
async def our_nat_forgets(stage: Stage) -> Peer:
    kind = replace(PORT_RESTRICTED_CONE, ports=PortAssignment.RANDOM)
    home = stage.net.nat("home", "203.0.113.5", kind=kind)
    alice = stage.peer("alice", host=stage.net.host("alice", "192.168.1.2", behind=home))
    stage.introduce(alice, stage.peer("bob", "198.51.100.7"))
    return await lost(stage, lambda alice, bob: home.forget())


@fault("FZ-ICE-STREAM-LOST")
async def the_tcp_connection_breaks(stage: Stage) -> Peer:
    host = stage.net.host("alice", "203.0.113.9")
    alice = stage.peer("alice", host=host, ice=IceOptions(tcp="active"))
    bob = stage.peer("bob", "198.51.100.7", ice=IceOptions(tcp="passive"))
    stage.introduce(alice, bob)
    filtered(bob, lambda data: False)
    filtered(alice, lambda data: False)
    await stage.connect()
    await stage.sleep(20)
    stage.net.block()
    for end in alice.host.tcp.open_ends():
        end._abort()
    await stage.sleep(20)
    return alice


@fault("FZ-ICE-STREAM-LOST")
async def the_tcp_connection_to_a_lite_agent_breaks(stage: Stage) -> Peer:
    alice = stage.peer("alice", "203.0.113.9", ice=IceOptions(lite=True, tcp="passive"))
    stage.introduce(alice, stage.peer("bob", "198.51.100.7"))
    filtered(alice, lambda data: False)
    await stage.connect()
    await stage.sleep(20)
    stage.net.block()
    for end in alice.host.tcp.open_ends():
        if hasattr(end, "remote"):
            end._abort()
    await stage.sleep(20)
    return alice


@fault("FZ-TURN-LOST")
async def the_relay_is_switched_off(stage: Stage) -> Peer:
    server = stage.net.turn_server(RELAY, name="relay.example")
    alice = homes(stage, turn(), theirs={"iceServers": [STUN]})
    await stage.connect()
    await stage.sleep(20)
    server.service.forget_allocations()
    server.service.refusals[Method.ALLOCATE] = ErrorCode(486, "No")
    await stage.sleep(60)
    return alice


@fault("FZ-TURN-LOST")
async def the_relay_hangs_up_and_answers_no_more(stage: Stage) -> Peer:
    server = stage.net.turn_server(RELAY, name="relay.example")
    streams = await TurnStreamServer.start(server.host)
    stage.closing.append(streams.close)
    ours, theirs = turn("turn:relay.example:443?transport=tcp"), {"iceServers": [turn()]}
    alice = homes(stage, ours, theirs=theirs)
    await stage.connect()
    await stage.sleep(20)
    streams.hang_up()
    streams.service.silent = True
    await stage.sleep(60)
    return alice


@fault("FZ-ICE-CONSENT-LOST")
async def the_peer_of_a_busy_lite_agent_vanishes(stage: Stage) -> Peer:
    alice = stage.peer("alice", "203.0.113.9")
    bob = stage.peer("bob", "198.51.100.7", ice=IceOptions(lite=True))
    stage.introduce(alice, bob)
    await stage.connect()
    await channels_come_and_go(stage, 100)
    stage.net.block()
    await stage.sleep(60)
    return bob


# --- and the ICE restart that follows comes to nothing -----------------------------------------


@fault("FZ-SIG-STALE")
async def the_answer_of_a_restart_has_another_password(stage: Stage) -> Peer:
    alice = await lost(stage, lambda alice, bob: stage.net.block())
    stage.net.heal()
    mangled(stage, "a=ice-pwd:.*", "a=ice-pwd:" + "x" * 24)
    await stage.negotiate(ice_restart=True)
    await stage.sleep(60)
    return alice


@fault("FZ-SIG-STALE")
async def the_path_goes_after_a_restart_whose_answer_has_another_password(stage: Stage) -> Peer:
    stage.pair()
    return await _lost_after_a_stale_restart(stage)


@fault("FZ-SIG-STALE")
async def the_same_with_a_peer_that_never_says_it_has_no_more_candidates(stage: Stage) -> Peer:
    stage.pair()
    stage.signalling(carries_end=False)
    return await _lost_after_a_stale_restart(stage)


async def _lost_after_a_stale_restart(stage: Stage) -> Peer:
    alice, _ = await stage.connect()
    await stage.sleep(20)
    mangled(stage, "a=ice-pwd:.*", "a=ice-pwd:" + "x" * 24)
    await stage.negotiate(ice_restart=True)
    await stage.sleep(5)
    stage.net.block()
    await stage.sleep(60)
    return alice
