"""Whether a description makes sense, alone and as the answer to an offer (RFC 9429 Section 5.8.3).

A rejected section promises nothing and may lack everything. A bundled section may leave what
concerns the transport to the tagged section of its group (RFC 9143 Section 7).
"""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final

from frazil.errors import ProtocolError
from frazil.sdp.grammar import quote
from frazil.sdp.session import MediaDescription, SessionDescription, Setup

UFRAG_LENGTHS: Final = range(4, 257)
"""How many characters an ICE user name fragment has (RFC 8839 Section 5.4)."""

PWD_LENGTHS: Final = range(22, 257)
"""How many characters an ICE password has (RFC 8839 Section 5.4)."""

# RFC 8839 has only letters, digits, "+" and "/". Like browsers, take what deployed servers send.
_ICE_CHARACTERS: Final = re.compile("[A-Za-z0-9+/=_#-]*")

_DIGEST_SIZES: Final = {"sha-1": 20, "sha-224": 28, "sha-256": 32, "sha-384": 48, "sha-512": 64}

# What the answerer may be, given what the offerer is (RFC 4145 Section 4.1). Not to say is refused
# on both sides: implementations disagree about what that stands for, and after a wrong guess both
# ends wait for the other's ClientHello.
_ANSWERING_SETUPS: Final = {
    Setup.ACTPASS: (Setup.ACTIVE, Setup.PASSIVE),
    Setup.ACTIVE: (Setup.PASSIVE,),
    Setup.PASSIVE: (Setup.ACTIVE,),
}


class SdpSemanticError(ProtocolError):
    """The text is a session description, but what it says cannot be meant."""


def validate_offer(offer: SessionDescription) -> None:
    """Accept an offer that is complete and consistent.

    Raises:
        SdpSemanticError: It is not; the message says where and why.
    """
    _check_alone(offer)
    for label, media in _accepted(offer):
        setup = _setup(media, offer)
        if setup not in _ANSWERING_SETUPS:
            raise SdpSemanticError(f"{label} offers {_describe(setup)}, which has no answer")


def validate_answer(answer: SessionDescription, offer: SessionDescription) -> None:
    """Accept an answer, provisional or final, that is complete and fits its offer.

    Args:
        answer: The description to check.
        offer: What it answers, itself valid.

    Raises:
        SdpSemanticError: It is not; the message says where and why.
    """
    _check_alone(answer)
    _check_sections_match(answer, offer)
    _check_groups_match(answer, offer)
    for index, answered in enumerate(answer.media):
        offered = offer.media[index]
        label = f"m-section {index}"
        if answered.port == 0 and answered.bundle_only:
            raise SdpSemanticError(f"{label} is bundle-only, which only an offer can say")
        if not answered.is_rejected:
            if offered.is_rejected:
                raise SdpSemanticError(f"{label} is accepted, but the offer rejected it")
            if offered.bundle_only and not _is_bundled(answered, answer):
                raise SdpSemanticError(
                    f"{label} is accepted outside of the group it was offered in"
                )
            _check_answering_setup(label, _setup(answered, answer), _setup(offered, offer))


def _check_alone(description: SessionDescription) -> None:
    _check_mids(description)
    _check_groups(description)
    for label, media in _accepted(description):
        _check_transport(label, media, description.bundle_tag(media))
        if media.is_sctp and media.sctp_port is None:
            raise SdpSemanticError(f"{label} has no sctp-port")


def _check_mids(description: SessionDescription) -> None:
    for label, media in _accepted(description):
        if media.mid is None:
            raise SdpSemanticError(f"{label} has no mid")
    mids = [media.mid for media in description.media if media.mid is not None]
    for mid in mids:
        if mids.count(mid) > 1:
            raise SdpSemanticError(f"two m-sections have the mid {quote(mid)}")


def _check_groups(description: SessionDescription) -> None:
    mids = {media.mid for media in description.media}
    grouped: set[str] = set()
    for mid in chain.from_iterable(description.bundle_groups):
        if mid not in mids:
            raise SdpSemanticError(f"BUNDLE names the mid {quote(mid)}, which no m-section has")
        if mid in grouped:
            raise SdpSemanticError(f"BUNDLE names the mid {quote(mid)} twice")
        grouped.add(mid)


def _check_transport(label: str, media: MediaDescription, tag: MediaDescription) -> None:
    _check_credential(f"{label}: ice-ufrag", media.ice_ufrag or tag.ice_ufrag, UFRAG_LENGTHS)
    _check_credential(f"{label}: ice-pwd", media.ice_pwd or tag.ice_pwd, PWD_LENGTHS)
    fingerprints = media.fingerprints or tag.fingerprints
    if not fingerprints:
        raise SdpSemanticError(f"{label} has no fingerprint")
    for fingerprint in fingerprints:
        size = fingerprint.value.count(":") + 1
        if _DIGEST_SIZES.get(fingerprint.algorithm, size) != size:
            raise SdpSemanticError(f"{label}: no {fingerprint.algorithm} digest has {size} bytes")


def _check_credential(label: str, credential: str | None, lengths: range) -> None:
    if credential is None:
        raise SdpSemanticError(f"{label} is missing")
    if len(credential) not in lengths:
        raise SdpSemanticError(
            f"{label} has {len(credential)} characters, not {lengths[0]} to {lengths[-1]}"
        )
    if not is_ice_text(credential, lengths):
        raise SdpSemanticError(f"{label} has a character that ICE does not allow")


def is_ice_text(text: str, lengths: range) -> bool:
    """Whether ``text`` can be a ufrag or password, which have ``lengths`` (RFC 8839 5.4)."""
    return len(text) in lengths and bool(_ICE_CHARACTERS.fullmatch(text))


def _check_sections_match(answer: SessionDescription, offer: SessionDescription) -> None:
    """RFC 3264 Section 6: section by section, an answer mirrors its offer."""
    if len(answer.media) != len(offer.media):
        raise SdpSemanticError(
            f"{len(answer.media)} m-sections answer the {len(offer.media)} of the offer"
        )
    for index, answered in enumerate(answer.media):
        offered = offer.media[index]
        for name, given, asked in (
            ("media type", answered.kind, offered.kind),
            ("protocol", answered.protocol, offered.protocol),
            ("mid", answered.mid, offered.mid),
        ):
            # A rejected section may be answered without its mid.
            if given not in (asked, None):
                raise SdpSemanticError(
                    f"m-section {index} has another {name} than in the offer: {quote(given)}"
                )


def _check_groups_match(answer: SessionDescription, offer: SessionDescription) -> None:
    """RFC 9143 Section 7.3: an answer may take sections out of a group, but never add any."""
    for group in answer.bundle_groups:
        if not any(set(group) <= set(offered) for offered in offer.bundle_groups):
            raise SdpSemanticError("a BUNDLE group of the answer was not offered")


def _is_bundled(media: MediaDescription, description: SessionDescription) -> bool:
    return any(media.mid in group for group in description.bundle_groups)


def _check_answering_setup(label: str, setup: Setup | None, offered: Setup | None) -> None:
    if offered is None or setup not in _ANSWERING_SETUPS.get(offered, ()):
        raise SdpSemanticError(f"{label} answers {_describe(offered)} with {_describe(setup)}")


def _accepted(description: SessionDescription) -> Iterator[tuple[str, MediaDescription]]:
    """What messages call each section that is not rejected, and the section."""
    for index, media in enumerate(description.media):
        if not media.is_rejected:
            yield f"m-section {index}", media


def _setup(media: MediaDescription, description: SessionDescription) -> Setup | None:
    return media.setup or description.bundle_tag(media).setup


def _describe(setup: Setup | None) -> str:
    return f"a=setup:{setup}" if setup else "no a=setup"
