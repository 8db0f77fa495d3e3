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
    if description.ice_lite:
        yield "a=ice-lite"
    if description.ice_pacing is not None:
        yield f"a=ice-pacing:{description.ice_pacing}"
    yield from _ice_options(description.ice_options)
    if description.extmap_allow_mixed:
        yield "a=extmap-allow-mixed"
    if description.msid_semantic is not None:
        yield f"a=msid-semantic: {description.msid_semantic}"
    yield from _each("a=", description.attributes)


def _media_lines(media: MediaDescription, session_options: tuple[str, ...]) -> Iterator[str]:
    yield " ".join((f"m={media.kind} {media.port} {media.protocol}", *media.formats))
    if media.connection is not None:
        yield f"c=IN {media.connection.address_type} {media.connection.address}"
    yield from _each("b=", media.bandwidths)
    yield from _each("a=", media.candidates)
    if media.end_of_candidates:
        yield "a=end-of-candidates"
    if media.ice_ufrag is not None:
        yield f"a=ice-ufrag:{media.ice_ufrag}"
    if media.ice_pwd is not None:
        yield f"a=ice-pwd:{media.ice_pwd}"
    if media.ice_options != session_options:
        yield from _ice_options(media.ice_options)
    for fingerprint in media.fingerprints:
        yield f"a=fingerprint:{fingerprint.algorithm} {fingerprint.value}"
    if media.setup is not None:
        yield f"a=setup:{media.setup}"
    if media.mid is not None:
        yield f"a=mid:{media.mid}"
    if media.bundle_only:
        yield "a=bundle-only"
    # Only media has a direction; browsers leave it out of the section of the data channels.
    if _has_direction(media):
        yield f"a={media.direction}"
    if media.rtcp_mux:
        yield "a=rtcp-mux"
    if media.rtcp_mux_only:
        yield "a=rtcp-mux-only"
    if media.rtcp_rsize:
        yield "a=rtcp-rsize"
    if media.sctp_port is not None:
        yield f"a=sctp-port:{media.sctp_port}"
    if media.max_message_size is not None:
        yield f"a=max-message-size:{media.max_message_size}"
    yield from _each("a=", media.attributes)


def _has_direction(media: MediaDescription) -> bool:
    return not media.is_sctp or media.direction is not Direction.SENDRECV


def _ice_options(options: tuple[str, ...]) -> Iterator[str]:
    if options:
        yield f"a=ice-options:{' '.join(options)}"


def _each(prefix: str, values: Iterable[str]) -> Iterator[str]:
    for value in values:
        yield prefix + value
