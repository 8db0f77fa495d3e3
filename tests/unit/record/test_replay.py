import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import frazil
from frazil import (
    IceOptions,
    InvalidStateError,
    NotFoundError,
    NotSupportedError,
    RTCPeerConnection,
)
from frazil.aio.recording_file import join_recordings
from frazil.record import INPUTS, RecordingError, replay, without_addresses
from frazil.testing import run
from support.recorded import fail, record, talk

TURN = {"urls": "turn:relay.example", "username": "älice", "credential": "s3cret"}


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    return record(tmp_path_factory.mktemp("recording"), talk)


def changed(lines, call, change):
    """The lines, with ``change`` applied to the first one of ``call`` that it accepts."""
    for number, text in enumerate(lines):
        line = json.loads(text)
        if line.get("call") == call and change(line):
            return [*lines[:number], json.dumps(line), *lines[number + 1 :]], number + 1
    raise AssertionError(f"no line of {call} could be changed")


def test_a_connection_goes_the_same_way_again(lines):
    assert replay(lines) is None


def test_a_failed_connection_goes_the_same_way_again(tmp_path):
    found = record(tmp_path, fail)
    assert any('"failed"' in line for line in found)
    assert replay(found) is None


def test_a_connection_that_could_not_be_made_cannot_be_made_again(tmp_path):
    path = tmp_path / "session.jsonl"

    async def main(net):
        options = {"network": net.host("a", "10.0.0.1"), "ice": IceOptions(lite=True)}
        with pytest.raises(NotSupportedError):
            RTCPeerConnection({"iceServers": [TURN]}, trace=path, **options)

    run(main)
    join_recordings(10)
    found = path.read_text(encoding="utf-8").splitlines()
    assert '"error": "NotSupportedError"' in found[-1]
    assert replay(found) is None
    assert replay(without_addresses(found)) is None


async def linger(pair):
    """Use a channel that the core has forgotten, while there is another one."""
    mine, _ = await pair.connect()
    mine.close()
    await asyncio.sleep(1)
    other = pair.a.createDataChannel("other")
    await other.wait_open()
    with pytest.raises(InvalidStateError):
        mine.send("too late")
    other.send("in time")
    await asyncio.sleep(1)


def test_what_is_asked_of_a_closed_channel_is_asked_again(tmp_path):
    found = record(tmp_path, linger)
    assert any('"error": "InvalidStateError"' in line for line in found)
    assert replay(found) is None


async def transport_of(pair):
    """The transport of ``a``, which has two addresses, before it knows any candidate of ``b``."""
    pair.host_a.add_interface("10.1.0.1")
    pair.a.createDataChannel("first")
    await pair.a.setLocalDescription()
    return pair.a.sctp.transport.iceTransport


async def watch(pair):
    """Connect, and be told of pairs."""
    ice = await transport_of(pair)
    ice.on("icecandidatepairadd", lambda event: None)
    await pair.connect()


async def select(pair):
    """Connect, and move to the pair that ICE did not choose."""
    ice, added = await transport_of(pair), []
    ice.on("icecandidatepairadd", lambda event: added.append(event.candidatePair))
    await pair.connect()
    await asyncio.sleep(5)
    chosen = ice.getSelectedCandidatePair()
    (other,) = (each for each in added if each.local.address != chosen.local.address)
    await ice.selectCandidatePair(other)
    await asyncio.sleep(1)
    assert ice.getSelectedCandidatePair() == other
    pair.host_a.remove_interface("10.1.0.1")
    await asyncio.sleep(1)
    with pytest.raises(NotFoundError):
        await ice.selectCandidatePair(other)


async def decide(pair):
    """Connect by the pair that the application prefers."""
    ice = await transport_of(pair)

    @ice.on("icecandidatepairnominate")
    def prefer(event):
        if event.candidatePair.local.address == "10.0.0.1":
            event.preventDefault()

    await pair.connect()
    await asyncio.sleep(10)
    assert ice.getSelectedCandidatePair().local.address == "10.1.0.1"


@pytest.mark.parametrize(
    ("act", "calls"),
    [
        (watch, {"report_pairs"}),
        (select, {"report_pairs", "select_pair"}),
        (decide, {"report_pairs", "decide_nomination"}),
    ],
)
def test_what_the_application_wants_of_pairs_is_an_input(tmp_path, act, calls):
    found = record(tmp_path, act)
    assert replay(found) is None
    assert replay(without_addresses(found)) is None
    told = {json.loads(line).get("call") for line in found}
    assert {f"transports.{each}" for each in calls} <= told


async def misuse(pair):
    """Connect, and send what is no message."""
    mine, _ = await pair.connect()
    for wrong in ({"a": 1}, None, 5):
        with pytest.raises(TypeError):
            mine.send(wrong)
    mine.send("and on")
    await asyncio.sleep(1)


@pytest.mark.parametrize("keep_payload", [False, True])
def test_what_is_no_message_is_refused_again(tmp_path, keep_payload):
    found = record(tmp_path, misuse, keep_payload=keep_payload)
    assert sum('"error": "TypeError"' in line for line in found) == 3
    assert replay(found) is None
    assert replay(without_addresses(found)) is None


def test_messages_are_not_told(lines):
    assert not any("secret" in line or b"secret".hex() in line for line in lines)


def test_messages_are_told_if_wanted(tmp_path):
    found = record(tmp_path, talk, keep_payload=True)
    assert any(b"a secret word".hex() in line for line in found)
    assert any(b"a secret number".hex() in line for line in found)
    assert replay(found) is None


def test_credentials_are_not_told(tmp_path):
    async def relayed(pair):
        pair.net.turn_server("198.51.100.8", name="relay.example", user="älice", password="s3cret")
        await talk(pair)

    configuration = {"iceServers": [TURN], "iceTransportPolicy": "relay"}
    found = record(tmp_path, relayed, configuration=configuration)
    assert any('"permission-granted"' in line for line in found)
    for secret in ("älice", "s3cret"):
        assert not any(secret in line or secret.encode().hex() in line for line in found)
        assert not any(json.dumps(secret)[1:-1] in line for line in found)
    assert replay(found) is None


def test_another_process_finds_the_same(lines, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    script = f"from frazil.record import replay; print(replay(open({str(path)!r})))"
    source = str(Path(frazil.__file__).parents[1])
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": source}
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, timeout=50
    )
    assert (found.stdout, found.stderr) == ("None\n", "")


def test_another_decision_is_found(lines):
    def change(line):
        for decision in line.get("trace", ()):
            if decision[2] == "nominated":
                decision[2] = "selected"
                return True
        return False

    found, number = changed(lines, "transports.receive", change)
    divergence = replay(found)
    assert (divergence.line, divergence.member) == (number, "trace")
    assert (divergence.recorded[2], divergence.replayed[2]) == ("selected", "nominated")


@pytest.mark.parametrize("writer", [frazil.__version__, "0.0.9", None])
def test_another_version_is_a_likely_cause(lines, writer):
    header = json.loads(lines[0])
    assert header.pop("frazil") == frazil.__version__
    told = header if writer is None else {**header, "frazil": writer}
    assert replay([json.dumps(told), *lines[1:]]) is None  # what is the same needs no cause
    divergence = replay([json.dumps(told), *lines[1:7], *lines[8:]])
    last = str(divergence).splitlines()[-1]
    if writer == frazil.__version__:
        assert last.startswith("  replayed: ")
    else:
        maker = writer or "of another version"
        assert last == f"Frazil {maker} made the recording, and this is {frazil.__version__}."


def test_another_datagram_is_found(lines):
    def change(line):
        if "result" not in line:
            return False
        line["result"][0][3][0]["hex"] = "ff" + line["result"][0][3][0]["hex"][2:]
        return True

    found, number = changed(lines, "transports.poll_transmits", change)
    divergence = replay(found)
    assert (divergence.line, divergence.member) == (number, "result")
    assert f"line {number}, transports.poll_transmits at " in str(divergence)


def test_other_random_numbers_are_found(lines):
    def change(line):
        line["random"] = ["00" * (len(each) // 2) for each in line.get("random", ())]
        return bool(line["random"])

    found, number = changed(lines, "connection.run_task", change)
    divergence = replay(found)
    assert divergence.line >= number
    assert divergence.member in ("result", "trace")


def test_missing_random_numbers_are_found(lines):
    found, number = changed(lines, "connection.run_task", lambda line: line.pop("random", None))
    divergence = replay(found)
    assert (divergence.line, divergence.member) == (number, "random")
    assert divergence.recorded is None or divergence.replayed is not None


def test_other_packets_to_seal_are_found(lines):
    def change(line):
        for entry in line.get("dtls", ()):
            if entry[0] == "seal":
                entry[1][1] = "00" * 32
                return True
        return False

    found, number = changed(lines, "transports.poll_transmits", change)
    divergence = replay(found)
    assert (divergence.line, divergence.member) == (number, "dtls")


def test_another_instant_is_found(lines):
    def change(line):
        line["args"]["now"] += 100
        return True

    found, number = changed(lines, "transports.receive", change)
    assert replay(found).line == number


def test_an_input_that_is_missing_is_found(lines):
    number = next(i for i, line in enumerate(lines) if '"transports.receive"' in line)
    assert replay([*lines[:number], *lines[number + 1 :]]) is not None


def test_an_error_that_did_not_come_is_found(lines):
    def change(line):
        line["error"] = "InvalidStateError"
        return True

    found, number = changed(lines, "connection.create_data_channel", change)
    assert (replay(found).line, replay(found).member) == (number, "error")


def test_a_last_line_that_is_cut_off_is_left_out(lines):
    assert replay([*lines[:20], lines[20][:30]]) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ([], "empty"),
        ([""], "no recording"),
        (["hello", "world"], "no recording"),
        (["{}"], "no recording"),
        (
            ['{"format": "frazil-recording", "version": 99}'],
            "version 99, not 2: .* the frazil that",
        ),
        (
            ['{"format": "frazil-recording", "version": 99, "frazil": "9.1"}'],
            "replay it with frazil 9.1, which made it",
        ),
        (['{"format": "frazil-recording", "version": 2, "setup": 5}'], "cannot be read"),
    ],
)
def test_what_is_no_recording(text, says):
    with pytest.raises(RecordingError, match=says):
        replay(text)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 3 is no JSON"),
        ("{}", "no call"),
        ('{"call": "connection.open"}', "no call"),
        ('{"call": "connection.__init__", "args": {}}', "there is no call"),
        ('{"call": "connection.close", "args": {"then": 5}}', "takes no argument"),
    ],
)
def test_a_damaged_line(lines, line, says):
    with pytest.raises(RecordingError, match=says):
        replay([*lines[:2], line, *lines[2:]])


def test_a_call_before_the_connection_is_made(lines):
    with pytest.raises(RecordingError, match="begins with"):
        replay([lines[0], *lines[2:]])


def test_every_kind_of_call_has_a_name():
    assert {name.partition(".")[0] for name in INPUTS} == {
        "connection",
        "transports",
        "channel",
        "transceiver",
    }
