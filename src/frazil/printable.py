"""Text that somebody else wrote, as logs and terminals may have it."""


def printable(text: str) -> str:
    """``text`` on one line, with U+FFFD for each character that is not to be seen.

    A line break would begin another entry of a log, an escape sequence would drive the terminal,
    and a change of direction would show words in another order.
    """
    if text.isprintable():
        return text
    return "".join([each if each.isprintable() else "\ufffd" for each in text])
