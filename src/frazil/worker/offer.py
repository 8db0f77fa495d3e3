"""Offers, as callers pass them."""

from frazil.peer.description_init import DescriptionInit


def read_offer(value: object) -> str:
    """The text of an offer: of a description, or of the dictionary that a browser made of it.

    Raises:
        TypeError: It is another description, or none.
    """
    init = DescriptionInit.from_value(value)
    if init.type != "offer":
        raise TypeError(f"a worker answers offers, not a description of type {init.type!s}")
    return init.sdp
