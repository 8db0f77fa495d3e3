import json

import pytest

from frazil.cli import doctor, main
from frazil.cli.doctor_view import describe, paint, summary
from frazil.doctor import Finding, Level, Options
from frazil.peer.reader import read_server
from frazil.testing import PORT_RESTRICTED_CONE, run
from support.doctor_visit import findings, visit
from support.nat_probe import ProbeServer


def at_home(*urls, password="password"):
    """The lines that a host behind a NAT gets to see, and its findings."""

    async def main(net):
        stun = ProbeServer(net)
        net.turn_server("192.0.2.3")
        home = net.nat("home", "203.0.113.5", kind=PORT_RESTRICTED_CONE)
        report = await visit(
            net.host("alice", "192.168.1.2", behind=home), *urls, password=password
        )
        stun.close()
        found = findings(report)
        return describe(report, found, 100), found

    return run(main)


def test_a_healthy_network_in_a_terminal():
    lines, found = at_home("stun:192.0.2.1", "turn:192.0.2.3")
    assert found == []
    text = "\n".join(lines)
    assert "\nNAT\n  from       192.168.1.2, seen as 203.0.113.5 by stun:192.0.2.1\n" in text
    assert "\n  mapping    endpoint-independent\n" in text
    assert "\n  filtering  address-and-port-dependent\n" in text
    assert "\n  known as   port-restricted cone\n" in text
    assert "\n  hairpin    yes\n" in text
    assert lines[-1] == "Verdict: no problem found."
    assert all(line == line.rstrip() for line in lines)


def test_a_problem_says_its_code_and_its_fix():
    lines, _ = at_home("turn:192.0.2.3", password="wrong")
    assert any(line.startswith("  PROBLEM FZ-TURN-401: turn:192.0.2.3 gives no") for line in lines)
    assert any(line.startswith("    Fix: Check --user and --password") for line in lines)
    assert any("FAILED 401" in line for line in lines)
    assert lines[-1] == "Verdict: 1 problem."


def test_the_verdict_counts():
    problem = Finding(Level.PROBLEM, "FZ-X", "x")
    warning = Finding(Level.WARNING, "FZ-Y", "y")
    note = Finding(Level.NOTE, "FZ-Z", "z")
    assert summary([problem, problem, warning, note]) == "Verdict: 2 problems and 1 warning."
    assert summary([note]) == "Verdict: no problem found."


@pytest.mark.parametrize(("password", "code"), [("password", 0), ("wrong", 1)])
def test_json_is_one_object_and_the_exit_code_is_the_verdict(capsys, password, code):
    async def main(net):
        net.turn_server("192.0.2.3")
        server = read_server({"urls": "turn:192.0.2.3", "username": "user", "credential": password})
        host = net.host("alice", "198.51.100.7")
        return await doctor.examine(host, Options([server]), as_json=True)

    assert run(main) == code
    report = json.loads(capsys.readouterr().out)
    assert report["stun"][0]["mapped"][0] == "198.51.100.7"
    assert report["relays"][0]["steps"][0]["is_done"] is (code == 0)
    assert any(each["level"] == "problem" for each in report["findings"]) is (code == 1)


WRONG = {
    ("--ice-servers", "no-such-file.json"): "neither a URL, such as stun:HOST, nor a file",
    ("--ice-servers", "http://example.org"): "must begin with stun:",
    ("--ice-servers", "turn:turn.example.org"): "needs both --user and --password",
    ("--ice-servers", "[{]"): "no valid JSON",
    ("--ice-servers", "[3]"): "wants a JSON list of objects",
    ("--ice-servers", "stuns:stun.example.org"): "name it as stun:",
    ("--ca", "/no/such/file"): "holds no certificates",
}


@pytest.mark.parametrize("arguments", WRONG)
def test_a_wrong_command_line_is_explained(capsys, arguments):
    with pytest.raises(SystemExit) as end:
        main(["doctor", *arguments])
    assert end.value.code == 2
    complaint, hint = capsys.readouterr().err.splitlines()
    assert WRONG[arguments] in complaint
    assert hint == "Try 'frazil doctor --help'."


@pytest.mark.parametrize("content", [b"\xff\xfe[", b"\x80[]", b"[" * 100_000, b""])
def test_a_file_without_servers_is_explained(tmp_path, capsys, content):
    path = tmp_path / "servers.json"
    path.write_bytes(content)
    with pytest.raises(SystemExit) as end:
        main(["doctor", "--ice-servers", str(path)])
    assert end.value.code == 2
    complaint, _ = capsys.readouterr().err.splitlines()
    assert "no valid JSON" in complaint


@pytest.mark.parametrize("name", ["", "x" * 300])
def test_what_cannot_be_read_is_explained(tmp_path, capsys, name):
    with pytest.raises(SystemExit) as end:
        main(["doctor", "--ice-servers", str(tmp_path / name)])
    assert end.value.code == 2
    complaint, _ = capsys.readouterr().err.splitlines()
    assert "nor a file that can be read: " in complaint


ENTRY = {"urls": ["stun:127.0.0.1:9"]}


@pytest.mark.parametrize("value", [ENTRY, [ENTRY], {"iceServers": [ENTRY]}])
@pytest.mark.parametrize("encoding", [None, "utf-8", "utf-8-sig", "utf-16"])
def test_servers_as_a_browser_writes_them(monkeypatch, tmp_path, value, encoding):
    seen = []

    async def examine(network, wanted, *, as_json):
        seen.append(wanted)
        return 0

    monkeypatch.setattr(doctor, "examine", examine)
    text = json.dumps(value)
    if encoding is not None:  # in a file
        path = tmp_path / "servers.json"
        path.write_text(text, encoding=encoding)
        text = str(path)
    assert main(["doctor", "--ice-servers", text]) == 0
    assert seen[0].servers[0].urls[0].url == "stun:127.0.0.1:9"


def test_servers_may_be_named_one_by_one(monkeypatch):
    seen = []

    async def examine(network, wanted, *, as_json):
        seen.extend(url.url for server in wanted.servers for url in server.urls)
        return 0

    monkeypatch.setattr(doctor, "examine", examine)
    assert main(["doctor", "--ice-servers", "stun:a", "--ice-servers", "stun:b", "stun:c"]) == 0
    assert seen == ["stun:a", "stun:b", "stun:c"]


@pytest.mark.parametrize(
    ("line", "code"),
    [("  PROBLEM FZ-X: x", "31"), ("  WARNING FZ-X: x", "33"), ("NAT", "1"), ("  x", ""), ("", "")],
)
def test_colours_only_where_they_tell_something(line, code):
    assert paint(line) == (f"\x1b[{code}m{line}\x1b[0m" if code else line)
