"""From the model to text, line by line in the order in which Chromium writes."""

from base64 import b64encode

from frazil.sdp.session import Direction, MediaDescription, SessionDescription


def write_sdp(description: SessionDescription) -> str:
    """The text of ``description``, each line ended by CRLF.

    Reading the text gives an equal description.

    Raises:
        ValueError: A value contains a line break or NUL, and so would forge lines.
    """
    lines = _session_lines(description)
    for media in description.media:
        lines += _media_lines(media, description.ice_options)
    text = "\r\n".join([*lines, ""])
    if "\0" in text or text.count("\r") != len(lines) or text.count("\n") != len(lines):
        forged = next(each for each in lines if not {"\n", "\r", "\0"}.isdisjoint(each))
        raise ValueError(f"{forged!r} is not one line")
    return text


def _session_lines(description: SessionDescription) -> list[str]:
    origin = description.origin
    lines = [
        "v=0",
        f"o={origin.username} {origin.session_id} {origin.session_version}"
        f" IN {origin.address_type} {origin.address}",
        f"s={description.name}",
    ]
    lines += ["b=" + value for value in description.bandwidths]
    lines.append("t=0 0")
    for group in description.bundle_groups:
        lines.append(" ".join(("a=group:BUNDLE", *group)))
    if description.ice_lite:
        lines.append("a=ice-lite")
    if description.ice_pacing is not None:
        lines.append(f"a=ice-pacing:{description.ice_pacing}")
    if description.ice_options:
        lines.append(_ice_options(description.ice_options))
    if description.extmap_allow_mixed:
        lines.append("a=extmap-allow-mixed")
    if description.msid_semantic is not None:
        lines.append(f"a=msid-semantic: {description.msid_semantic}")
    lines += ["a=" + value for value in description.attributes]
    return lines


def _media_lines(media: MediaDescription, session_options: tuple[str, ...]) -> list[str]:
    lines = [" ".join((f"m={media.kind} {media.port} {media.protocol}", *media.formats))]
    if media.connection is not None:
        lines.append(f"c=IN {media.connection.address_type} {media.connection.address}")
    lines += ["b=" + value for value in media.bandwidths]
    lines += ["a=" + value for value in media.candidates]
    if media.end_of_candidates:
        lines.append("a=end-of-candidates")
    if media.ice_ufrag is not None:
        lines.append(f"a=ice-ufrag:{media.ice_ufrag}")
    if media.ice_pwd is not None:
        lines.append(f"a=ice-pwd:{media.ice_pwd}")
    if media.ice_options and media.ice_options != session_options:
        lines.append(_ice_options(media.ice_options))
    for fingerprint in media.fingerprints:
        lines.append(f"a=fingerprint:{fingerprint.algorithm} {fingerprint.value}")
    if media.setup is not None:
        lines.append(f"a=setup:{media.setup}")
    if media.mid is not None:
        lines.append(f"a=mid:{media.mid}")
    if media.bundle_only:
        lines.append("a=bundle-only")
    # Only media has a direction; browsers leave it out of the section of the data channels.
    if _has_direction(media):
        lines.append(f"a={media.direction}")
    if media.rtcp_mux:
        lines.append("a=rtcp-mux")
    if media.rtcp_mux_only:
        lines.append("a=rtcp-mux-only")
    if media.rtcp_rsize:
        lines.append("a=rtcp-rsize")
    if media.sctp_port is not None:
        lines.append(f"a=sctp-port:{media.sctp_port}")
    if media.max_message_size is not None:
        lines.append(f"a=max-message-size:{media.max_message_size}")
    if media.sctp_init is not None:
        lines.append(f"a=sctp-init:{b64encode(media.sctp_init).decode()}")
    lines += ["a=" + value for value in media.attributes]
    return lines


def _has_direction(media: MediaDescription) -> bool:
    return not media.is_sctp or media.direction is not Direction.SENDRECV


def _ice_options(options: tuple[str, ...]) -> str:
    return f"a=ice-options:{' '.join(options)}"
