"""Classes that the garbage collector passes over in the compiled build can be in no cycle."""

import ast
import gc
from collections import deque
from importlib import import_module
from pathlib import Path

import pytest

import frazil
from frazil.testing import run
from support.virtual_pair import VirtualPair

SOURCE = Path(frazil.__file__).parent
DECORATOR = "mypyc_attr(acyclic=True)"
CONTAINERS = (tuple, list, dict, set, frozenset, deque)
MOST_REACHED = 2000
"""What a small object refers to; more than that is a whole connection."""


def acyclic_classes():
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = [
            node.name
            for node in tree.body
            if isinstance(node, ast.ClassDef)
            and DECORATOR in [ast.unparse(each) for each in node.decorator_list]
        ]
        if names:
            relative = path.relative_to(SOURCE).with_suffix("")
            module = import_module(".".join(("frazil", *relative.parts)))
            for name in names:
                yield getattr(module, name)


def reaches_itself(instance):
    """Whether a way leads from ``instance`` back to it, over our objects and containers."""
    known = set()
    left = [instance]
    while left:
        for each in gc.get_referents(left.pop()):
            if each is instance:
                return True
            is_ours = type(each).__module__.startswith("frazil") and not isinstance(each, type)
            if id(each) in known or not (is_ours or isinstance(each, CONTAINERS)):
                continue
            assert not callable(each), f"{instance!r} refers to {each!r}: who knows to what else"
            known.add(id(each))
            assert len(known) < MOST_REACHED, f"{instance!r} refers to too much"
            left.append(each)
    return False


async def lives(net):
    """The instances while two connections are open that have said something."""
    classes = set(acyclic_classes())
    async with VirtualPair(net) as pair:
        mine, theirs = await pair.connect()
        mine.send("a message")
        theirs.send(bytes(100_000))
        return [each for each in gc.get_objects() if type(each) in classes]


@pytest.mark.interpreted  # the collector knows all instances only here
def test_no_instance_of_an_acyclic_class_refers_to_itself():
    instances = run(lives)
    assert len({type(each) for each in instances}) > 20
    for instance in instances:
        assert not reaches_itself(instance), instance
