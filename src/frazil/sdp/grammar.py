"""From text to numbered lines, and from lines to sections (RFC 8866 Section 5 and 9).

This file knows what a line, a token and a number look like. What the lines mean is the business of
:mod:`frazil.sdp.reader`. Everything is one pass over the text with plain string methods, so the
work grows linearly with the size of the description whatever it contains.
"""

import re
import string
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.errors import ProtocolError
from frazil.value import Value

MAX_BYTES: Final = 128 * 1024
"""The longest description that is read, in UTF-8 bytes."""

MAX_LINES: Final = 2000
"""The most lines that are read."""

MAX_MEDIA_SECTIONS: Final = 64
"""The most ``m=`` lines that are read."""

MAX_NUMBER: Final = (1 << 64) - 1
"""The largest number that is read anywhere: session ids are 64 bits (RFC 9429 Section 5.2.1)."""

MAX_PORT: Final = 65535
"""The largest UDP, TCP or SCTP port."""

_MAX_DIGITS: Final = 20
_QUOTE_LENGTH: Final = 40

_LINE_TYPES: Final = frozenset(string.ascii_lowercase)
_TOKEN_CHARACTERS: Final = frozenset(string.ascii_letters + string.digits + "!#$%&'*+-.^_`{|}~")

# The order of RFC 8866 Section 5. Only t= and r= may alternate: each t= owns the r= after it.
_SESSION_ORDER: Final = "vosiuepcbtrzka"
_SESSION_REQUIRED: Final = "vost"
_SESSION_REPEATABLE: Final = frozenset("epbtra")
_USUAL_SESSION: Final = re.compile("vosi?u?e*p*c?b*t+z?k?a*")
"""What needs no closer look; only a session that is not like this gets one, for the message."""

# RFC 8866 also orders the lines inside a section. Browsers never asked for that, and scripts that
# insert a b= line after some attribute depend on it: only the types are checked.
_MEDIA_TYPES: Final = frozenset("icbka")


class SdpSyntaxError(ProtocolError):
    """The text is not a session description.

    Attributes:
        line_number: The offending line, counted from 1; one past the last line if a line is missing
            at the end.
    """

    def __init__(self, message: str, line_number: int) -> None:
        super().__init__(f"line {line_number}: {message}")
        self.line_number = line_number


@mypyc_attr(acyclic=True)
class Line(Value):
    """One ``type=value`` line and where it stood, its number."""

    __slots__ = ("number", "type", "value")

    def __init__(self, number: int, type: str, value: str) -> None:  # noqa: A002 - its name
        self.number = number
        self.type = type
        self.value = value

    def as_tuple(self) -> tuple[object, ...]:
        """Number, type and value."""
        return self.number, self.type, self.value


class Sections(Value):
    """The lines above the first ``m=`` line, and one run of lines per ``m=`` line, which leads it.

    The types and the order of ``session`` are those of RFC 8866: ``v o s`` and ``t`` are present.
    """

    __slots__ = ("media", "session")

    def __init__(self, session: list[Line], media: list[list[Line]]) -> None:
        self.session = session
        self.media = media

    def as_tuple(self) -> tuple[object, ...]:
        """The lines of the session, and those of the m-sections."""
        return self.session, self.media


def split_sections(text: str) -> Sections:
    """The sections of ``text``.

    Raises:
        SdpSyntaxError: A limit is passed, a line has no ``type=value`` form, a type is unknown or
            out of order, or one that is mandatory is missing.
    """
    session: list[Line] = []
    media: list[list[Line]] = []
    current = session
    for line in _split_lines(text):
        kind = line.type
        if kind == "m":
            if len(media) == MAX_MEDIA_SECTIONS:
                raise SdpSyntaxError(f"more than {MAX_MEDIA_SECTIONS} m= lines", line.number)
            current = []
            media.append(current)
        elif media and kind not in _MEDIA_TYPES:
            raise SdpSyntaxError(f"{kind}= does not belong below an m= line", line.number)
        current.append(line)
    if not _USUAL_SESSION.fullmatch("".join([line.type for line in session])):
        _check_session_order(session)
    return Sections(session, media)


def split_words(value: str) -> list[str]:
    """The words of ``value``, which are separated by one or more spaces."""
    return [word for word in value.split(" ") if word]


def is_token(text: str) -> bool:
    """Whether ``text`` is a ``token`` (RFC 8866 Section 9)."""
    return bool(text) and _TOKEN_CHARACTERS.issuperset(text)


def is_number(text: str) -> bool:
    """Whether ``text`` is made of decimal digits only, few enough to be worth converting."""
    return 0 < len(text) <= _MAX_DIGITS and text.isascii() and text.isdigit()


def parse_number(text: str, name: str, line_number: int, maximum: int = MAX_NUMBER) -> int:
    """The number written as ``text``, in ``[0, maximum]``.

    Raises:
        SdpSyntaxError: It is not one; the message calls it ``name``.
    """
    if not is_number(text) or (number := int(text)) > maximum:
        raise SdpSyntaxError(
            f"{name} is {quote(text)}, not a number from 0 to {maximum}", line_number
        )
    return number


def quote(text: str) -> str:
    """``text`` for a message: escaped, and cut if it is long."""
    return repr(text) if len(text) <= _QUOTE_LENGTH else repr(text[:_QUOTE_LENGTH]) + "..."


def _split_lines(text: str) -> list[Line]:
    if len(text) > MAX_BYTES or not text.isascii():
        _check_size(text)
    # Copying text through forms and chat windows adds empty lines at the end, never inside.
    body = text.rstrip("\r\n").replace("\r\n", "\n")
    rows = body.split("\n")
    if len(rows) > MAX_LINES:
        raise SdpSyntaxError(f"more than {MAX_LINES} lines", MAX_LINES + 1)
    is_odd = "\r" in body or "\0" in body
    lines = []
    for number, row in enumerate(rows, 1):
        kind, _, value = row.partition("=")
        if is_odd or not value or kind not in _LINE_TYPES:
            _check_line(number, row)
        lines.append(Line(number, kind, value))
    return lines


def _check_size(text: str) -> None:
    try:
        encoded = text.encode()
    except UnicodeEncodeError as error:
        number = text.count("\n", 0, error.start) + 1
        raise SdpSyntaxError("a lone surrogate is not a character", number) from None
    if len(encoded) > MAX_BYTES:
        number = encoded.count(b"\n", 0, MAX_BYTES) + 1
        raise SdpSyntaxError(f"more than {MAX_BYTES} bytes", number)


def _check_line(number: int, row: str) -> None:
    if row[1:2] != "=" or row[0] not in _LINE_TYPES:
        raise SdpSyntaxError(f"{quote(row)} is not of the form type=value", number)
    if "\r" in row or "\0" in row:
        raise SdpSyntaxError("a carriage return or NUL inside a line", number)
    # A session without a name should be "s=-"; "s=" is widespread and harmless.
    if len(row) == 2 and row[0] != "s":
        raise SdpSyntaxError(f"{row} has no value", number)


def _check_session_order(lines: list[Line]) -> None:
    seen: set[str] = set()
    previous = ""
    for line in lines:
        number, type_ = line.number, line.type
        if type_ not in _SESSION_ORDER:
            raise SdpSyntaxError(f"{type_}= is not a line of a session", number)
        _require_before(_SESSION_ORDER.index(type_), seen, number)
        if type_ in seen and type_ not in _SESSION_REPEATABLE:
            raise SdpSyntaxError(f"a second {type_}= line", number)
        if _is_misplaced(type_, previous):
            raise SdpSyntaxError(f"{type_}= must not follow {previous}=", number)
        seen.add(type_)
        previous = type_
    _require_before(len(_SESSION_ORDER), seen, len(lines) + 1)


def _require_before(rank: int, seen: set[str], line_number: int) -> None:
    for required in _SESSION_REQUIRED:
        if _SESSION_ORDER.index(required) < rank and required not in seen:
            raise SdpSyntaxError(f"the {required}= line is missing", line_number)


def _is_misplaced(type_: str, previous: str) -> bool:
    if (previous, type_) == ("r", "t"):
        return False
    return _SESSION_ORDER.find(type_) < _SESSION_ORDER.find(previous)
