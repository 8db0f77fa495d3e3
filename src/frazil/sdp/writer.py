"""From the model to text, line by line in the order in which Chromium writes."""

from collections.abc import Iterable, Iterator

from frazil.sdp.session import Direction, MediaDescription, SessionDescription


def write_sdp(description: SessionDescription) -> str:
    """The text of ``description``, each line ended by CRLF.

    Reading the text gives an equal description.

    Raises:
        ValueError: A value contains a line break or NUL, and so would forge lines.
    """
    lines = list(_session_lines(description))
    for media in description.media:
        lines.extend(_media_lines(media, description.ice_options))
    text = "\r\n".join([*lines, ""])
    if "\0" in text or text.count("\r") != len(lines) or text.count("\n") != len(lines):
        forged = next(each for each in lines if not {"\n", "\r", "\0"}.isdisjoint(each))
        raise ValueError(f"{forged!r} is not one line")
    return text


def _session_lines(description: SessionDescription) -> Iterator[str]:
    origin = description.origin
    yield "v=0"
    yield (
        f"o={origin.username} {origin.session_id} {origin.session_version}"
        f" IN {origin.address_type} {origin.address}"
    )
    yield f"s={description.name}"
    yield from _each("b=", description.bandwidths)
    yield "t=0 0"
    for group in description.bundle_groups:
        yield " ".join(("a=group:BUNDLE", *group))
    yield from _flag("ice-lite", description.ice_lite)
    yield from _value("ice-pacing", description.ice_pacing)
    yield from _ice_options(description.ice_options)
    yield from _flag("extmap-allow-mixed", description.extmap_allow_mixed)
    if description.msid_semantic is not None:
        yield f"a=msid-semantic: {description.msid_semantic}"
    yield from _each("a=", description.attributes)


def _media_lines(media: MediaDescription, session_options: tuple[str, ...]) -> Iterator[str]:
    yield " ".join((f"m={media.kind} {media.port} {media.protocol}", *media.formats))
    if media.connection is not None:
        yield f"c=IN {media.connection.address_type} {media.connection.address}"
    yield from _each("b=", media.bandwidths)
    yield from _each("a=", media.candidates)
    yield from _flag("end-of-candidates", media.end_of_candidates)
    yield from _value("ice-ufrag", media.ice_ufrag)
    yield from _value("ice-pwd", media.ice_pwd)
    if media.ice_options != session_options:
        yield from _ice_options(media.ice_options)
    for fingerprint in media.fingerprints:
        yield f"a=fingerprint:{fingerprint.algorithm} {fingerprint.value}"
    yield from _value("setup", media.setup)
    yield from _value("mid", media.mid)
    yield from _flag("bundle-only", media.bundle_only)
    # Only media has a direction; browsers leave it out of the section of the data channels.
    yield from _flag(media.direction, _has_direction(media))
    yield from _flag("rtcp-mux", media.rtcp_mux)
    yield from _flag("rtcp-mux-only", media.rtcp_mux_only)
    yield from _flag("rtcp-rsize", media.rtcp_rsize)
    yield from _value("sctp-port", media.sctp_port)
    yield from _value("max-message-size", media.max_message_size)
    yield from _each("a=", media.attributes)


def _has_direction(media: MediaDescription) -> bool:
    return not media.is_sctp or media.direction is not Direction.SENDRECV


def _ice_options(options: tuple[str, ...]) -> Iterator[str]:
    if options:
        yield f"a=ice-options:{' '.join(options)}"


def _each(prefix: str, values: Iterable[str]) -> Iterator[str]:
    for value in values:
        yield prefix + value


def _flag(name: str, present: bool) -> Iterator[str]:
    if present:
        yield f"a={name}"


def _value(name: str, value: str | int | None) -> Iterator[str]:
    if value is not None:
        yield f"a={name}:{value}"
