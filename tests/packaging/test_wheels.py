"""What `make wheels` has made: which of it pip takes where, and what is inside."""

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

FOLDER = os.environ.get("FRAZIL_WHEELS", "")
pytestmark = pytest.mark.skipif(not FOLDER, reason="FRAZIL_WHEELS is not set: make wheels")

FOR_ALL = "py3-none-any"
FOR_THIS = f"cp{sys.version_info.major}{sys.version_info.minor}-"


def wheels() -> list[Path]:
    return sorted(Path(FOLDER).glob("*.whl"))


def wheel_for(tag: str) -> Path:
    (wheel,) = (each for each in wheels() if tag in each.name)
    return wheel


def chosen(folder: Path, *conditions: str) -> str:
    """The name of what pip takes under these conditions; on this machine, if there are none."""
    source = ("--no-index", "--no-deps", "--find-links", FOLDER, "--only-binary=:all:")
    command = (sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(folder))
    subprocess.run([*command, *source, *conditions, "frazil"], check=True)
    (name,) = (each.name for each in folder.iterdir())
    return name


def names(wheel: Path) -> set[str]:
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


def extensions(wheel: Path) -> set[str]:
    return {name for name in names(wheel) if name.endswith(".so")}


def test_the_sources_come_along():
    (sources,) = Path(FOLDER).glob("*.tar.gz")
    assert sources.name.startswith("frazil-")


def test_every_compiled_wheel_runs_on_old_systems_too():
    compiled = [wheel for wheel in wheels() if FOR_ALL not in wheel.name]
    assert compiled
    for wheel in compiled:
        assert "manylinux_2_17" in wheel.name
        assert wheel.name.count("linux_") == wheel.name.count("manylinux_"), wheel.name


def test_pip_takes_the_compiled_wheel_here(tmp_path):
    assert chosen(tmp_path) == wheel_for(FOR_THIS).name


@pytest.mark.parametrize(
    "conditions",
    [
        ("--platform", "win_amd64"),
        ("--platform", "macosx_14_0_arm64"),
        ("--platform", "musllinux_1_2_x86_64"),
        ("--platform", "manylinux_2_28_s390x"),
        ("--python-version", "3.99"),
        ("--implementation", "pp"),
    ],
    ids=lambda conditions: conditions[1],
)
def test_pip_takes_the_wheel_for_all_where_no_other_fits(tmp_path, conditions):
    assert chosen(tmp_path, *conditions) == wheel_for(FOR_ALL).name


def test_both_have_the_same_modules():
    """Those with an extension are there as sources as well: for tracebacks, and to be read."""
    plain, compiled = wheel_for(FOR_ALL), wheel_for(FOR_THIS)
    assert not extensions(plain)
    assert extensions(compiled)
    assert {name for name in names(plain) if name.endswith((".py", ".typed", ".js", ".css"))} == {
        name for name in names(compiled) if name.endswith((".py", ".typed", ".js", ".css"))
    }


def symbols(folder: Path, kind: str) -> set[str]:
    """What the extensions show to others (``--defined-only``) or want of them."""
    wheel = wheel_for(FOR_THIS)
    with ZipFile(wheel) as archive:
        paths = [archive.extract(name, folder) for name in extensions(wheel)]
    table = subprocess.run(
        ["nm", "--dynamic", kind, "--format=posix", *paths],
        check=True,
        capture_output=True,
        text=True,
    )
    return {line.split()[0] for line in table.stdout.splitlines() if not line.endswith(":")}


def test_extensions_keep_their_functions_to_themselves(tmp_path):
    """The flags of `hatch_build.py` have reached the compiler: others may replace nothing."""
    shown = symbols(tmp_path, "--defined-only")
    assert shown
    assert not [name for name in shown if not name.startswith("PyInit_")]


def test_extensions_are_compiled_as_the_interpreter_is(tmp_path):
    """Its flags have reached the compiler as well: nothing is asserted, and nothing is counted."""
    wanted = symbols(tmp_path, "--undefined-only")
    assert any(name.startswith("PyObject_") for name in wanted)
    assert not [name for name in wanted if "assert_fail" in name or "gcov" in name]
