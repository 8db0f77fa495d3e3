"""Make a wheel with C extensions for the Python that runs this: compile, watch, compile again.

The compiler first builds extensions that count how often each branch is taken. They run what
`benchmarks/training.py` shows. With the counts the compiler lays out the code anew: what runs lies
side by side, and what only reports errors is out of the way. Setting up a connection goes through
most of the code just once, and a processor has to fetch it: this saves a part of that.

usage: python release/compile.py SOURCES FOLDER
"""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from build import ProjectBuilder
from build.env import DefaultIsolatedEnv

TRAINING = Path(__file__).parents[1] / "benchmarks" / "training.py"
GIVEN_FLAGS = os.environ.get("CFLAGS", "")
UNTRAINED = "-fprofile-partial-training -Wno-missing-profile"
"""What training does not show is compiled as without counts, and not to be small."""
MOST_TRAINING_S = 300.0
"""It takes some seconds; a machine may be busy."""


def main(sources: Path, folder: Path) -> None:
    """Make the wheel from an archive of sources, and put it into a folder.

    Raises:
        SystemExit: The compiler does not count.
        BuildBackendException: The sources do not compile, or the counts do not fit them.
        CalledProcessError, TimeoutExpired: The training failed.
    """
    os.environ["HATCH_BUILD_HOOKS_ENABLE"] = "true"
    with TemporaryDirectory() as name, DefaultIsolatedEnv() as environment:
        work = Path(name)
        builder = ProjectBuilder.from_isolated_env(environment, unpack(sources, work / "sources"))
        environment.install(builder.build_system_requires)
        environment.install(builder.get_requires_for_build("wheel"))
        counts = work / "counts"
        say("compiling extensions that count; this takes some minutes")
        counting = compile_wheel(builder, work, work, f"-fprofile-generate -fprofile-dir={counts}")
        say("watching them at work")
        train(environment.python_executable, counting, work / "counting")
        if not list(counts.rglob("__native*.gcda")):
            sys.exit("the extensions have not counted: is the compiler GCC?")
        say("compiling with the counts")
        wheel = compile_wheel(builder, work, folder, f"-fprofile-use={counts} {UNTRAINED}")
        say(f"made {wheel.name}")


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack the one folder that an archive of sources holds."""
    with tarfile.open(archive) as content:
        content.extractall(folder, filter="data")
    (project,) = folder.iterdir()
    return project


def compile_wheel(builder: ProjectBuilder, work: Path, folder: Path, flags: str) -> Path:
    """Build a wheel with these flags of GCC.

    The C files lie in the same place each time: counts belong to paths.
    """
    intermediate = work / "intermediate"
    shutil.rmtree(intermediate, ignore_errors=True)
    intermediate.mkdir()
    os.environ["HATCH_MYPYC_BUILD_DIR"] = str(intermediate)
    os.environ["CFLAGS"] = f"{GIVEN_FLAGS} {flags}".strip()
    return Path(builder.build("wheel", folder))


def train(python: str, wheel: Path, folder: Path) -> None:
    """Run the training with the package of a wheel; the counts are written as the process ends."""
    with ZipFile(wheel) as content:
        content.extractall(folder)
    environment = os.environ | {"PYTHONPATH": str(folder)}
    subprocess.run([python, TRAINING], env=environment, timeout=MOST_TRAINING_S, check=True)


def say(text: str) -> None:
    """Tell what goes on."""
    print(text, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
