"""What the compiler of `make wheels` gets wrong must not be in the modules that it is given."""

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
    if not any(map(path.match, HOOKS["mypyc"]["exclude"]))
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


def final_attributes(module: ast.Module) -> list[str]:
    """The attributes of instances that are ``Final``.

    What mypyc 2.4 reads from one it does not hold: it is gone with the instance.
    """
    return [
        ast.unparse(node.target)
        for node in ast.walk(module)
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Attribute)
        and "Final" in ast.unparse(node.annotation)
    ]


def caught(function: ast.AST) -> set[tuple[str, str]]:
    """The names that hold exceptions, each with what it holds."""
    return {
        (node.name, ast.unparse(node.type))
        for node in ast.walk(function)
        if isinstance(node, ast.ExceptHandler) and node.name and node.type
    }


def reuses_a_name(function: ast.AST) -> bool:
    """Whether a name holds exceptions of two types: mypyc 2.4 expects the first one, always."""
    found = caught(function)
    return len({name for name, _ in found}) < len(found)


def is_endless(node: ast.AST) -> bool:
    """Whether it is a generator expression over all numbers, of which mypyc 2.4 makes a list.

    Only `next`, `any` and `all` of one become loops.
    """
    match node:
        case ast.Call(func=ast.Name(id="next" | "any" | "all"), args=[ast.GeneratorExp(), *_]):
            return any(map(is_endless, ast.iter_child_nodes(node.args[0])))
        case ast.GeneratorExp(generators=generators):
            return any("count(" in ast.unparse(each.iter) for each in generators)
    return any(map(is_endless, ast.iter_child_nodes(node)))


def awaiting(module: ast.Module) -> list[str]:
    """The coroutines.

    What is thrown into one, a cancellation for example, mypyc 2.4 passes on in a way that Python
    3.12 and newer warn of. With warnings as errors, another exception arrives.
    """
    return [node.name for node in ast.walk(module) if isinstance(node, ast.AsyncFunctionDef)]


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


def test_a_final_attribute_is_found() -> None:
    source = "class A:\n def __init__(self, b):\n  self.b: Final = b\n  self.c: int = b"
    assert final_attributes(ast.parse(source)) == ["self.b"]


@pytest.mark.parametrize(
    "path", sorted(INCLUDED), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_no_attribute_is_final(path: Path) -> None:
    assert final_attributes(ast.parse(path.read_text())) == []


@pytest.mark.parametrize(
    ("second", "is_wrong"), [("A as a", False), ("B as b", False), ("B as a", True)]
)
def test_a_name_for_two_exceptions_is_found(second: str, is_wrong: bool) -> None:
    source = f"def f():\n try: g()\n except A as a: h(a)\n except {second}: h()"
    assert any(map(reuses_a_name, ast.walk(ast.parse(source)))) is is_wrong


@pytest.mark.parametrize(
    ("source", "is_wrong"),
    [
        ("next(n for n in count() if f(n))", False),
        ("return_ = (f(n) for n in items)", False),
        ("return_ = (n for n in map(str, count()) if f(n))", True),
        ("next(g(m for m in count()) for n in count())", True),
    ],
)
def test_an_endless_list_is_found(source: str, is_wrong: bool) -> None:
    assert is_endless(ast.parse(source)) is is_wrong


@pytest.mark.parametrize(
    "path", sorted(INCLUDED), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_no_generator_becomes_an_endless_list(path: Path) -> None:
    assert not is_endless(ast.parse(path.read_text()))


@pytest.mark.parametrize(
    "path", sorted(INCLUDED), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_no_function_has_one_name_for_two_exceptions(path: Path) -> None:
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert not [node.name for node in functions if reuses_a_name(node)]


def test_a_coroutine_is_found() -> None:
    source = "class A:\n def f(self): g()\n async def g(self): await h()"
    assert awaiting(ast.parse(source)) == ["g"]


@pytest.mark.parametrize(
    "path", sorted(INCLUDED), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_nothing_awaits(path: Path) -> None:
    assert awaiting(ast.parse(path.read_text())) == []
