import asyncio
import json

import pytest

from frazil.aio import IceOptions
from frazil.cli import main
from frazil.cli.pair import Settings, pair
from frazil.cli.pair_code import decode, encode
from frazil.cli.pair_measurement import Side
from frazil.cli.pair_view import describe
from frazil.testing import Conditions, run

SDP = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"


@pytest.mark.parametrize("kind", ["offer", "answer"])
def test_a_code_brings_the_description_back(kind):
    code = encode(kind, SDP)
    assert decode(code) == (kind, SDP)
    assert decode(f"  {code[:20]}\n {code[20:]}\n") == (kind, SDP)
    assert len(code) < len(SDP)


def test_every_damage_is_noticed():
    code = encode("offer", SDP)
    for at in range(3, len(code)):
        with pytest.raises(ValueError, match="not complete"):
            decode(code[:at])
    other = encode("offer", SDP.replace("0.0.1", "0.0.2"))
    with pytest.raises(ValueError, match="not complete"):
        decode(code[:9] + other[9:])


@pytest.mark.parametrize("text", ["", "hello", "v=0", "FZX123"])
def test_what_is_no_code_is_called_so(text):
    with pytest.raises(ValueError, match="no code of frazil pair"):
        decode(text)


def test_a_code_does_not_unfold_without_limit():
    with pytest.raises(ValueError, match="not complete"):
        decode(encode("offer", "x" * 10_000_000))


async def both(net, capsys, alice, bob, *, spoil=(), pause_s=5.0, **configuration):
    """Run both sides; somebody carries the codes, and pastes ``spoil`` first."""
    settings = [Settings(configuration, IceOptions(), name, True) for name in ("alice", "bob")]
    printed: list[str] = []

    async def code(prefix):
        while True:
            printed.extend(capsys.readouterr().err.split())
            found = [word for word in printed if word.startswith(prefix)]
            if found:
                return found[0]
            await asyncio.sleep(0.1)

    wrong = list(spoil)

    def ask():
        async def answer():
            await asyncio.sleep(pause_s)
            return wrong.pop(0) if wrong else await code("FZA")

        return asyncio.ensure_future(answer())

    first = asyncio.create_task(pair(alice, settings[0], None, ask))
    _, offer = decode(await code("FZO"))
    await asyncio.sleep(pause_s)
    second = asyncio.create_task(pair(bob, settings[1], offer, ask))
    return await first, await second


def reports(capsys, main_):
    """The exit codes and what each side has printed in the end."""
    held: list[str] = []

    class Capture:
        def readouterr(self):
            seen = capsys.readouterr()
            held.append(seen.out)
            return seen

    codes = run(lambda net: main_(net, Capture()))
    held.append(capsys.readouterr().out)
    return codes, [json.loads(line) for line in "".join(held).splitlines()]


def test_both_sides_print_the_same_report(capsys):
    async def main_(net, capture):
        alice, bob = net.host("alice", "10.0.0.1"), net.host("bob", "10.0.0.2")
        net.connect(alice, bob, Conditions(delay_s=0.01, rate_bps=8e6))
        return await both(net, capture, alice, bob)

    codes, (one, other) = reports(capsys, main_)
    assert codes == (0, 0)
    assert one["ok"]
    assert one["ours"] == other["theirs"]
    assert one["theirs"] == other["ours"]
    assert {one["ours"]["machine"], one["theirs"]["machine"]} == {"alice", "bob"}
    assert one["ours"]["path"] == "host to host over udp"
    assert one["ours"]["rtt_s"] == pytest.approx(0.02, rel=0.2)
    assert [state for _, state in one["ours"]["states"]] == ["connecting", "connected"]
    for side in ("ours", "theirs"):
        assert 4e6 < one[side]["received_bps"] < 8e6


def test_behind_nats_with_a_code_that_takes_a_minute(capsys):
    async def main_(net, capture):
        net.stun_server("192.0.2.1")
        hosts = [
            net.host(name, "192.168.1.2", behind=net.nat(f"home of {name}", public))
            for name, public in (("alice", "198.51.100.1"), ("bob", "203.0.113.5"))
        ]
        net.default = Conditions(rate_bps=8e6)
        servers = [{"urls": "stun:192.0.2.1"}]
        return await both(net, capture, *hosts, pause_s=60.0, iceServers=servers)

    codes, (one, _) = reports(capsys, main_)
    assert codes == (0, 0)
    assert one["ours"]["path"].startswith(("host to", "srflx to", "prflx to"))


def test_on_one_network_the_second_code_may_take_as_long(capsys):
    """What checks reach is connected on one side, while the other still waits for the code."""

    async def main_(net, capture):
        alice, bob = net.host("alice", "10.0.0.1"), net.host("bob", "10.0.0.2")
        net.connect(alice, bob, Conditions(delay_s=0.01, rate_bps=8e6))
        return await both(net, capture, alice, bob, spoil=["\n"], pause_s=60.0)

    codes, (one, _) = reports(capsys, main_)
    assert codes == (0, 0)
    assert [state for _, state in one["theirs"]["states"]] == ["connecting", "connected"]


def test_wrong_codes_are_asked_for_again(capsys):
    async def main_(net, capture):
        net.default = Conditions(rate_bps=8e6)
        hosts = net.host("alice", "10.0.0.1"), net.host("bob", "10.0.0.2")
        return await both(net, capture, *hosts, spoil=["\n", "hello\n", encode("offer", SDP)])

    codes, _ = reports(capsys, main_)
    assert codes == (0, 0)


def test_no_path_is_told_with_what_was_observed(capsys):
    async def main_(net, capture):
        alice, bob = net.host("alice", "10.0.0.1"), net.host("bob", "10.0.0.2")
        net.block(alice, bob)
        return await both(net, capture, alice, bob)

    codes, told = reports(capsys, main_)
    assert codes == (1, 1)
    assert [each["ok"] for each in told] == [False, False]
    codes_told = [[finding["code"] for finding in each["findings"]] for each in told]
    assert codes_told == [["FZ-ICE-UNANSWERED"]] * 2


def test_the_joint_report_for_people():
    ours = Side(
        "here", ((0.0, "connecting"), (0.5, "connected")), "host to srflx over udp", 0.02, 8e6
    )
    theirs = Side("there", ((0.1, "connecting"),), "srflx to host over udp", None, None)
    assert describe(ours, theirs) == [
        "              this side               other side",
        "  machine     here                    there",
        "  path        host to srflx over udp  srflx to host over udp",
        "  round trip  20 ms                   -",
        "  received    8.0 Mbit/s              -",
        "  states        0.000 s  connecting     0.100 s  connecting",
        "                0.500 s  connected",
    ]


def test_what_the_other_side_says_of_itself_can_be_printed():
    said = "there\x1b[2J\nhere"
    states = [[0.0, said]]
    value = {
        "machine": said,
        "states": states,
        "path": said,
        "rtt_s": None,
        "received_bps": None,
    }
    theirs = Side.from_value(value)
    assert {theirs.machine, theirs.path, theirs.states[0][1]} == {"there\ufffd[2J\ufffdhere"}
    assert all(line.isprintable() for line in describe(theirs, theirs))


@pytest.mark.parametrize(
    "value",
    [None, {}, [], {"machine": "x"}, {"machine": "x", "states": [1], "path": "", "rtt_s": 0}],
)
def test_a_report_that_is_none_is_refused(value):
    with pytest.raises(ValueError, match="another version"):
        Side.from_value(value)


@pytest.mark.parametrize(
    ("code", "complaint"),
    [("hello", "no code of frazil pair"), (encode("answer", SDP), "this code is the answer")],
)
def test_a_wrong_code_on_the_command_line(capsys, code, complaint):
    with pytest.raises(SystemExit) as end:
        main(["pair", code])
    assert end.value.code == 2
    assert complaint in capsys.readouterr().err
