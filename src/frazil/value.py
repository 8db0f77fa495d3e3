"""What is nothing but its fields, where each message or each connection makes some.

To make a named tuple or a dataclass, compiled code has to call the interpreter. An object of a
plain class it makes at a tenth of that price; interpreted, the three cost the same. To freeze a
dataclass triples its price either way: of those with many fields, the ones that a connection makes
are not frozen, and are left alone all the same. Those of a session description have an
``__init__`` that is written out, and compiled like any other.
"""

from frazil.compiled import mypyc_attr


@mypyc_attr(acyclic=True)
class Value:
    """The base of values: equal if they are of one class and all their fields are.

    Nobody writes to a field. None is ``Final``, though: mypyc 2.4 lets go of what it reads from
    such an attribute when the object goes, whoever holds it by then.
    """

    __slots__ = ()

    def as_tuple(self) -> tuple[object, ...]:
        """The fields, in the order in which ``__init__`` takes them."""
        raise NotImplementedError

    def __reduce__(self) -> tuple[type["Value"], tuple[object, ...]]:
        """How it is copied and pickled; an object of a compiled class is only made with fields."""
        return type(self), self.as_tuple()

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Value)
            and type(other) is type(self)
            and other.as_tuple() == self.as_tuple()
        )

    def __hash__(self) -> int:
        return hash(self.as_tuple())

    def __repr__(self) -> str:
        fields = ", ".join([repr(each) for each in self.as_tuple()])
        return f"{type(self).__name__}({fields})"
