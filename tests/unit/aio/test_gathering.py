"""Which addresses a connection gathers from."""

import asyncio
from typing import Any

from frazil import IceOptions, RTCPeerConnection, unverified_tls
from frazil.aio import Tls
from frazil.testing import VirtualNetwork, run


def candidates(configuration: dict[str, object]) -> list[str]:
    found: list[str] = []

    async def main(net: VirtualNetwork) -> None:
        host = net.host("alice", "10.0.0.1", "fd00::1", "127.0.0.1")
        net.stun_server("192.0.2.1")
        net.turn_server("192.0.2.7")
        async with RTCPeerConnection(configuration, network=host) as pc:
            pc.on("icecandidate", lambda candidate: found.append(candidate and candidate.candidate))
            pc.createDataChannel("a")
            await pc.setLocalDescription()
            await pc.gathering_complete()
            await asyncio.sleep(1)
            has_any = any(found)
            assert len(host.sockets()) == (2 if has_any else 0)

    run(main)
    return found


def test_policy_relay_tells_no_address_and_opens_no_socket() -> None:
    servers = [{"urls": "stun:192.0.2.1"}]
    policy = {"iceTransportPolicy": "relay", "iceServers": servers}
    assert candidates(policy) == ["", None]


def test_policy_all_tells_every_address_but_loopback() -> None:
    hosts = [line for line in candidates({}) if line]
    assert [line.split()[4] for line in hosts] == ["10.0.0.1", "fd00::1"]


TURN = {"urls": "turn:192.0.2.7", "username": "user", "credential": "password"}


def types(lines: list[str]) -> list[str]:
    return sorted(line.split()[7] for line in lines if line)


def test_policy_relay_opens_sockets_for_turn_servers_and_tells_only_relays() -> None:
    servers = [{"urls": "stun:192.0.2.1"}, TURN]
    assert types(candidates({"iceTransportPolicy": "relay", "iceServers": servers})) == ["relay"]


def test_policy_all_tells_relays_beside_hosts() -> None:
    assert types(candidates({"iceServers": [TURN]})) == ["host", "host", "relay"]


def test_a_url_that_is_named_twice_is_asked_once_with_the_first_credentials() -> None:
    wrong = TURN | {"credential": "wrong"}
    assert types(candidates({"iceServers": [TURN, wrong]})) == ["host", "host", "relay"]


def test_the_context_of_the_options_is_used_for_turns_servers_only() -> None:
    used: list[Tls | None] = []
    context = unverified_tls()

    async def main(net: VirtualNetwork) -> None:
        net.names["turn.example"] = ["192.0.2.7"]
        host = net.host("a", "198.51.100.1")
        connect = host.connect_tcp

        async def connect_tcp(*args: Any, tls: Tls | None = None, **options: Any) -> Any:
            used.append(tls)
            return await connect(*args, tls=tls, **options)

        host.connect_tcp = connect_tcp
        urls = ["turn:turn.example?transport=tcp", "turns:turn.example"]
        server = {"urls": urls, "username": "u", "credential": "c"}
        async with RTCPeerConnection(
            {"iceServers": [server]}, network=host, ice=IceOptions(tls_context=context)
        ) as pc:
            pc.createDataChannel("chat")
            await pc.setLocalDescription()
            await pc.gathering_complete()

    run(main)
    assert used == [None, Tls("turn.example", context)]
