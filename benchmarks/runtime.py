"""How the workers of each language are started, and what to install when one does not start."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

HOME = Path(__file__).parent
BUILD = HOME / ".build"
"""Programs built for the benchmarks; not in the repository."""

GO_SOURCES = Path("/usr/share/gocode")
GO_PACKAGES = "golang-go golang-github-pion-webrtc.v3-dev"


COMPILED = HOME.parent / ".venv-compiled" / "bin" / "python"
"""The interpreter that has frazil as C extensions."""


class RuntimeMissingError(Exception):
    """A worker cannot be started; the text says what is missing."""


class Runtime(NamedTuple):
    """One kind of worker.

    Attributes:
        command: The worker, to be followed by the module of the stack and a task.
        installer: What is typed in front of a stack's requirement.
        needs_network: Whether it uses the addresses of the machine's interfaces, so that it is
            only run in a network of its own.
        prepare: Makes the worker ready; raises :class:`RuntimeMissingError`.
    """

    command: tuple[str, ...]
    installer: str
    needs_network: bool
    prepare: Callable[[], None] = lambda: None


def build_pion() -> None:
    """Compile ``pion/`` with Debian's sources, unless that has been done; asks no network.

    Raises:
        RuntimeMissingError: Without Go or Pion, or if the compiler refuses.
    """
    program, sources = BUILD / "pion-worker", HOME / "pion"
    changed_at = max(source.stat().st_mtime for source in sources.iterdir())
    if program.exists() and program.stat().st_mtime >= changed_at:
        return
    if shutil.which("go") is None or not (GO_SOURCES / "src/github.com/pion/webrtc").is_dir():
        raise RuntimeMissingError("Go or the sources of Pion are not installed")
    copy = BUILD / "go" / "src" / "worker"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(sources, copy)
    # Only for who imports from a module, Go takes the `/v3` of an import for a version.
    (copy / "go.mod").write_text("module worker\n\ngo 1.19\n")
    settings = {"GO111MODULE": "off", "GOPATH": f"{BUILD / 'go'}:{GO_SOURCES}"}
    built = subprocess.run(
        ("go", "build", "-ldflags", f"-X main.version={_pion_version()}", "-o", program, "."),
        cwd=copy,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode != 0:
        raise RuntimeMissingError(f"go build: {built.stderr.strip().splitlines()[-1]}")


def _pion_version() -> str:
    manifest = "${Version}"
    asked = subprocess.run(
        ("dpkg-query", "--show", f"--showformat={manifest}", GO_PACKAGES.split()[1]),
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.partition("-")[0] or "3"


def find_compiled() -> None:
    """Raises :class:`RuntimeMissingError` without the compiled build."""
    if not COMPILED.exists():
        raise RuntimeMissingError("there is no compiled build")


def find_node() -> None:
    """Raises :class:`RuntimeMissingError` without Node."""
    if shutil.which("node") is None:
        raise RuntimeMissingError("node is not installed")


PYTHON = Runtime((sys.executable, str(HOME / "worker.py")), "pip install", needs_network=False)
COMPILED_PYTHON = Runtime(
    (str(COMPILED), "-E", str(HOME / "worker.py")),  # -E: not the sources that PYTHONPATH names
    "make",
    needs_network=False,
    prepare=find_compiled,
)
NATIVE_PYTHON = PYTHON._replace(needs_network=True)
"""Python bindings of a stack that opens its own sockets."""
NODE = Runtime(
    ("node", "--expose-gc", str(HOME / "javascript" / "node_worker.mjs")),
    "npm install --no-save",
    needs_network=True,
    prepare=find_node,
)
GO = Runtime((str(BUILD / "pion-worker"),), "apt-get install", True, build_pion)
BROWSER = Runtime((sys.executable, str(HOME / "page_worker.py")), "apt-get install", True)
