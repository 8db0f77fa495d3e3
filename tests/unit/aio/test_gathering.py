"""Which addresses a connection gathers from."""

import asyncio

from frazil import RTCPeerConnection
from frazil.testing import VirtualNetwork, run


def candidates(configuration: dict[str, object]) -> list[str]:
    found: list[str] = []

    async def main(net: VirtualNetwork) -> None:
        host = net.host("alice", "10.0.0.1", "fd00::1", "127.0.0.1")
        net.stun_server("192.0.2.1")
        async with RTCPeerConnection(configuration, network=host) as pc:
            pc.on("icecandidate", lambda candidate: found.append(candidate and candidate.candidate))
            pc.createDataChannel("a")
            await pc.setLocalDescription()
            await pc.gathering_complete()
            await asyncio.sleep(1)
            assert len(host.sockets()) == sum("host" in (line or "") for line in found)

    run(main)
    return found


def test_policy_relay_tells_no_address_and_opens_no_socket() -> None:
    servers = [{"urls": "stun:192.0.2.1"}]
    policy = {"iceTransportPolicy": "relay", "iceServers": servers}
    assert candidates(policy) == ["", None]


def test_policy_all_tells_every_address_but_loopback() -> None:
    hosts = [line for line in candidates({}) if line]
    assert [line.split()[4] for line in hosts] == ["10.0.0.1", "fd00::1"]
