"""What the README shows works as shown."""

import re
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).parent.parent / "README.md").read_text()


def test_program_runs_and_prints_states_with_reasons() -> None:
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[0] == "echo: hello"
    assert "connection: new → connecting, because" in result.stdout
    assert "ice-connection: checking → connected, because" in result.stdout


def test_commands_exist() -> None:
    makefile = (Path(__file__).parent.parent / "Makefile").read_text()
    for target in re.findall(r"^make ([\w-]+)", README, re.MULTILINE):
        assert f"\n{target}:" in makefile
