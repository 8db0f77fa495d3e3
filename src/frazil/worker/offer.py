"""Offers, as callers pass them."""

from frazil.peer.reader import read_description


def read_offer(value: object) -> str:
    """The text of an offer: of a description, or of the dictionary that a browser made of it.

    Raises:
        TypeError: It is another description, or none.
    """
    init = read_description(value)
    if init.type != "offer":
        raise TypeError(f"a worker answers offers, not a description of type {init.type!s}")
    return init.sdp
