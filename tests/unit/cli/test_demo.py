import json

import pytest

from frazil.cli import demo, expectation
from frazil.cli.exit_code import ExitCode
from frazil.testing import run


def tell(*, as_json):
    async def main(net):
        return await demo.tell(net.host("machine", "127.0.0.1"), as_json=as_json)

    return run(main)


def test_json_is_one_object_per_line_and_the_result_comes_last(capsys):
    assert tell(as_json=True) is ExitCode.OK
    output = capsys.readouterr()
    objects = [json.loads(line) for line in output.out.splitlines()]
    assert {each["type"] for each in objects} == {
        *("step", "state", "sent", "arrived", "path", "note", "result"),
    }
    assert objects[-1]["type"] == "result"
    assert objects[-1]["ok"] is True
    assert objects[-1]["differences"] == []
    assert output.err == ""


def test_json_states_carry_their_reasons(capsys):
    tell(as_json=True)
    objects = map(json.loads, capsys.readouterr().out.splitlines())
    all_lost = [each for each in objects if each.get("new") == "disconnected"]
    lost = next(each for each in all_lost if each["machine"] == "ice-transport 0")
    assert {each["peer"] for each in all_lost} == {"alice", "bob"}
    assert lost["cause"] == "liveness-lost"
    assert lost["rule"].startswith("webrtc-pc RTCIceTransport")
    assert lost["evidence"]["silent_s"] >= 5


def test_without_a_terminal_there_are_plain_lines(capsys):
    assert tell(as_json=False) is ExitCode.OK
    output = capsys.readouterr().out
    assert output.isascii()
    assert "\x1b" not in output
    assert "3. Blackout: for 6 s every datagram is lost, both ways\n" in output
    assert "ice-transport" not in output
    assert output.splitlines()[-1].startswith("As expected: 48 states and ")


@pytest.mark.parametrize("as_json", [True, False])
def test_a_difference_is_told_and_makes_the_exit_code_1(capsys, monkeypatch, as_json):
    tampered = {**expectation.EXPECTED["alice"], "signalingState": ("stable",)}
    monkeypatch.setitem(expectation.EXPECTED, "alice", tampered)
    assert tell(as_json=as_json) is ExitCode.UNEXPECTED
    last = capsys.readouterr().out.splitlines()[-1]
    assert "alice's signalingState was stable, have-local-offer" in last
    assert "expected stable" in last
