"""The layers hold, no file is forgotten and none grows past its concept."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import check_size

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTRACT = next(
    contract
    for contract in PROJECT["tool"]["importlinter"]["contracts"]
    if contract["type"] == "forbidden"
)

IMPORT_WITHOUT_THE_WORLD = """
import importlib, pkgutil, sys, types

# What others wrote may use whatever it likes, so it is loaded before the door is shut.
import OpenSSL.SSL, crc32c, cryptography.hazmat.primitives.asymmetric.ec, cryptography.x509
import cryptography.hazmat.primitives.asymmetric.rsa, cryptography.hazmat.primitives.serialization
import asyncio

source, poisoned, roots = sys.argv[1], sys.argv[2].split(), sys.argv[3].split()
for name in [each for each in sys.modules if each.split(".")[0] in poisoned or each in poisoned]:
    sys.modules[name] = None
for name in poisoned:
    sys.modules[name] = None

# The package itself gives applications its asyncio half, so a bare one stands in for it.
package = types.ModuleType("frazil")
package.__path__ = [source + "/frazil"]
sys.modules["frazil"] = package

count = 0
for root in roots:
    module = importlib.import_module(root)
    for info in pkgutil.walk_packages(getattr(module, "__path__", []), root + "."):
        importlib.import_module(info.name)
        count += 1
print(count)
"""


def test_below_aio_everything_can_be_imported_without_io_clock_and_randomness():
    poisoned = [*CONTRACT["forbidden_modules"], "logging.handlers", "select", "selectors"]
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            IMPORT_WITHOUT_THE_WORLD,
            str(SOURCE),
            " ".join(poisoned),
            " ".join(CONTRACT["source_modules"]),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100


def test_what_records_is_loaded_by_those_who_record_only():
    script = "import frazil, sys; print([each for each in sys.modules if 'frazil.record' in each])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_contract_names_every_layer_below_aio():
    users = {"testing", "doctor", "dashboard", "metrics", "worker", "cli", "__main__"}
    above = {f"frazil.{each}" for each in ("aio", "w3c", *users)}
    parts = {
        f"frazil.{path.stem}"
        for path in (SOURCE / "frazil").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert set(CONTRACT["source_modules"]) == parts - above - {"frazil.__init__"}


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_by(path: Path) -> set[str]:
    """The names that a file imports, those of the things in modules included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            assert node.module is not None
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_every_file_is_used_by_another_or_started_by_somebody():
    files = sorted((SOURCE / "frazil").rglob("*.py"))
    users = [*files, ROOT / "docs" / "generate.py"]
    used = {name for path in users for name in imported_by(path)}
    started = {target.partition(":")[0] for target in PROJECT["project"]["scripts"].values()}
    started |= {
        "frazil",
        "frazil.testing",
        "frazil.metrics.opentelemetry",
        "frazil.metrics.prometheus",
    }
    packages = {module_name(path) for path in files if path.name == "__init__.py"}
    orphans = [
        name
        for name in map(module_name, files)
        if name not in used | started and name not in packages and not name.endswith("__main__")
    ]
    assert orphans == []


def test_every_package_has_something_in_it_that_is_used():
    files = sorted((SOURCE / "frazil").rglob("*.py"))
    used = {name for path in files for name in imported_by(path)}
    for path in files:
        if path.name == "__init__.py":
            name = module_name(path)
            assert any(each == name or each.startswith(f"{name}.") for each in used), name


def test_every_module_says_what_it_is_about():
    for path in sorted((SOURCE / "frazil").rglob("*.py")):
        docstring = ast.get_docstring(ast.parse(path.read_text()))
        assert docstring, f"{path.relative_to(ROOT)} has no docstring"


def test_no_file_is_too_long(capsys):
    assert check_size.main() == 0, capsys.readouterr().out
