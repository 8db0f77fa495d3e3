from itertools import count

import pytest

from frazil import RTCPeerConnection, TraceFile
from frazil.aio import recording_file
from frazil.aio.recording_file import join_recordings
from frazil.peer.connection import PeerConnection
from frazil.record import replay
from frazil.testing import run
from frazil.w3c import recording
from support.virtual_pair import VirtualPair


def replayed(path):
    return replay(path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("kind", [str, lambda path: path, TraceFile])
def test_a_connection_is_recorded_where_it_says(tmp_path, kind):
    path = tmp_path / "a.jsonl"

    async def main(net):
        async with VirtualPair(net, trace_a=kind(path)) as pair:
            await pair.connect()

    run(main)
    join_recordings(10)
    assert replayed(path) is None
    assert list(tmp_path.iterdir()) == [path]


def test_the_environment_names_a_folder_with_a_file_for_each(tmp_path, monkeypatch):
    monkeypatch.setenv("FRAZIL_TRACE", str(tmp_path / "folder"))

    async def main(net):
        async with VirtualPair(net) as pair:
            await pair.connect()

    run(main)
    join_recordings(10)
    paths = list((tmp_path / "folder").iterdir())
    assert len(paths) == 2
    assert [replayed(path) for path in paths] == [None, None]


def test_processes_of_several_containers_do_not_share_a_file(tmp_path, monkeypatch):
    monkeypatch.setenv("FRAZIL_TRACE", str(tmp_path))
    monkeypatch.setattr(recording.os, "getpid", lambda: 1)
    monkeypatch.setattr(recording.time, "strftime", lambda _: "20260101T000000")

    async def main(net):
        for number in (1, 2):
            monkeypatch.setattr(recording, "_number", count(1))
            async with RTCPeerConnection(network=net.host(f"{number}", f"10.0.0.{number}")):
                pass
            join_recordings(10)

    run(main)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_connection_that_is_not_recorded_is_a_plain_one(monkeypatch):
    monkeypatch.delenv("FRAZIL_TRACE", raising=False)

    async def main(net):
        async with RTCPeerConnection(network=net.host("a", "10.0.0.1")) as pc:
            assert type(pc._peer) is PeerConnection
            assert pc._backend.recording is None

    run(main)


def test_a_disk_that_fails_does_not_harm_the_connection(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(recording_file, "_BATCH_SIZE", 1)
    (tmp_path / "file").write_text("")

    async def main(net):
        async with VirtualPair(net, trace_a=tmp_path / "file" / "a.jsonl") as pair:
            mine, theirs = await pair.connect()
            join_recordings(10)
            mine.send("hello")
            theirs.send("back")
            await mine.drain(0)
            return dict(pair.a.trace.counters)

    counters = run(main)
    join_recordings(10)
    assert counters["recording-line-lost"] > 0
    assert caplog.text.count("FZ-RECORDING-LOST") == 1


def test_what_is_no_path_is_refused_at_once():
    async def main(net):
        with pytest.raises(TypeError):
            RTCPeerConnection(network=net.host("a", "10.0.0.1"), trace=5)

    run(main)
