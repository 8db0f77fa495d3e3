import json

import pytest

from frazil.cli.candidates import gather
from frazil.testing import run

STUN, TURN = "stun:192.0.2.1", "turn:192.0.2.3"


def gathered(capsys, *urls, as_json=True, password="password", **configuration):
    """The exit code and what is printed, behind a NAT."""

    async def main(net):
        net.stun_server("192.0.2.1")
        net.turn_server("192.0.2.3")
        host = net.host("alice", "192.168.1.2", behind=net.nat("home", "203.0.113.5"))
        servers = [{"urls": url, "username": "user", "credential": password} for url in urls]
        settings = {"iceServers": servers, **configuration}
        return await gather(host, settings, as_json=as_json)

    code = run(main)
    lines = capsys.readouterr().out.splitlines()
    return code, [json.loads(line) for line in lines] if as_json else lines


def test_candidates_with_their_times_and_servers(capsys):
    code, objects = gathered(capsys, STUN, TURN)
    assert code == 0
    found = [each for each in objects if each["type"] == "candidate" and each["protocol"] == "udp"]
    assert [each["kind"] for each in found] == ["host", "srflx", "relay"]
    host, srflx, relay = found
    assert (host["at"], host["address"], host["url"]) == (0, "192.168.1.2", None)
    assert (srflx["address"], srflx["url"]) == ("203.0.113.5", STUN)
    assert srflx["related"][0] == "192.168.1.2"
    assert (relay["address"], relay["url"], relay["relay_protocol"]) == ("192.0.2.3", TURN, "udp")
    assert relay["at"] > srflx["at"] > 0
    result = objects[-1]
    assert (result["type"], result["silent"]) == ("result", [])
    assert result["candidates"] == sum(each["type"] == "candidate" for each in objects)


def test_a_server_that_refuses(capsys):
    code, objects = gathered(capsys, TURN, password="wrong")
    assert code == 1
    (error,) = [each for each in objects if each["type"] == "error"]
    assert (error["code"], error["url"]) == (401, TURN)
    assert objects[-1]["silent"] == [TURN]


def test_lines_for_people(capsys):
    code, lines = gathered(capsys, STUN, as_json=False)
    assert code == 0
    assert lines[0].startswith("   0.000  host   udp          192.168.1.2:")
    (srflx,) = [line for line in lines if "  srflx  " in line]
    assert " of 192.168.1.2:" in srflx
    assert srflx.endswith(f" by {STUN}")
    assert lines[-1].startswith("Gathered in 0.")


def test_what_is_missing_leads_to_the_doctor(capsys):
    code, lines = gathered(capsys, TURN, as_json=False, password="wrong")
    assert code == 1
    assert any("  error  401  turn:192.0.2.3" in line for line in lines)
    assert lines[-1] == f"Nothing came from {TURN}: try frazil doctor."


@pytest.mark.parametrize(("urls", "kinds"), [((TURN,), {"relay"}), ((STUN,), set())])
def test_relays_only(capsys, urls, kinds):
    code, objects = gathered(capsys, *urls, iceTransportPolicy="relay")
    assert code == 0
    assert {each["kind"] for each in objects if each["type"] == "candidate"} == kinds
