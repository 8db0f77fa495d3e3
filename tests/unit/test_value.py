import copy
import pickle

from frazil.run import Run
from frazil.sctp import BufferReleased


def test_values_are_equal_if_class_and_fields_are():
    assert BufferReleased(1, 2) == BufferReleased(1, 2)
    assert BufferReleased(1, 2) != BufferReleased(1, 3)
    assert BufferReleased(1, 2) != (1, 2)
    assert Run(b"", 1) != BufferReleased(1, 2)
    assert len({BufferReleased(1, 2), BufferReleased(1, 2), BufferReleased(2, 1)}) == 2


def test_a_value_shows_its_fields():
    assert repr(BufferReleased(1, 2)) == "BufferReleased(1, 2)"


def test_a_value_can_be_copied_and_pickled():
    value = BufferReleased(1, 2)
    assert value == copy.copy(value) == copy.deepcopy([value])[0]
    assert value == pickle.loads(pickle.dumps(value))
