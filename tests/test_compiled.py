"""What the compiler of `make compiled` gets wrong must not be in the modules that it is given."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HOOKS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"][
    "wheel"
]["hooks"]
INCLUDED = {
    path
    for pattern in HOOKS["mypyc"]["include"]
    for path in ROOT.glob(pattern)
    if path.name not in HOOKS["mypyc"]["exclude"]
}


def final_values(module: ast.Module) -> list[ast.expr]:
    """What is bound to names annotated with ``Final``."""
    return [
        node.value
        for node in ast.walk(module)
        if isinstance(node, ast.AnnAssign)
        and node.value
        and "Final" in ast.unparse(node.annotation)
    ]


def is_mistaken(value: ast.expr) -> bool:
    """Whether mypyc 2.4 takes it for a name that was never set, or puts garbage in its place."""
    match value:
        case ast.Tuple(elts=[ast.Constant(value=float()), *_]):
            return True
        case ast.Call(func=ast.Name(id="slice")):
            return True
    return False


@pytest.mark.parametrize("source", ["A: Final = (0.5, 1)", "A: Final = slice(1, 2)"])
def test_the_mistakes_are_found(source: str) -> None:
    assert any(map(is_mistaken, final_values(ast.parse(source))))


def test_the_list_names_modules() -> None:
    assert all(any(ROOT.glob(pattern)) for pattern in HOOKS["mypyc"]["include"])
    assert ROOT / "src/frazil/session/session.py" in INCLUDED


@pytest.mark.parametrize(
    "path", sorted(INCLUDED), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_no_constant_is_of_a_kind_that_the_compiler_mistakes(path: Path) -> None:
    assert not any(map(is_mistaken, final_values(ast.parse(path.read_text()))))
