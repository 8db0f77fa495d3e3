from dataclasses import replace
from pathlib import Path

import pytest

from frazil.ice import Credentials
from frazil.peer.media import live_data_index
from frazil.peer.remote import can_trickle, read_data, read_transport
from frazil.sdp import SessionDescription, parse_sdp

CORPUS = Path(__file__).parents[2] / "support" / "sdp_corpus"


def load(name: str) -> SessionDescription:
    return parse_sdp((CORPUS / f"{name}.sdp").read_text())


def with_data(description: SessionDescription, **changes) -> SessionDescription:
    media = description.media
    return replace(description, media=(*media[:-1], replace(media[-1], **changes)))


def of_data(description: SessionDescription):
    """The transport of the data channels."""
    return read_transport(description, live_data_index(description))


def test_data_section_with_its_own_transport_is_used_although_bundled() -> None:
    offer = load("chromium-156-offer")
    remote = of_data(offer)
    assert remote.candidate_section == 2
    assert remote.credentials.ufrag == "2IGZ"
    assert remote.is_trickling
    data = read_data(offer.media[2])
    assert (data.sctp_port, data.max_message_size) == (5000, 262144)


def test_bundle_only_section_borrows_the_transport_of_its_group() -> None:
    offer = load("gstreamer-1.22-offer")
    assert of_data(offer).candidate_section == 0
    assert len(offer.media[0].candidates) == 6


def test_fingerprint_and_setup_may_come_from_the_group() -> None:
    offer = with_data(load("chromium-156-offer"), fingerprints=(), setup=None)
    remote = of_data(offer)
    assert remote.fingerprints[0].value == offer.media[0].fingerprints[0].value
    assert remote.setup is offer.media[0].setup


def test_session_level_attributes_hold() -> None:
    remote = of_data(load("node-datachannel-0.33-offer"))
    assert remote.fingerprints[0].algorithm == "sha-256"
    assert remote.credentials == Credentials("gKvH", "qIdRDHNRr4I3fJKCen4Ram")


@pytest.mark.parametrize(
    ("options", "is_trickling"),
    [(("trickle",), True), ((), False), (("renomination",), False)],
)
def test_c14_list_is_complete_when_the_peer_does_not_trickle(
    options: tuple[str, ...], is_trickling: bool
) -> None:
    offer = with_data(load("chromium-156-offer-data"), ice_options=options)
    assert of_data(offer).is_trickling is is_trickling


def test_trickle_may_be_announced_at_either_level() -> None:
    assert can_trickle(load("chromium-156-offer-data"))
    assert can_trickle(load("firefox-153-offer"))
    assert not can_trickle(load("gstreamer-1.22-answer"))


def test_lite_is_noticed() -> None:
    offer = load("chromium-156-offer-data")
    assert not of_data(offer).traits.is_lite
    assert of_data(replace(offer, ice_lite=True)).traits.is_lite
