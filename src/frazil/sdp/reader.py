"""From sections to the model: what the lines mean (RFC 9429 Sections 5.8.1 and 5.8.2).

A line that is known must be well formed even if its value is not used; an attribute that is not
known is kept as it is. Whether the description makes sense is asked in
:mod:`frazil.sdp.validation`.
"""

import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, NoReturn, TypeVar

from frazil.sdp.attribute import BUNDLE_GROUP, Attribute, AttributeTable, Scope
from frazil.sdp.grammar import (
    MAX_NUMBER,
    MAX_PORT,
    Line,
    SdpSyntaxError,
    is_number,
    is_token,
    parse_number,
    quote,
    split_sections,
    split_words,
)
from frazil.sdp.session import (
    LEGACY_SCTP_PROTOCOL,
    AddressType,
    Connection,
    Direction,
    Fingerprint,
    MediaDescription,
    Origin,
    SessionDescription,
    Setup,
)

_HEX_DIGITS: Final = re.compile("[0-9A-Fa-f]*")

_SHARED_VALUED: Final = frozenset({"fingerprint", "ice-options", "ice-pwd", "ice-ufrag", "setup"})
_DIRECTIONS: Final = {str(direction): direction for direction in Direction}
_ADDRESS_TYPES: Final = {str(each): each for each in AddressType}
_SETUPS: Final = {str(each): each for each in Setup}
_SHARED_FLAGS: Final = frozenset({"end-of-candidates", *_DIRECTIONS})

_SESSION_SCOPE: Final = Scope(
    valued=_SHARED_VALUED | {BUNDLE_GROUP, "ice-pacing", "msid-semantic"},
    flags=_SHARED_FLAGS | {"extmap-allow-mixed", "ice-lite"},
)
_MEDIA_SCOPE: Final = Scope(
    valued=_SHARED_VALUED | {"candidate", "max-message-size", "mid", "sctp-init", "sctp-port"},
    flags=_SHARED_FLAGS | {"bundle-only", "rtcp-mux", "rtcp-mux-only", "rtcp-rsize"},
)

_Choice = TypeVar("_Choice", bound=StrEnum)


class _Shared:
    """What can be said of one section, or of the session for all sections that do not say it.

    The session's is parsed once and shared: a long session part times many sections would be more
    work than the limits on text suggest.
    """

    __slots__ = (
        "connection",
        "direction",
        "end_of_candidates",
        "fingerprints",
        "ice_options",
        "ice_pwd",
        "ice_ufrag",
        "setup",
    )

    def __init__(self, lines: Iterable[Line], table: AttributeTable) -> None:
        self.connection = _read_connection(lines)
        self.direction = _read_direction(table)
        self.ice_ufrag = table.value("ice-ufrag")
        self.ice_pwd = table.value("ice-pwd")
        self.ice_options = _read_ice_options(table)
        self.fingerprints = _read_fingerprints(table)
        self.setup = _read_setup(table)
        self.end_of_candidates = table.has("end-of-candidates")


def parse_sdp(text: str) -> SessionDescription:
    """The session description that ``text`` is.

    Lines end with CRLF or LF. What the session sets for all media is copied into each section that
    does not set it itself.

    Raises:
        SdpSyntaxError: ``text`` is not a session description, or exceeds a limit.
    """
    sections = split_sections(text)
    table = AttributeTable(sections.session, _SESSION_SCOPE)
    lines = {line.type: line for line in sections.session}
    _check_version(lines["v"])
    _check_times(sections.session)
    shared = _Shared(sections.session, table)
    return SessionDescription(
        origin=_parse_origin(lines["o"]),
        name=lines["s"].value,
        bandwidths=_read_bandwidths(sections.session),
        bundle_groups=tuple(tuple(group.words[1:]) for group in table.every(BUNDLE_GROUP)),
        ice_lite=table.has("ice-lite"),
        ice_pacing=_read_number(table, "ice-pacing"),
        ice_options=shared.ice_options,
        extmap_allow_mixed=table.has("extmap-allow-mixed"),
        msid_semantic=_read_msid_semantic(table),
        media=tuple(_read_media(section, shared) for section in sections.media),
        attributes=tuple(table.others),
    )


def _read_media(lines: list[Line], session: _Shared) -> MediaDescription:
    words = _parse_media_line(lines[0])
    kind, port, protocol, *formats = words
    table = AttributeTable(lines, _MEDIA_SCOPE)
    own = _Shared(lines, table)
    return MediaDescription(
        kind=kind,
        port=parse_number(port, "the port", lines[0].number, MAX_PORT),
        protocol=protocol,
        formats=tuple(formats),
        connection=own.connection or session.connection,
        bandwidths=_read_bandwidths(lines),
        mid=_read_mid(table),
        direction=own.direction or session.direction or Direction.SENDRECV,
        ice_ufrag=own.ice_ufrag or session.ice_ufrag,
        ice_pwd=own.ice_pwd or session.ice_pwd,
        ice_options=own.ice_options or session.ice_options,
        fingerprints=own.fingerprints or session.fingerprints,
        setup=own.setup or session.setup,
        candidates=tuple(f"candidate:{item.value}" for item in table.every("candidate")),
        end_of_candidates=own.end_of_candidates or session.end_of_candidates,
        rtcp_mux=table.has("rtcp-mux"),
        rtcp_mux_only=table.has("rtcp-mux-only"),
        rtcp_rsize=table.has("rtcp-rsize"),
        bundle_only=table.has("bundle-only"),
        sctp_port=_read_sctp_port(table, words, lines[0].number),
        max_message_size=_read_number(table, "max-message-size"),
        sctp_init=_read_base64(table, "sctp-init"),
        attributes=tuple(table.others),
    )


def _check_version(line: Line) -> None:
    if line.value != "0":
        raise SdpSyntaxError(f"version {quote(line.value)} is not 0", line.number)


def _check_times(lines: Iterable[Line]) -> None:
    for line in lines:
        if line.type == "t":
            times = split_words(line.value)
            if len(times) != 2 or not all(map(is_number, times)):
                raise SdpSyntaxError("t= does not hold two times", line.number)


def _parse_origin(line: Line) -> Origin:
    words = split_words(line.value)
    if len(words) != 6:
        raise SdpSyntaxError("o= does not hold six words", line.number)
    connection = _parse_connection(words[3:], line)
    return Origin(
        session_id=parse_number(words[1], "the session id", line.number),
        session_version=parse_number(words[2], "the session version", line.number),
        username=words[0],
        address_type=connection.address_type,
        address=connection.address,
    )


def _read_connection(lines: Iterable[Line]) -> Connection | None:
    found = [_parse_connection(split_words(line.value), line) for line in lines if line.type == "c"]
    return found[0] if found else None


def _parse_connection(words: list[str], line: Line) -> Connection:
    if len(words) != 3 or words[0] != "IN":
        raise SdpSyntaxError(f"{line.type}= holds no internet address", line.number)
    return Connection(_parse_choice(_ADDRESS_TYPES, words[1], line.number), words[2])


def _read_bandwidths(lines: Iterable[Line]) -> tuple[str, ...]:
    return tuple([_parse_bandwidth(line) for line in lines if line.type == "b"])


def _parse_bandwidth(line: Line) -> str:
    name, _, value = line.value.partition(":")
    if not is_token(name) or not is_number(value):
        raise SdpSyntaxError("b= is not of the form type:number", line.number)
    return line.value


def _parse_media_line(line: Line) -> list[str]:
    words = split_words(line.value)
    if len(words) < 4:
        raise SdpSyntaxError("m= lacks a media type, port, protocol or format", line.number)
    for token in (words[0], *words[2].split("/"), *words[3:]):
        if not is_token(token):
            raise SdpSyntaxError(f"{quote(token)} does not belong in an m= line", line.number)
    return words


def _read_msid_semantic(table: AttributeTable) -> str | None:
    # Nothing depends on it, so a second one is no reason to refuse a description.
    found = table.every("msid-semantic")
    return " ".join(found[0].words) if found else None


def _read_direction(table: AttributeTable) -> Direction | None:
    name = table.one_of(_DIRECTIONS)
    return _DIRECTIONS[name] if name else None


def _read_mid(table: AttributeTable) -> str | None:
    attribute = table.single("mid")
    if attribute and not is_token(attribute.value):
        raise SdpSyntaxError("the mid is not a token", attribute.line_number)
    return attribute.value if attribute else None


def _read_ice_options(table: AttributeTable) -> tuple[str, ...]:
    # libdatachannel separates them with commas, which cannot be part of an option.
    if not table.has("ice-options"):
        return ()
    values = [attribute.value for attribute in table.every("ice-options")]
    return tuple(dict.fromkeys(split_words(" ".join(values).replace(",", " "))))


def _read_setup(table: AttributeTable) -> Setup | None:
    attribute = table.single("setup")
    if attribute is None:
        return None
    return _parse_choice(_SETUPS, attribute.value, attribute.line_number)


def _read_fingerprints(table: AttributeTable) -> tuple[Fingerprint, ...]:
    return tuple([_parse_fingerprint(each) for each in table.every("fingerprint")])


def _parse_fingerprint(attribute: Attribute) -> Fingerprint:
    words = attribute.words
    if len(words) != 2 or not is_token(words[0]):
        raise SdpSyntaxError("a fingerprint is a hash name and a digest", attribute.line_number)
    if not _is_digest(words[1]):
        _refuse_digest(words[1], attribute.line_number)
    return Fingerprint(words[0].lower(), words[1].upper())


def _is_digest(text: str) -> bool:
    """Whether it is pairs of hexadecimal digits, with colons between."""
    count, rest = divmod(len(text), 3)
    digits = text[::3] + text[1::3]
    return rest == 2 and text[2::3] == ":" * count and bool(_HEX_DIGITS.fullmatch(digits))


def _refuse_digest(digest: str, line_number: int) -> NoReturn:
    for pair in digest.split(":"):
        if len(pair) != 2 or not _HEX_DIGITS.fullmatch(pair):
            raise SdpSyntaxError(f"{quote(pair)} in a digest is no byte", line_number)
    raise AssertionError(f"{digest!r} is a digest")


def _read_sctp_port(table: AttributeTable, words: list[str], line_number: int) -> int | None:
    port = _read_number(table, "sctp-port", MAX_PORT)
    _, _, protocol, format_, *_ = words
    if port is None and protocol == LEGACY_SCTP_PROTOCOL and is_number(format_):
        return parse_number(format_, "the SCTP port", line_number, MAX_PORT)
    return port


def _read_number(table: AttributeTable, name: str, maximum: int = MAX_NUMBER) -> int | None:
    attribute = table.single(name)
    if attribute is None:
        return None
    return parse_number(attribute.value, f"a={name}", attribute.line_number, maximum)


def _read_base64(table: AttributeTable, name: str) -> bytes | None:
    attribute = table.single(name)
    if attribute is None:
        return None
    try:
        return b64decode(attribute.value, validate=True)
    except ValueError:
        raise SdpSyntaxError(f"a={name} is not in base64", attribute.line_number) from None


def _parse_choice(choices: Mapping[str, _Choice], text: str, line_number: int) -> _Choice:
    choice = choices.get(text)
    if choice is None:
        message = f"{quote(text)} is none of {', '.join(choices)}"
        raise SdpSyntaxError(message, line_number)
    return choice
