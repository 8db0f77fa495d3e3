import asyncio
import json
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from weakref import ref

import pytest

from frazil.aio import recording_file
from frazil.aio.recording_file import RecordingFile, TraceFile, join_recordings
from frazil.explain.trace_file import read_accounts
from frazil.testing import run


@pytest.fixture
def lost():
    return []


def lines_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_lines_are_written_in_order(tmp_path, lost):
    path = tmp_path / "missing" / "folder" / "a.jsonl"
    file = RecordingFile(path, lambda: lost.append(1))
    for number in range(1000):
        file.write({"number": number})
    file.close()
    join_recordings(10)
    assert lines_of(path) == [{"number": number} for number in range(1000)]
    assert lost == []


def test_an_old_file_is_overwritten(tmp_path, lost):
    path = tmp_path / "a.jsonl"
    path.write_text("old\n" * 100)
    file = RecordingFile(path, lambda: lost.append(1))
    file.write({"new": True})
    file.close()
    join_recordings(10)
    assert lines_of(path) == [{"new": True}]


def test_lines_that_no_other_follows_are_written(tmp_path, lost):
    path = tmp_path / "a.jsonl"

    async def main(net):
        file = RecordingFile(path, lambda: lost.append(1))
        for number in range(3):
            file.write({"number": number})
            await asyncio.sleep(0.4)
        await asyncio.sleep(0.2)
        join_recordings(10)
        told = lines_of(path)
        file.close()
        return told

    assert run(main) == [{"number": number} for number in range(3)]


def test_lines_that_wait_do_not_keep_their_file(tmp_path, lost):
    path = tmp_path / "a.jsonl"

    async def main(net):
        file = RecordingFile(path, lambda: lost.append(1))
        file.write({"number": 1})
        weak = ref(file)
        del file
        assert weak() is None

    run(main)
    assert lines_of(path) == [{"number": 1}]


def test_trouble_with_the_disk_is_logged_once_and_lines_are_counted(tmp_path, lost, caplog):
    (tmp_path / "file").write_text("")
    file = RecordingFile(tmp_path / "file" / "a.jsonl", lambda: lost.append(1))
    for _ in range(256):
        file.write({})
    join_recordings(10)
    for _ in range(300):
        file.write({})
    file.close()
    join_recordings(10)
    assert len(lost) == 300
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.message.startswith("FZ-RECORDING-LOST: the recording ")
    assert record.code == "FZ-RECORDING-LOST"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no full disk")
def test_a_full_disk_is_logged_once(lost, caplog):
    file = RecordingFile(Path("/dev/full"), lambda: lost.append(1))
    file.write({"number": 1})
    file.close()
    join_recordings(10)
    (record,) = caplog.records
    assert "No space left on device" in record.message


def test_two_connections_are_not_recorded_in_one_file(tmp_path, lost, caplog):
    path = tmp_path / "a.jsonl"
    first, second = (RecordingFile(path, lambda: lost.append(1)) for _ in range(2))
    first.write({"number": 1})
    second.write({"number": 2})
    second.close()
    first.close()
    join_recordings(10)
    assert lines_of(path) == [{"number": 1}]
    assert lost == [1]
    assert f"the recording {path} ends here" in caplog.text
    assert "another connection is recorded there; FRAZIL_TRACE=folder" in caplog.text


def test_a_file_is_free_as_soon_as_its_recording_is_closed(tmp_path, lost):
    path = tmp_path / "a.jsonl"
    for number in range(3):
        file = RecordingFile(path, lambda: lost.append(1))
        file.write({"number": number})
        file.close()
    join_recordings(10)
    assert lines_of(path) == [{"number": 2}]
    assert lost == []


@pytest.mark.parametrize("count", [1, 300])
def test_a_file_that_nobody_closed_is_complete_when_its_recording_has_gone(count, tmp_path, lost):
    path = tmp_path / "a.jsonl"
    gate = threading.Event()
    recording_file._thread().submit(gate.wait)
    file = RecordingFile(path, lambda: lost.append(1))
    for number in range(count):
        file.write({"number": number})
    del file
    is_written = path.exists()
    gate.set()
    assert is_written == (count < 256)  # else the thread held it
    join_recordings(10)
    assert lines_of(path) == [{"number": number} for number in range(count)]
    assert lost == []


def test_nothing_is_written_after_the_end(tmp_path, lost):
    path = tmp_path / "a.jsonl"
    file = RecordingFile(path, lambda: lost.append(1))
    file.write({"number": 1})
    file.close()
    file.write({"number": 2})
    join_recordings(10)
    del file
    assert lines_of(path) == [{"number": 1}]
    assert lost == []


def test_a_disk_that_is_too_slow_ends_the_recording(tmp_path, lost, caplog, monkeypatch):
    monkeypatch.setattr(recording_file, "MAX_WAITING", 600)
    gate = threading.Event()
    recording_file._thread().submit(gate.wait)
    path = tmp_path / "a.jsonl"
    file = RecordingFile(path, lambda: lost.append(1))
    for number in range(1000):
        file.write({"number": number})
    gate.set()
    file.close()
    join_recordings(10)
    assert lines_of(path) == [{"number": number} for number in range(2 * 256)]
    assert len(lost) == 1000 - 2 * 256
    assert "the disk is too slow" in caplog.text


def test_a_disk_that_fails_after_it_was_too_slow_is_told_of_as_well(
    tmp_path, lost, caplog, monkeypatch
):
    monkeypatch.setattr(recording_file, "MAX_WAITING", 600)
    gate = threading.Event()
    recording_file._thread().submit(gate.wait)
    path = tmp_path / "a.jsonl"
    file = RecordingFile(path, lambda: lost.append(1))
    for number in range(1000):
        file.write({"number": number})
    path.mkdir()
    gate.set()
    file.close()
    join_recordings(10)
    assert "the disk is too slow" in caplog.text
    assert "Is a directory" in caplog.text


def test_a_path_that_is_none_is_refused_at_once():
    with pytest.raises(TypeError):
        TraceFile(5)


UNCLOSED = """
import asyncio
import sys

from frazil import RTCPeerConnection


async def main():
    pc = RTCPeerConnection(trace=sys.argv[1])
    pc.createDataChannel("chat")
    await pc.setLocalDescription()


asyncio.run(main())
"""


COLLECTED = """
import gc
import os

gc.collect()
assert os.path.exists(sys.argv[1])
"""


@pytest.mark.parametrize("end", ["", COLLECTED])
def test_what_nobody_closed_is_on_the_disk_when_the_program_has_ended(end, tmp_path):
    path = tmp_path / "session.jsonl"
    subprocess.run([sys.executable, "-c", UNCLOSED + end, str(path)], check=True, timeout=30)
    (account,) = read_accounts(path.read_text(encoding="utf-8").splitlines())
    assert any(each.event == "description-applied" for each in account.records)
    (remark,) = account.remarks
    assert "with the connection still open" in remark


FORKED = """
import os
import sys
from pathlib import Path

from frazil.aio.recording_file import RecordingFile, join_recordings


def begun(path):
    file = RecordingFile(Path(path), lambda: None)
    file.write({"path": path})
    return file


of_parent, before, of_child = sys.argv[1:]
begun(before).close()
join_recordings(5)
waiting = begun(of_parent)
child = os.fork()
if child:
    assert os.waitpid(child, 0)[1] == 0
    assert not os.path.exists(of_parent)  # that is for its own process to write
else:
    begun(of_child).close()
    waiting.close()
    join_recordings(5)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_has_recordings_of_its_own(tmp_path):
    paths = [tmp_path / name for name in ("parent.jsonl", "before.jsonl", "child.jsonl")]
    subprocess.run([sys.executable, "-c", FORKED, *map(str, paths)], check=True, timeout=30)
    assert [lines_of(path) for path in paths] == [[{"path": str(path)}] for path in paths]
