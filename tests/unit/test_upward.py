import pytest

from frazil.upward import Whole, upward


class Owner(Whole):
    def __init__(self) -> None:
        self.heard: list[str] = []
        self.call = upward(self.hear)

    def hear(self, word: str, *, loud: bool = False) -> str:
        self.heard.append(word)
        return word.upper() if loud else word


class Louder(Owner):
    def hear(self, word: str, *, loud: bool = False) -> str:
        return super().hear(word, loud=True)


def test_calls_the_method():
    owner = Owner()
    assert owner.call("ice") == "ice"
    assert owner.call("ice", loud=True) == "ICE"
    assert owner.heard == ["ice", "ice"]


def test_calls_the_method_of_the_very_class():
    assert Louder().call("ice") == "ICE"


def test_keeps_nobody_alive():
    call = Owner().call
    with pytest.raises(ReferenceError, match=r"Owner\.hear"):
        call("ice")


def test_only_a_whole_can_be_called_so():
    # A compiled class without that base would be found out in the compiled build only.
    with pytest.raises(TypeError, match="list is not a Whole"):
        upward([].append)
