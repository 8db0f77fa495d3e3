"""From what applications pass, W3C dictionaries, to values.

Each function gives back a value that was read before, and raises ``TypeError`` if a member has the
wrong type or range, or is not among the values of its enum.
"""

from dataclasses import replace
from typing import Final

from frazil.dtls import Certificate
from frazil.errors import InvalidSyntaxError, NotSupportedError
from frazil.peer.candidate_init import CandidateInit
from frazil.peer.channel_init import ChannelInit
from frazil.peer.configuration import (
    BundlePolicy,
    Configuration,
    IceTransportPolicy,
    RtcpMuxPolicy,
)
from frazil.peer.description_init import DescriptionInit
from frazil.peer.dictionary import Dictionary, scalar_text
from frazil.peer.ice_server import IceServer, ServerUrl
from frazil.peer.priority import RTCPriorityType
from frazil.peer.signaling import SdpType
from frazil.peer.transceiver import TransceiverInit
from frazil.sdp import Direction
from frazil.turn import RelayProtocol

MAX_ICE_SERVERS: Final = 32
"""Entries in ``iceServers``; W3C asks to support at least as many."""
MAX_URLS: Final = 32
"""URLs of one entry."""

_MAX_POOL_SIZE: Final = 255


# --- the configuration --------------------------------------------------------------------------


def read_configuration(value: object) -> Configuration:
    """What the constructor and ``setConfiguration`` take; ``None`` means all defaults.

    Raises:
        TypeError: See above.
        InvalidSyntaxError, InvalidAccessError, NotSupportedError: See :func:`read_server`.
    """
    if isinstance(value, Configuration):
        return value
    members = Dictionary(value, "configuration", "iceServers")
    servers = members.items("iceServers")
    if len(servers) > MAX_ICE_SERVERS:
        raise NotSupportedError(f"more than {MAX_ICE_SERVERS} entries in iceServers")
    return Configuration(
        tuple([read_server(server) for server in servers]),
        members.choice("iceTransportPolicy", IceTransportPolicy.ALL),
        members.choice("bundlePolicy", BundlePolicy.BALANCED),
        members.choice("rtcpMuxPolicy", RtcpMuxPolicy.REQUIRE),
        _certificates(members.items("certificates")),
        members.number("iceCandidatePoolSize", _MAX_POOL_SIZE) or 0,
    )


def read_server(value: object) -> IceServer:
    """One entry of ``iceServers``, validated.

    Raises:
        TypeError: See above; also if ``urls`` is missing.
        InvalidSyntaxError: If a URL is malformed or there is none.
        InvalidAccessError: If a TURN URL comes without username or credential, or they break the
            rules of RFC 8489 9.2.
        NotSupportedError: If a URL is well formed but its transport is not implemented.
    """
    if isinstance(value, IceServer):
        return value
    members = Dictionary(value, "iceServer", "urls")
    urls = tuple([ServerUrl.parse(url) for url in _urls(members)])
    server = IceServer(urls, members.text("username"), members.text("credential"))
    server.check()
    return server


def _certificates(values: list[object]) -> tuple[Certificate, ...]:
    certificates = tuple([value for value in values if isinstance(value, Certificate)])
    if len(certificates) != len(values):
        raise TypeError("configuration.certificates must contain only certificates")
    return certificates


def _urls(members: Dictionary) -> list[str]:
    found = members.get("urls")
    if found is None:
        raise TypeError("an iceServer needs urls, a str or a list of str")
    if not isinstance(found, str | list | tuple):
        raise TypeError(
            f"iceServer.urls must be a str or a list of str, not {type(found).__name__}"
        )
    urls = [found] if isinstance(found, str) else found
    texts = [url for url in urls if isinstance(url, str)]
    if len(texts) != len(urls):
        raise TypeError("iceServer.urls must contain only str")
    if not texts:
        raise InvalidSyntaxError("iceServer.urls is empty; name at least one URL")
    if len(texts) > MAX_URLS:
        raise NotSupportedError(f"more than {MAX_URLS} URLs in one iceServer")
    return texts


# --- signalling ---------------------------------------------------------------------------------


def read_description(value: object) -> DescriptionInit:
    """What ``setLocalDescription`` and ``setRemoteDescription`` take."""
    if isinstance(value, DescriptionInit):
        return value
    members = Dictionary(value, "description", "type")
    kind = None if members.get("type") is None else members.choice("type", SdpType.OFFER)
    return DescriptionInit(kind, members.text("sdp") or "")


def read_candidate(value: object) -> CandidateInit:
    """What ``addIceCandidate`` takes.

    ``None`` and ``{}`` mean the end of the candidates of every m-section.

    Raises:
        TypeError: See above; also if there is a candidate but neither mid nor index (webrtc-pc
            4.4.2, addIceCandidate).
    """
    if isinstance(value, CandidateInit):
        init = value
    else:
        members = Dictionary(value, "candidate", "candidate")
        init = CandidateInit(
            members.text("candidate") or "",
            members.text("sdpMid"),
            members.number("sdpMLineIndex"),
            members.text("usernameFragment"),
        )
    if init.candidate and init.sdp_mid is None and init.sdp_m_line_index is None:
        raise TypeError(
            "addIceCandidate needs sdpMid or sdpMLineIndex; "
            "pass candidate.toJSON() as the browser produced it"
        )
    return init


def read_local_candidate(value: object) -> CandidateInit:
    """What ``RTCIceCandidate`` is made of (webrtc-pc, RTCLocalIceCandidateInit).

    Raises:
        TypeError: See above; also if mid and index are missing.
    """
    members = Dictionary(value, "candidate", "candidate")
    if members.get("sdpMid") is None and members.get("sdpMLineIndex") is None:
        raise TypeError("an RTCIceCandidate needs sdpMid or sdpMLineIndex")
    has_protocol = members.get("relayProtocol") is not None
    return replace(
        read_candidate(value),
        url=members.text("url"),
        relay_protocol=members.choice("relayProtocol", RelayProtocol.UDP) if has_protocol else None,
    )


# --- channels and media -------------------------------------------------------------------------


def read_channel(value: object) -> ChannelInit:
    """The second argument of ``createDataChannel``; ``None`` means all defaults."""
    if isinstance(value, ChannelInit):
        return value
    members = Dictionary(value, "dataChannelInit", "ordered")
    return ChannelInit(
        members.flag("ordered", True),
        members.number("maxPacketLifeTime"),
        members.number("maxRetransmits"),
        scalar_text(members.text("protocol") or ""),
        members.flag("negotiated", False),
        members.number("id"),
        members.choice("priority", RTCPriorityType.LOW),
    )


def read_transceiver(value: object) -> TransceiverInit:
    """The second argument of ``addTransceiver``; ``None`` means all defaults.

    Raises:
        TypeError: See above; also if the direction is none to start with, or there are encodings:
            nothing is encoded.
    """
    if isinstance(value, TransceiverInit):
        return value
    members = Dictionary(value, "init", "direction")
    if members.items("sendEncodings"):
        raise TypeError("init.sendEncodings is not supported: no media is sent")
    return TransceiverInit(
        members.choice("direction", Direction.SENDRECV),
        tuple(dict.fromkeys([_stream_id(each) for each in members.items("streams")])),
    )


def _stream_id(stream: object) -> str:
    found = stream if isinstance(stream, str) else getattr(stream, "id", None)
    # msid-id is a token of at most 64 characters (RFC 8830 2); "-" means no stream.
    if not isinstance(found, str) or not 0 < len(found) <= 64 or found == "-":
        raise TypeError("init.streams holds stream ids, or objects with an id")
    if not all(
        each.isascii() and (each.isalnum() or each in "-_.{}!#$%&'*+^`|~") for each in found
    ):
        raise TypeError(f"{found!r} is no stream id: it contains what SDP does not allow")
    return found
