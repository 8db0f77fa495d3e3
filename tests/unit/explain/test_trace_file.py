import asyncio
import json

import pytest

from frazil import RTCPeerConnection
from frazil.aio.recording_file import join_recordings
from frazil.explain import explain
from frazil.explain.story import fact
from frazil.explain.trace_file import read_accounts, trace_lines
from frazil.testing import VirtualNetwork, run
from support.virtual_pair import VirtualPair, on_virtual_pair


@on_virtual_pair
async def test_what_was_written_explains_the_same(pair: VirtualPair):
    pair.a.createDataChannel("chat")
    pair.net.block()
    await pair.negotiate()
    await pair.a._backend._pulse.wait_until(lambda: pair.a.connectionState == "failed")
    lines = list(trace_lines(pair.a.trace.records))
    again = read_accounts([*lines, lines[-1][:10]])[0].records
    assert str(explain(again)) == str(explain(pair.a.trace.records)) != ""


def test_a_recording_is_read_without_a_replay(tmp_path):
    path = tmp_path / "session.jsonl"

    async def main(net: VirtualNetwork) -> None:
        async with RTCPeerConnection(network=net.host("a", "10.0.0.1"), trace=path) as pc:
            pc.createDataChannel("chat")
            await pc.setLocalDescription()
            await asyncio.sleep(10)

    run(main)
    join_recordings(10)
    records = read_accounts(path.read_text(encoding="utf-8").splitlines())[0].records
    assert explain(records).codes == ("FZ-SIG-NO-ANSWER",)


@pytest.mark.parametrize("text", ["", "hello", "{}", "[]", "[1, 2]", "null", "\0", "[[[["])
def test_what_is_neither_is_refused(text):
    with pytest.raises(ValueError, match="neither a recording nor a trace"):
        read_accounts([text])


@pytest.mark.parametrize(
    "entry",
    [
        [0.0, "ice", "pair-valid", "0", "pair"],
        [0.0, "ice", "unheard-of", "0"],
        [0.0, [], {}, "0"],
        ["now", "ice", "end-of-remote-candidates", "0"],
    ],
)
def test_what_another_version_wrote_is_left_out(entry):
    good = [0.0, "ice", "end-of-remote-candidates", "0"]
    (record,) = read_accounts([json.dumps(entry), json.dumps(good)])[0].records
    assert record.event == "end-of-remote-candidates"


@pytest.mark.parametrize("number", ["9" * 400, "-" + "9" * 400, "NaN", "Infinity"])
def test_a_number_that_no_clock_or_counter_shows_is_a_text(number):
    lines = [f'[0.0, "ice", "pair-valid", "0", "p", {number}]']
    (record,) = read_accounts(lines)[0].records
    assert fact(record, "rtt_s") == str(json.loads(number))


def test_an_instant_that_no_clock_shows_is_left_out():
    lines = [f'[{at}, "ice", "scout", "0", "x"]' for at in ("NaN", "1e300", "9" * 400, "2.0")]
    assert [each.at for each in read_accounts(lines)[0].records] == [2.0]


HEADER = json.dumps({"format": "frazil-recording", "version": 2})


def call(at):
    return json.dumps(
        {"call": "x", "args": {}, "trace": [[at, "ice", "end-of-remote-candidates", "0"]]}
    )


def test_each_of_several_recordings_is_an_account():
    accounts = read_accounts(
        [call(0.0), HEADER, call(1.0), call(2.0)[:9], HEADER, HEADER, call(3.0)]
    )
    instants = [[record.at for record in each.records] for each in accounts]
    assert instants == [[0.0], [1.0], [], [3.0]]
    assert [each.is_whole for each in accounts] == [False, True, True, True]


def test_what_is_missing_is_remarked():
    (piece,) = read_accounts([call(0.0)[3:], call(1.0), call(2.0)])
    assert piece.remarks[0].startswith("the beginning of the recording is missing")
    (damaged,) = read_accounts(
        [HEADER, call(1.0), call(2.0)[:20], "", "\0", call(3.0), call(4.0)[:9]]
    )
    assert damaged.remarks[0] == "lines left out, which are damaged: 2"
    assert not piece.is_whole
    assert not damaged.is_whole
