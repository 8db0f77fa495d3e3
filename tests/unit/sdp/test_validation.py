from dataclasses import replace

import pytest

from frazil.errors import ProtocolError
from frazil.sdp import (
    Fingerprint,
    MediaDescription,
    Origin,
    SdpSemanticError,
    SessionDescription,
    Setup,
    parse_sdp,
    validate_answer,
    validate_offer,
)
from support.sdp_corpus import ANSWERS, CORPUS, OFFERS


def digest(size):
    return ":".join(["0A"] * size)


def data(mid="0", **fields):
    """A complete SCTP section."""
    return MediaDescription(
        **{
            "kind": "application",
            "port": 9,
            "protocol": "UDP/DTLS/SCTP",
            "formats": ("webrtc-datachannel",),
            "mid": mid,
            "ice_ufrag": "abcd",
            "ice_pwd": "p" * 22,
            "fingerprints": (Fingerprint("sha-256", digest(32)),),
            "setup": Setup.ACTPASS,
            "sctp_port": 5000,
            **fields,
        }
    )


def audio(mid="1", **fields):
    return data(
        mid, **{"kind": "audio", "protocol": "UDP/TLS/RTP/SAVPF", "formats": ("0",), **fields}
    )


def bare(mid, **fields):
    """A section that leaves its transport to another one."""
    return data(
        mid, **{"ice_ufrag": None, "ice_pwd": None, "fingerprints": (), "setup": None, **fields}
    )


def session(*media, **fields):
    return SessionDescription(origin=Origin(1, 1), media=media, **fields)


def answer(*media, **fields):
    return session(*(replace(item, setup=item.setup and Setup.ACTIVE) for item in media), **fields)


def offer_refusal(*media, **fields):
    with pytest.raises(SdpSemanticError) as caught:
        validate_offer(session(*media, **fields))
    assert isinstance(caught.value, ProtocolError)
    return str(caught.value)


def answer_refusal(answering, offering):
    validate_offer(offering)
    with pytest.raises(SdpSemanticError) as caught:
        validate_answer(answering, offering)
    return str(caught.value)


@pytest.mark.parametrize("text", OFFERS.values(), ids=OFFERS)
def test_offers_of_partners_are_valid(text):
    validate_offer(parse_sdp(text))


@pytest.mark.parametrize("text", ANSWERS.values(), ids=ANSWERS)
def test_answers_of_partners_are_valid(text):
    given = parse_sdp(text)
    asked = replace(given, media=tuple(replace(m, setup=Setup.ACTPASS) for m in given.media))
    validate_answer(given, asked)
    assert "actpass" in answer_refusal(asked, asked)


def test_a_chromium_answer_fits_a_chromium_offer():
    validate_answer(
        parse_sdp(CORPUS["chromium-156-answer-data-sped-snap"]),
        parse_sdp(CORPUS["chromium-156-offer-data-sped-snap"]),
    )


def test_an_offer_without_media_is_valid():
    validate_offer(session())
    validate_answer(session(), session())


def test_a_rejected_section_may_lack_everything():
    validate_offer(session(bare(None, port=0, sctp_port=None), data()))
    assert offer_refusal(bare(None)) == "m-section 0 has no mid"


def test_bundled_sections_may_leave_the_transport_to_the_tag():
    groups = (("0", "1", "2"),)
    validate_offer(
        session(data("0"), bare("1"), bare("2", port=0, bundle_only=True), bundle_groups=groups)
    )
    assert offer_refusal(data("0"), bare("1")) == "m-section 1: ice-ufrag is missing"
    assert (
        offer_refusal(bare("0"), data("1"), bundle_groups=(("0", "1"),))
        == "m-section 0: ice-ufrag is missing"
    )
    validate_offer(session(bare("0"), data("1"), bundle_groups=(("1", "0"),)))


def test_a_rejected_section_is_no_tag():
    validate_offer(
        session(bare("0", port=0), data("1"), bare("2"), bundle_groups=(("0", "1", "2"),))
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"mid": None}, "has no mid"),
        ({"ice_ufrag": None}, ": ice-ufrag is missing"),
        ({"ice_ufrag": "abc"}, ": ice-ufrag has 3 characters, not 4 to 256"),
        ({"ice_ufrag": "a" * 257}, ": ice-ufrag has 257 characters, not 4 to 256"),
        ({"ice_ufrag": "ab:cd"}, ": ice-ufrag has a character that ICE does not allow"),
        ({"ice_pwd": None}, ": ice-pwd is missing"),
        ({"ice_pwd": "p" * 21}, ": ice-pwd has 21 characters, not 22 to 256"),
        ({"ice_pwd": "p" * 257}, ": ice-pwd has 257 characters, not 22 to 256"),
        ({"ice_pwd": "p" * 22 + " "}, ": ice-pwd has a character that ICE does not allow"),
        ({"ice_pwd": "é" * 22}, ": ice-pwd has a character that ICE does not allow"),
        ({"fingerprints": ()}, "has no fingerprint"),
        (
            {"fingerprints": (Fingerprint("sha-256", digest(31)),)},
            ": no sha-256 digest has 31 bytes",
        ),
        ({"setup": None}, "offers no a=setup, which has no answer"),
        ({"setup": Setup.HOLDCONN}, "offers a=setup:holdconn, which has no answer"),
        ({"sctp_port": None}, "has no sctp-port"),
    ],
)
def test_incomplete_sections(fields, message):
    refusal = offer_refusal(audio(), data(**fields))
    assert refusal.removeprefix("m-section 1").strip() == message


@pytest.mark.parametrize(
    "fields",
    [
        {"ice_ufrag": "a" * 4, "ice_pwd": "p" * 256},
        {"ice_ufrag": "a" * 256, "ice_pwd": "p" * 22},
        {"ice_ufrag": "aZ09+/-_=#"},
        {"fingerprints": (Fingerprint("sha-1", digest(20)), Fingerprint("sha-512", digest(64)))},
        {"fingerprints": (Fingerprint("sha3-256", digest(3)),)},
        {"setup": Setup.ACTIVE},
        {"setup": Setup.PASSIVE},
        {"sctp_port": 0},
    ],
)
def test_complete_sections(fields):
    validate_offer(session(data(**fields)))


def test_only_sctp_needs_a_port():
    validate_offer(session(audio(sctp_port=None)))


def test_mids_are_unique():
    assert offer_refusal(data("a"), audio("a")) == "two m-sections have the mid 'a'"
    assert offer_refusal(data("a"), audio("a", port=0)) == "two m-sections have the mid 'a'"


def test_groups_name_sections_once():
    assert (
        offer_refusal(data("0"), bundle_groups=(("0", "x"),))
        == "BUNDLE names the mid 'x', which no m-section has"
    )
    for groups in ((("0", "0"),), (("0",), ("0",))):
        assert offer_refusal(data("0"), bundle_groups=groups) == "BUNDLE names the mid '0' twice"


def test_an_answer_is_checked_alone_first():
    assert answer_refusal(answer(data(ice_pwd=None)), session(data())) == (
        "m-section 0: ice-pwd is missing"
    )


@pytest.mark.parametrize(
    ("answering", "message"),
    [
        ([data()], "1 m-sections answer the 2 of the offer"),
        ([data(), audio(), data("2")], "3 m-sections answer the 2 of the offer"),
        (
            [data(), audio(kind="video")],
            "m-section 1 has another media type than in the offer: 'video'",
        ),
        (
            [data(protocol="TCP/DTLS/SCTP"), audio()],
            "m-section 0 has another protocol than in the offer: 'TCP/DTLS/SCTP'",
        ),
        ([data("x"), audio()], "m-section 0 has another mid than in the offer: 'x'"),
        ([data("1"), audio("0")], "m-section 0 has another mid than in the offer: '1'"),
    ],
)
def test_an_answer_mirrors_the_sections(answering, message):
    assert answer_refusal(answer(*answering), session(data(), audio())) == message


def test_an_answer_may_reject_a_section_and_forget_its_mid():
    offering = session(data("0"), audio("1"), bundle_groups=(("0", "1"),))
    validate_answer(
        answer(
            data("0"),
            bare(None, port=0, kind="audio", protocol="UDP/TLS/RTP/SAVPF"),
            bundle_groups=(("0",),),
        ),
        offering,
    )


def test_an_answer_does_not_revive_a_rejected_section():
    offering = session(data("0"), audio("1", port=0))
    assert answer_refusal(answer(data("0"), audio("1")), offering) == (
        "m-section 1 is accepted, but the offer rejected it"
    )


def test_an_answer_does_not_say_bundle_only():
    groups = {"bundle_groups": (("0", "1"),)}
    offering = session(data("0"), audio("1", port=0, bundle_only=True), **groups)
    validate_answer(answer(data("0"), audio("1"), **groups), offering)
    assert answer_refusal(answer(*offering.media, **groups), offering) == (
        "m-section 1 is bundle-only, which only an offer can say"
    )


def test_a_bundle_only_section_is_accepted_in_its_group_only():
    groups = {"bundle_groups": (("0", "1"),)}
    offering = session(data("0"), audio("1", port=0, bundle_only=True), **groups)
    validate_answer(answer(data("0"), audio("1"), **groups), offering)
    validate_answer(answer(data("0"), audio("1", port=0)), offering)
    assert answer_refusal(answer(data("0"), audio("1")), offering) == (
        "m-section 1 is accepted outside of the group it was offered in"
    )


def test_an_answer_groups_only_what_was_offered_together():
    media = (data("0"), data("1"), data("2"))
    offering = session(*media, bundle_groups=(("0", "1"), ("2",)))
    for groups in ((), (("1", "0"),), (("0",), ("2",))):
        validate_answer(answer(*media, bundle_groups=groups), offering)
    for groups in ((("0", "2"),), (("0", "1", "2"),)):
        assert answer_refusal(answer(*media, bundle_groups=groups), offering) == (
            "a BUNDLE group of the answer was not offered"
        )


@pytest.mark.parametrize("offered", [Setup.ACTPASS, Setup.ACTIVE, Setup.PASSIVE])
@pytest.mark.parametrize("answered", [None, *Setup])
def test_one_side_is_active_and_the_other_passive(offered, answered):
    fitting = {
        (Setup.ACTPASS, Setup.ACTIVE),
        (Setup.ACTPASS, Setup.PASSIVE),
        (Setup.ACTIVE, Setup.PASSIVE),
        (Setup.PASSIVE, Setup.ACTIVE),
    }
    offering, answering = session(data(setup=offered)), session(data(setup=answered))
    if (offered, answered) in fitting:
        validate_answer(answering, offering)
    else:
        said = f"a=setup:{answered}" if answered else "no a=setup"
        assert answer_refusal(answering, offering) == (
            f"m-section 0 answers a=setup:{offered} with {said}"
        )


def test_a_bundled_answer_takes_the_role_of_its_tag():
    groups = {"bundle_groups": (("0", "1"),)}
    offering = session(data("0"), data("1"), **groups)
    validate_answer(answer(data("0"), bare("1"), **groups), offering)
