from dataclasses import replace
from pathlib import Path

import pytest

from frazil.ice import Credentials
from frazil.peer.remote import can_trickle, read_transport
from frazil.sdp import SessionDescription, parse_sdp

CORPUS = Path(__file__).parents[2] / "support" / "sdp_corpus"


def load(name: str) -> SessionDescription:
    return parse_sdp((CORPUS / f"{name}.sdp").read_text())


def with_data(description: SessionDescription, **changes) -> SessionDescription:
    media = description.media
    return replace(description, media=(*media[:-1], replace(media[-1], **changes)))


def test_data_section_with_its_own_transport_is_used_although_bundled() -> None:
    remote = read_transport(load("chromium-156-offer"))
    assert remote.sections == {2}
    assert [line.split()[5] for line in remote.candidates] == ["54778", "9"]
    assert remote.credentials.ufrag == "2IGZ"
    assert not remote.is_gathered
    assert (remote.sctp_port, remote.max_message_size) == (5000, 262144)


def test_bundle_only_section_borrows_the_transport_of_its_group() -> None:
    offer = load("gstreamer-1.22-offer")
    remote = read_transport(offer)
    assert remote.sections == {0, 2}
    assert remote.candidates == offer.media[0].candidates
    assert len(remote.candidates) == 6


def test_fingerprint_and_setup_may_come_from_the_group() -> None:
    offer = with_data(load("chromium-156-offer"), fingerprints=(), setup=None)
    remote = read_transport(offer)
    assert remote.fingerprints[0].value == offer.media[0].fingerprints[0].value
    assert remote.setup is offer.media[0].setup


def test_session_level_attributes_hold() -> None:
    remote = read_transport(load("node-datachannel-0.33-offer"))
    assert remote.fingerprints[0].algorithm == "sha-256"
    assert remote.credentials == Credentials("gKvH", "qIdRDHNRr4I3fJKCen4Ram")


@pytest.mark.parametrize(
    ("options", "ended", "is_gathered"),
    [
        (("trickle",), False, False),
        (("trickle",), True, True),
        ((), False, True),
        (("renomination",), False, True),
    ],
)
def test_c14_list_is_complete_when_ended_or_when_the_peer_does_not_trickle(
    options: tuple[str, ...], ended: bool, is_gathered: bool
) -> None:
    offer = with_data(load("chromium-156-offer-data"), ice_options=options, end_of_candidates=ended)
    assert read_transport(offer).is_gathered is is_gathered


def test_trickle_may_be_announced_at_either_level() -> None:
    assert can_trickle(load("chromium-156-offer-data"))
    assert can_trickle(load("firefox-153-offer"))
    assert not can_trickle(load("gstreamer-1.22-answer"))


def test_rejected_or_missing_data_section_is_no_transport() -> None:
    offer = load("chromium-156-offer")
    assert read_transport(with_data(offer, port=0)) is None
    assert read_transport(replace(offer, media=offer.media[:2])) is None


def test_lite_is_noticed() -> None:
    offer = load("chromium-156-offer-data")
    assert not read_transport(offer).traits.is_lite
    assert read_transport(replace(offer, ice_lite=True)).traits.is_lite
