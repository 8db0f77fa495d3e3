import json
import os
import re
import signal
import subprocess
import sys

import pytest

import frazil
from frazil.cli import demo, main
from support.program import running


def test_version_says_what_a_bug_report_needs(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    output = capsys.readouterr().out
    assert output.startswith(f"frazil {frazil.__version__} (Python 3.")
    assert "OpenSSL" in output
    assert output.count("\n") == 1


def test_without_a_command_there_is_help(capsys):
    assert main([]) == 0
    output = capsys.readouterr().out
    assert output.startswith("usage: frazil")
    assert "demo" in output
    assert re.search(r"130 +interrupted", output)


COMMANDS = [
    [],
    *([name] for name in ("demo", "dashboard", "replay", "timeline", "doctor")),
    *([name] for name in ("explain", "candidates", "pair", "states")),
]


@pytest.mark.parametrize("columns", [72, 80, 100])
@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_as_wide_as_the_terminal(capsys, monkeypatch, command, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    with pytest.raises(SystemExit):
        main([*command, "--help"])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= columns


def test_help_is_not_wider_than_people_can_read(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    main([])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 100


def test_each_command_has_a_line(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    main([])
    listed = capsys.readouterr().out.partition("commands:\n")[2].partition("\n\n")[0]
    assert [line.split()[:1] for line in listed.splitlines()] == COMMANDS[1:]


def test_the_module_is_the_command():
    command = [sys.executable, "-m", "frazil", "--version"]
    assert subprocess.check_output(command, text=True).startswith("frazil 0.")


def test_the_demo_explains_itself(capsys):
    with pytest.raises(SystemExit) as end:
        main(["demo", "--help"])
    assert end.value.code == 0
    assert "real UDP on loopback" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["dmo"], ["demo", "--jsom"], ["demo", "extra"]])
def test_a_wrong_command_line_says_what_is_wrong_and_where_help_is(capsys, arguments):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    complaint, hint = capsys.readouterr().err.splitlines()
    assert arguments[-1] in complaint
    assert hint in ("Try 'frazil --help'.", "Try 'frazil demo --help'.")


def test_an_unknown_command_is_told_the_known_ones(capsys):
    with pytest.raises(SystemExit):
        main(["dmo"])
    assert "'dmo' (choose from" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--port", "80"], ["--no-open"], ["--port", "0"]])
def test_options_of_the_page_need_the_page(capsys, arguments):
    with pytest.raises(SystemExit) as end:
        main(["demo", *arguments])
    assert end.value.code == 2
    assert "--port and --no-open go with --browser" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["-1", "65536", "http", "²"])
def test_a_port_is_a_number_that_a_port_can_be(capsys, port):
    with pytest.raises(SystemExit) as end:
        main(["demo", "--browser", f"--port={port}"])
    assert end.value.code == 2
    assert "is not a port from 0 to 65535" in capsys.readouterr().err


def test_an_interruption_is_not_an_error(monkeypatch):
    def interrupt(parser, options):
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "run", interrupt)
    assert main(["demo"]) == 130


FRAZIL = ("-c", "import frazil.cli; exit(frazil.cli.main())")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_leaves_nothing_behind():
    with running(*FRAZIL, "demo") as process:
        for line in process.stdout:
            if line.startswith("2. Talk"):
                break
        process.send_signal(signal.SIGINT)
        process.wait(10)
        output = process.stdout.read()
    assert process.returncode == 130
    assert "bob     connection      connected -> closed" in output


@pytest.mark.skipif(os.name == "nt", reason="Windows has no broken pipes")
def test_when_the_reader_goes_so_does_the_demo():
    with running(*FRAZIL, "demo", "--json") as process:
        process.stdout.readline()
        process.stdout.close()
        process.wait()
    assert process.returncode == 130  # it was cut off, and did not run to its end


@pytest.mark.skipif(os.name == "nt", reason="Windows has no broken pipes")
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_when_the_reader_goes_nothing_is_explained_any_more(tmp_path, options):
    dump = tmp_path / "dump.json"
    event = {"time": 1, "type": "icecandidate", "value": "x" * 100}
    dump.write_text(json.dumps({"PeerConnections": {"1": {"updateLog": [event] * 10_000}}}))
    with running(*FRAZIL, "explain", *options, dump) as process:
        process.stdout.readline()
        process.stdout.close()
        process.wait()
    assert process.returncode == 130


def test_what_an_output_cannot_show_is_replaced():
    command = [sys.executable, "-m", "frazil", "states", "--lang", "de"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    assert b"gepr?ft" in subprocess.check_output(command, env=environment)
