from dataclasses import replace

import pytest

from frazil.sdp import MediaDescription, Origin, SessionDescription


def media(mid, **fields):
    return MediaDescription(
        **{
            "kind": "application",
            "port": 9,
            "protocol": "UDP/DTLS/SCTP",
            "formats": ("webrtc-datachannel",),
            "mid": mid,
            **fields,
        }
    )


def session(*sections, **fields):
    return SessionDescription(origin=Origin(1, 1), media=sections, **fields)


def test_sections_without_options_have_those_of_the_session():
    description = session(media("a"), media("b", ice_options=("ice2",)), ice_options=("trickle",))
    assert [item.ice_options for item in description.media] == [("trickle",), ("ice2",)]
    changed = replace(description, media=(media("c"),))
    assert changed.media[0].ice_options == ("trickle",)
    assert session(media("a")).media[0].ice_options == ()


def test_descriptions_are_values():
    assert session(media("a")) == session(media("a"))
    assert hash(session(media("a"))) == hash(session(media("a")))
    assert session(media("a")) != session(media("b"))
    named = session(media("a"))
    assert replace(named, name="x") != named == session(media("a"))


@pytest.mark.parametrize(
    ("port", "bundle_only", "rejected"),
    [(9, False, False), (9, True, False), (0, True, False), (0, False, True)],
)
def test_port_0_rejects_unless_it_means_bundle_only(port, bundle_only, rejected):
    assert media("a", port=port, bundle_only=bundle_only).is_rejected is rejected


@pytest.mark.parametrize(
    ("kind", "protocol", "expected"),
    [
        ("application", "UDP/DTLS/SCTP", True),
        ("application", "TCP/DTLS/SCTP", True),
        ("application", "DTLS/SCTP", True),
        ("application", "SCTP", False),
        ("application", "UDP/BFCP", False),
        ("video", "UDP/DTLS/SCTP", False),
    ],
)
def test_sctp_sections(kind, protocol, expected):
    assert media("a", kind=kind, protocol=protocol).is_sctp is expected


def test_sections_are_found_by_mid():
    a, b = media("a"), media("b")
    description = session(a, b, media(None))
    assert description.find_media("b") is b
    assert description.find_media("c") is None


def test_the_tag_of_a_group_is_its_first_accepted_section():
    a, b, c, d = media("a", port=0), media("b"), media("c"), media("d")
    description = session(a, b, c, d, bundle_groups=(("d",), ("a", "c", "b")))
    assert description.bundle_tag(b) is c
    assert description.bundle_tag(c) is c
    assert description.bundle_tag(d) is d


def test_a_section_outside_any_group_is_its_own_tag():
    a, nameless = media("a", port=0), media(None)
    description = session(a, nameless, bundle_groups=(("x", "a"),))
    assert description.bundle_tag(nameless) is nameless
    assert description.bundle_tag(a) is a
    assert session(a).bundle_tag(a) is a
