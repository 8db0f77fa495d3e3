import asyncio
import io
import sys

import pytest

from frazil.cli import display
from frazil.cli.display import open_display
from frazil.cli.json_lines import JsonLines
from frazil.cli.live import LiveTimeline
from frazil.cli.plain import Plain


class Terminal(io.StringIO):
    def __init__(self, encoding="utf-8"):
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self):
        return self._encoding

    def isatty(self):
        return True


def chosen(monkeypatch, output, *, as_json=False, term="xterm-256color"):
    monkeypatch.setattr(sys, "stdout", output)
    for variable in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("TERM", term)

    async def main():
        async with open_display(("alice", "bob"), as_json=as_json) as shown:
            return type(shown)

    return asyncio.run(main())


def test_a_terminal_gets_the_live_view(monkeypatch):
    assert chosen(monkeypatch, Terminal("UTF-8")) is LiveTimeline


def test_a_pipe_gets_lines(monkeypatch):
    assert chosen(monkeypatch, io.StringIO()) is Plain


@pytest.mark.parametrize("output", [Terminal(), io.StringIO()])
def test_a_program_gets_json(monkeypatch, output):
    assert chosen(monkeypatch, output, as_json=True) is JsonLines


def test_a_terminal_without_unicode_gets_lines(monkeypatch):
    assert chosen(monkeypatch, Terminal("cp1252")) is Plain


def test_a_dumb_terminal_gets_lines(monkeypatch):
    assert chosen(monkeypatch, Terminal(), term="dumb") is Plain


def test_without_rich_a_terminal_gets_lines_and_a_hint(monkeypatch, capsys):
    monkeypatch.setattr(display, "find_spec", lambda name: None)
    assert chosen(monkeypatch, Terminal()) is Plain
    assert "pip install 'frazil[cli]'" in capsys.readouterr().err
