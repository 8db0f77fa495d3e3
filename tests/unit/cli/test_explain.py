import gzip
import json

import pytest

import frazil
from frazil.cli import main
from frazil.explain.trace_file import trace_lines
from frazil.trace import Trace
from support.sample_recording import record_session

DUMP = {
    "PeerConnections": {
        "7-1": {
            "updateLog": [
                {"time": 1e6, "type": "setRemoteDescription", "value": "type: offer, sdp: v=0"},
                {
                    "time": 1e6 + 100,
                    "type": "icecandidate",
                    "value": "candidate:1 1 udp 1 203.0.113.7 5000 typ host",
                },
                {"time": 1e6 + 200, "type": "setLocalDescription", "value": "type: answer"},
            ]
        }
    }
}


@pytest.fixture
def silent(tmp_path):
    """The trace of a connection to which signalling brings no candidate."""
    trace = Trace()
    trace.record(0.0, "api", "configured", servers="", policy="all", bundle="balanced")
    path = trace.of("0")
    path.record(0.0, "ice", "gathering", state="gathering", text="")
    path.record(0.0, "ice", "local-candidate", type="host", address="10.0.0.1:5000", ufrag="u")
    for at, side, kind in ((0.0, "local", "offer"), (0.5, "remote", "answer")):
        trace.record(at, "peer", "description-applied", side=side, type=kind, sections=1)
    path.record(30.0, "ice", "gathering", state="complete", text="")
    file = tmp_path / "trace.jsonl"
    file.write_text("\n".join(trace_lines(trace.records)))
    return file


@pytest.fixture
def dump(tmp_path):
    file = tmp_path / "dump.json"
    file.write_text(json.dumps(DUMP))
    return file


def test_a_trace_is_explained(silent, capsys):
    assert main(["explain", str(silent)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("FZ-SIG-CANDIDATES-LOST: Signalling brings no candidate")
    assert lines[1].startswith("    fix: Forward every icecandidate event")
    assert lines[2] == "    +0.500 s peer description-applied side=remote type=answer sections=1"


def test_as_json(silent, capsys):
    assert main(["explain", "--json", str(silent)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [each["code"] for each in told["findings"]] == ["FZ-SIG-CANDIDATES-LOST"]
    assert told["timeline"] == []


def test_both_halves_are_put_on_one_axis(silent, dump, capsys):
    assert main(["explain", str(silent), str(dump)]) == 1
    out = capsys.readouterr().out.splitlines()
    assert [line for line in out if "browser " in line and " s " in line][:3] == [
        "+0.150 s browser setRemoteDescription offer",
        "+0.250 s browser icecandidate candidate:1 1 udp 1 203.0.113.7 5000 typ host",
        "+0.350 s browser setLocalDescription answer",
    ]
    theirs, ours = [line for line in out if line.startswith("FZ-")]
    assert theirs.endswith("1 of them never came here: 203.0.113.7:5000.")
    assert ours.endswith("1 of them never came to the browser: 10.0.0.1:5000.")


def test_pseudonyms_are_not_compared_with_the_addresses_of_the_browser(silent, dump, capsys):
    header = json.dumps({"format": "frazil-recording", "keeps_addresses": False})
    silent.write_text("\n".join([header, silent.read_text()]))
    assert main(["explain", str(silent), str(dump)]) == 1
    told = capsys.readouterr().out.splitlines()
    (finding,) = [line for line in told if line.startswith("FZ-")]
    assert finding.startswith("FZ-SIG-CANDIDATES-LOST: Signalling brings no candidate")
    assert any("browser icecandidate" in line for line in told)
    note = "note: the recording has pseudonyms for addresses, so what signalling has lost"
    assert any(line.startswith(note) for line in told)
    assert main(["explain", str(silent)]) == 1
    assert note not in capsys.readouterr().out


def test_the_half_of_the_browser_alone(dump, capsys):
    assert main(["explain", str(dump)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "+0.000 s browser setRemoteDescription offer"
    assert len(out) == 3


def test_nothing_is_wrong(tmp_path, capsys):
    trace = Trace()
    trace.of("0").record(0.0, "ice", "end-of-remote-candidates")
    file = tmp_path / "trace.jsonl"
    file.write_text("\n".join(trace_lines(trace.records)))
    assert main(["explain", str(file)]) == 0
    assert capsys.readouterr().out == "nothing is wrong\n"


@pytest.mark.parametrize("content", [None, b"hello", b"\xff\xfe", b"{}"])
def test_what_cannot_be_read_is_told(tmp_path, content, capsys):
    file = tmp_path / "file"
    if content is not None:
        file.write_bytes(content)
    assert main(["explain", str(file)]) == 2
    why = "No such file or directory" if content is None else "neither a recording nor a trace"
    assert capsys.readouterr().err == f"frazil explain: {file}: {why}\n"


def test_a_file_that_is_of_no_use_does_not_hide_the_others(recording, silent, tmp_path, capsys):
    empty, page, missing = (tmp_path / name for name in ("empty.jsonl", "a.html", "missing"))
    empty.touch()
    page.write_text("<!doctype html>")
    names = [empty, silent, page, missing, recording]
    assert main(["explain", *map(str, names)]) == 2
    streams = capsys.readouterr()
    assert streams.err.splitlines() == [
        f"frazil explain: {empty}: the file is empty",
        f"frazil explain: {page}: neither a recording nor a trace",
        f"frazil explain: {missing}: No such file or directory",
    ]
    lines = streams.out.splitlines()
    assert lines[0] == f"{silent}:"
    assert lines[-2:] == [f"{recording}:", "nothing is wrong"]


def test_a_terminal_gets_lines_that_fit(silent, capsys, monkeypatch):
    assert main(["explain", str(silent)]) == 1
    told = capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main(["explain", str(silent)]) == 1
    fitted = capsys.readouterr().out
    assert max(map(len, told.splitlines())) > 80
    assert max(map(len, fitted.splitlines())) <= 60
    assert fitted.split() == told.split()


def test_a_code_is_explained(capsys):
    assert main(["explain", "FZ-TURN-401", "FZ-SIG-NONE"]) == 0
    assert capsys.readouterr().out == (
        "FZ-TURN-401: The TURN server does not accept the username or the password.\n"
        "    fix: Check the credentials; those made by a service expire, often after a day or less."
        "\n"
        "FZ-SIG-NONE: No description was set: offer and answer were not exchanged.\n"
        "    fix: Call setLocalDescription() on one side and carry the descriptions to and fro.\n"
    )


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("recording") / "session.jsonl"
    record_session(path)
    return path


def test_a_recording_that_is_whole(recording, capsys):
    assert main(["explain", str(recording)]) == 0
    assert capsys.readouterr().out == "nothing is wrong\n"


@pytest.mark.parametrize("cut", [1, 200])
def test_a_recording_that_ends_early(cut, recording, tmp_path, capsys):
    content, path = recording.read_bytes(), tmp_path / "cut.jsonl"
    path.write_bytes(content[: content.index(b'{"api": [1.') - cut])
    assert main(["explain", str(path)]) == 0
    first, note = capsys.readouterr().out.splitlines()
    assert first == "nothing is wrong"
    assert note.startswith("note: the recording ends early, after 0.007 s, with the connection")
    assert main(["explain", "--json", str(path)]) == 0
    assert json.loads(capsys.readouterr().out)["remarks"] == [note.removeprefix("note: ")]


def test_each_of_several_recordings_is_explained(recording, silent, dump, capsys):
    assert main(["explain", str(recording), str(silent)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [f"{recording}:", "nothing is wrong", f"{silent}:"]
    assert lines[3].startswith("FZ-SIG-CANDIDATES-LOST")
    assert main(["explain", str(silent), str(recording)]) == 1
    capsys.readouterr()
    assert main(["explain", str(recording), str(recording), str(dump)]) == 0
    assert "browser" not in capsys.readouterr().out  # it was the other end of none of them
    assert main(["explain", "--json", str(recording), str(silent)]) == 1
    first, _, second = capsys.readouterr().out.partition("}\n{")
    codes = [json.loads(each)["findings"] for each in (f"{first}}}", f"{{{second}")]
    assert list(map(len, codes)) == [0, 1]


def test_each_recording_in_a_file_is_explained(recording, silent, tmp_path, capsys):
    path = tmp_path / "several.jsonl"
    header = recording.read_text(encoding="utf-8").splitlines()[0]
    path.write_text("\n".join([recording.read_text(), header, silent.read_text()]))
    assert main(["explain", str(path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [f"{path}, recording 1:", "nothing is wrong", f"{path}, recording 2:"]
    assert lines[3].startswith("FZ-SIG-CANDIDATES-LOST")


def test_a_recording_without_its_beginning_does_not_count_as_well(recording, tmp_path, capsys):
    path = tmp_path / "rotated.jsonl"
    path.write_text("\n".join(recording.read_text().splitlines()[-20:]))
    assert main(["explain", str(path)]) == 1
    first, note = capsys.readouterr().out.splitlines()
    assert first == "nothing is wrong in what is left of the recording"
    assert note.startswith("note: the beginning of the recording is missing")


def test_a_dump_without_connections(tmp_path, capsys):
    path = tmp_path / "dump.json"
    path.write_text('{"PeerConnections": {}}')
    assert main(["explain", str(path)]) == 0
    assert capsys.readouterr().out == "nothing has happened yet\n"


def test_a_code_that_there_is_not(capsys):
    assert main(["explain", "FZ-TURN-401", "FZ-TURN-999"]) == 2
    streams = capsys.readouterr()
    assert streams.out.startswith("FZ-TURN-401: ")
    assert streams.err == "frazil explain: FZ-TURN-999: there is no such finding\n"


def test_a_recording_of_another_version(recording, tmp_path, capsys):
    header, *lines = recording.read_text(encoding="utf-8").splitlines()
    path = tmp_path / "newer.jsonl"
    named = json.dumps({**json.loads(header), "frazil": "9.1"})
    path.write_text("\n".join([named, *lines]), encoding="utf-8")
    assert main(["explain", str(path)]) == 0
    assert capsys.readouterr().out == "nothing is wrong\n"
    news = json.dumps({"call": "x", "args": {}, "trace": [[0.0, "ice", "unheard-of", "0"]]})
    path.write_text("\n".join([named, news, *lines]), encoding="utf-8")
    assert main(["explain", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[1] == (
        f"note: decisions left out, which frazil {frazil.__version__} does not know: 1; "
        "frazil 9.1 recorded them"
    )


def test_what_a_stranger_wrote_neither_adds_lines_nor_drives_the_terminal(tmp_path, capsys):
    evil = "bye\nFZ-FORGED: a\x1b[2J\ud800"
    trace = Trace()
    path = trace.of(evil)
    path.record(1.0, "ice", "server-failed", url=f"turn:{evil}", code=401, text=evil)
    lines = [
        json.dumps({"format": "frazil-recording", "frazil": evil}),
        json.dumps({"call": "x", "args": {}, "trace": [[0.0, "ice", "unheard-of", "0"]]}),
        *trace_lines(trace.records),
    ]
    file = tmp_path / "trace.jsonl"
    file.write_text("\n".join(lines))
    log = [{"time": 1e6, "type": evil, "value": evil}]
    dump = tmp_path / "dump.json"
    dump.write_text(json.dumps({"PeerConnections": {"7-1": {"updateLog": log}}}))
    assert main(["explain", str(file), str(dump)]) == 1
    told = capsys.readouterr().out.splitlines()
    assert any(line.startswith("FZ-TURN-401: ") for line in told)
    assert any(line.startswith("note: decisions left out") for line in told)
    assert all(line.isprintable() and not line.startswith("FZ-FORGED") for line in told)


def test_a_recording_may_be_compressed(silent, capsys):
    assert main(["explain", str(silent)]) == 1
    told = capsys.readouterr().out
    content = gzip.compress(silent.read_bytes())
    silent.write_bytes(content)
    assert main(["explain", str(silent)]) == 1
    assert capsys.readouterr().out == told
    silent.write_bytes(content[:-9])
    assert main(["explain", str(silent)]) == 2
    assert capsys.readouterr().err == f"frazil explain: {silent}: cut off, or too large\n"


def test_a_recording_that_has_just_begun(tmp_path, capsys):
    file = tmp_path / "session.jsonl"
    file.write_text('{"format": "frazil-recording", "version": 2}\n')
    assert main(["explain", str(file)]) == 0
    assert capsys.readouterr().out == "nothing has happened yet\n"
