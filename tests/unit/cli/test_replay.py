import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import frazil
from frazil.cli import main
from support.recorded import record, talk


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recording")
    record(folder, talk)
    return folder / "offerer.jsonl"


@pytest.fixture
def damaged(recording, tmp_path):
    """A recording with another decision in it."""
    path = tmp_path / "damaged.jsonl"
    text = recording.read_text(encoding="utf-8")
    path.write_text(text.replace('"nominated"', '"identified"'), encoding="utf-8")
    return path


def test_the_same_way(recording, capsys):
    assert main(["replay", str(recording)]) == 0
    count = len(recording.read_text(encoding="utf-8").splitlines())
    assert capsys.readouterr().out == f"{recording}: identical, {count} lines\n"


def test_a_last_line_that_is_cut_off_is_told_and_not_counted(recording, tmp_path, capsys):
    lines = recording.read_text(encoding="utf-8").splitlines()
    path = tmp_path / "crashed.jsonl"
    path.write_text("\n".join([*lines[:20], lines[20][:30]]), encoding="utf-8")
    assert main(["replay", str(path), "--as-test", str(tmp_path / "tests")]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        f"{path}: the last line is cut off and was left out",
        f"{path}: identical, 20 lines",
    ]
    copy = tmp_path / "tests" / "crashed.jsonl"
    assert copy.read_text(encoding="utf-8").splitlines() == lines[:20]


def test_an_empty_last_line_is_not_one_that_is_cut_off(recording, tmp_path, capsys):
    text = recording.read_text(encoding="utf-8")
    path = tmp_path / "edited.jsonl"
    path.write_text(f"{text}\n\n", encoding="utf-8")
    assert main(["replay", str(path)]) == 0
    count = len(text.splitlines())
    assert capsys.readouterr().out == f"{path}: identical, {count} lines\n"


def test_another_way(damaged, capsys):
    assert main(["replay", str(damaged)]) == 1
    out = capsys.readouterr().out
    assert "trace differs" in out
    assert "'identified'" in out
    assert "'nominated'" in out


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "hello",
        "\x00",
        '{"format": "frazil-recording"}',
        "[" * 9999,
        "[" * 9999 + "\n[]",
        "{\n}",
    ],
    ids=["none", "empty", "text", "nul", "header", "deep", "deep-and-more", "pretty"],
)
def test_what_is_no_recording(content, tmp_path, capsys):
    path = tmp_path / "a.jsonl"
    if content is not None:
        path.write_text(content)
    assert main(["replay", str(path)]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err.startswith(f"frazil replay: {path}: ")
    assert streams.err.count("\n") == 1


def test_what_is_missing_or_too_much_is_told(recording, tmp_path, capsys):
    lines = recording.read_text(encoding="utf-8").splitlines()
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(lines[5:]))
    assert main(["replay", str(path)]) == 2
    path.write_text("\n".join([*lines, *lines]))
    assert main(["replay", str(path)]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"frazil replay: {path}: the beginning of the recording is missing",
        f"frazil replay: {path}: line {len(lines) + 1} begins another recording",
    ]


def test_other_timers_without_effect(recording, capsys):
    assert main(["replay", str(recording), "--what-if", "disconnected_after=9"]) == 0
    assert capsys.readouterr().out == "no difference\n"


def test_other_timers_with_effect(recording, capsys):
    assert main(["replay", str(recording), "--what-if", "consent_interval=1"]) == 1
    out = capsys.readouterr().out
    first = r"the first difference:\n  recorded: \+\d+\.\d{3} s ice [\w-]+ pair=[\w.:>-]+"
    assert re.match(first, out)
    assert "connectionState:\n  recorded: connecting (" in out


def test_a_decision_of_another_version_is_a_difference(recording, tmp_path, capsys):
    header, opening, *lines = recording.read_text(encoding="utf-8").splitlines()
    news = {**json.loads(opening), "trace": [[0.0, "ice", "unheard-of", "0", "fact"]]}
    path = tmp_path / "newer.jsonl"
    path.write_text("\n".join([header, json.dumps(news), *lines]), encoding="utf-8")
    assert main(["replay", str(path), "--what-if", "disconnected_after=9"]) == 1
    assert "  recorded: [0.0, 'ice', 'unheard-of', '0', 'fact']\n" in capsys.readouterr().out


EVIL = "bye\n\x1b[2J"


def rewritten(recording, path, index, **members):
    """A copy of a recording in which one line has other members."""
    lines = recording.read_text(encoding="utf-8").splitlines()
    lines[index] = json.dumps({**json.loads(lines[index]), **members})
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_what_a_stranger_wrote_does_not_drive_the_terminal(recording, tmp_path, capsys):
    path = tmp_path / "strange.jsonl"
    assert main(["replay", str(rewritten(recording, path, 0, version=EVIL))]) == 2
    assert main(["replay", str(rewritten(recording, path, 1, error=EVIL))]) == 1
    rewritten(recording, path, 1, error=EVIL)
    assert main(["replay", str(rewritten(path, path, 0, frazil=EVIL))]) == 1
    move = [0.0, "peer", "state-changed", "", "connection", "new", EVIL, "", "", "", [], None, None]
    rewritten(recording, path, 1, trace=[move])
    assert main(["replay", str(path), "--what-if", "disconnected_after=9"]) == 1
    streams = capsys.readouterr()
    told = [*streams.out.splitlines(), *streams.err.splitlines()]
    assert sum("bye\ufffd\ufffd[2J" in line for line in told) >= 5
    assert all(line.isprintable() for line in told)


def test_a_timer_that_does_not_exist(recording, capsys):
    assert main(["replay", str(recording), "--what-if", "speed=9"]) == 2
    assert "there is no setting speed" in capsys.readouterr().err


def test_it_becomes_a_test_that_passes(recording, tmp_path, capsys):
    path = tmp_path / "Issue 12 - class.jsonl"
    path.write_bytes(recording.read_bytes())
    folder = tmp_path / "regression"
    assert main(["replay", str(path), "--as-test", str(folder)]) == 0
    assert f"wrote {folder / 'test_issue_12___class.py'}" in capsys.readouterr().out
    source = str(Path(frazil.__file__).parents[1])
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": source, "PATH": ""},
        cwd=folder,
        timeout=50,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert "1 passed" in found.stdout


def test_addresses_are_redacted(recording, tmp_path, capsys):
    path = tmp_path / "redacted.jsonl"
    assert main(["replay", str(recording), "--redact-addresses", str(path)]) == 0
    assert f"wrote {path}" in capsys.readouterr().out
    assert main(["replay", str(path)]) == 0
    assert path.read_text(encoding="utf-8") != recording.read_text(encoding="utf-8")


def test_what_differs_becomes_no_test(damaged, tmp_path):
    assert main(["replay", str(damaged), "--as-test", str(tmp_path / "regression")]) == 1
    assert not (tmp_path / "regression").exists()


def test_lines_are_json(recording):
    for line in recording.read_text(encoding="utf-8").splitlines():
        assert isinstance(json.loads(line), dict)
