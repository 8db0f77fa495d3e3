import pytest

from frazil.upward import upward


class Whole:
    def __init__(self) -> None:
        self.heard: list[str] = []
        self.call = upward(self.hear)

    def hear(self, word: str, *, loud: bool = False) -> str:
        self.heard.append(word)
        return word.upper() if loud else word


class Louder(Whole):
    def hear(self, word: str, *, loud: bool = False) -> str:
        return super().hear(word, loud=True)


def test_calls_the_method():
    whole = Whole()
    assert whole.call("ice") == "ice"
    assert whole.call("ice", loud=True) == "ICE"
    assert whole.heard == ["ice", "ice"]


def test_calls_the_method_of_the_very_class():
    assert Louder().call("ice") == "ICE"


def test_keeps_nobody_alive():
    call = Whole().call
    with pytest.raises(ReferenceError, match=r"Whole\.hear"):
        call("ice")
