"""Pion, built from Debian's sources: an ICE agent that is full, or lite."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from support.partner import lacking, need_program

_PROGRAM: Final = Path(__file__).with_name("pion_program")
_SOURCES: Final = Path("/usr/share/gocode")
_PACKAGES: Final = "golang-go golang-github-pion-webrtc.v3-dev"
_MODULE: Final = "module peer\n\ngo 1.19\n"
"""Only for who imports from a module, Go takes the ``/v3`` of an import for a version."""


def build_pion(home: Path) -> Path:
    """The program, built in an empty folder without asking any network.

    A first build takes some ten seconds, the next ones none, thanks to Go's own cache.

    Raises:
        CalledProcessError: It cannot be built; the exception's notes hold what the compiler said.
    """
    need_program("go", _PACKAGES)
    if not (_SOURCES / "src/github.com/pion/webrtc").is_dir():
        lacking(f"Pion is not installed: apt-get install {_PACKAGES}")
    source = home / "src" / "peer"
    shutil.copytree(_PROGRAM, source)
    (source / "go.mod").write_text(_MODULE)
    settings = {"GO111MODULE": "off", "GOPATH": f"{home}:{_SOURCES}"}
    program = home / "pion-peer"
    done = subprocess.run(
        ("go", "build", "-o", program, "."),
        cwd=source,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        error = subprocess.CalledProcessError(done.returncode, done.args)
        error.add_note(done.stderr)
        raise error
    return program
