from base64 import b64decode

import pytest

from frazil.sdp import (
    AddressType,
    Connection,
    Direction,
    Fingerprint,
    MediaDescription,
    Origin,
    SdpSyntaxError,
    SessionDescription,
    Setup,
    parse_sdp,
)
from support.sdp_corpus import CORPUS

HEAD = "v=0\no=- 1 2 IN IP4 127.0.0.1\ns=-\nt=0 0\n"
MEDIA = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\n"
HASH = ":".join(["0A"] * 32)


def session(lines=""):
    return parse_sdp(HEAD + lines)


def media(lines="", head=""):
    (section,) = parse_sdp(HEAD + head + MEDIA + lines).media
    return section


def refusal(text):
    with pytest.raises(SdpSyntaxError) as caught:
        parse_sdp(text)
    return str(caught.value)


def test_a_chromium_offer():
    description = parse_sdp(CORPUS["chromium-156-offer-data"])
    digest = (
        "38:FC:25:C0:C3:EB:B3:C8:C7:43:79:AB:AB:95:C6:30:"
        "67:0B:50:2C:A6:BA:60:AD:5B:14:A9:3D:4A:C3:78:AE"
    )
    assert description == SessionDescription(
        origin=Origin(4289373908384503010, 2),
        bundle_groups=(("0",),),
        extmap_allow_mixed=True,
        msid_semantic="WMS",
        media=(
            MediaDescription(
                kind="application",
                port=36825,
                protocol="UDP/DTLS/SCTP",
                formats=("webrtc-datachannel",),
                connection=Connection(AddressType.IP4, "10.77.0.2"),
                mid="0",
                ice_ufrag="GtbU",
                ice_pwd="sSz46lAzK42ZdV4/f3zazxlk",
                ice_options=("trickle",),
                fingerprints=(Fingerprint("sha-256", digest),),
                setup=Setup.ACTPASS,
                candidates=(
                    "candidate:2851820455 1 udp 2122260223 10.77.0.2 36825 typ host"
                    " generation 0 network-id 1",
                    "candidate:3610554687 1 tcp 1518280447 10.77.0.2 9 typ host tcptype active"
                    " generation 0 network-id 1",
                ),
                sctp_port=5000,
                max_message_size=262144,
            ),
        ),
    )


def test_firefox_sets_fingerprint_and_options_for_the_whole_session():
    description = parse_sdp(CORPUS["firefox-153-answer"])
    assert description.origin.username == "mozilla...THIS_IS_SDPARTA-99.0"
    assert description.ice_options == ("trickle",)
    assert [item.kind for item in description.media] == ["audio", "video", "application"]
    for item in description.media:
        (fingerprint,) = item.fingerprints
        assert fingerprint.value.startswith("90:B9:57:9E:")
        assert item.ice_options == ("trickle",)
        assert item.ice_ufrag == "5593bb43"
        assert item.setup is Setup.ACTIVE
    assert [item.end_of_candidates for item in description.media] == [True, False, False]
    assert description.media[0].rtcp_mux
    assert "rtpmap:96 opus/48000/2" in description.media[0].attributes


def test_gstreamer_puts_bundled_sections_on_port_0():
    audio, video, data = parse_sdp(CORPUS["gstreamer-1.22-offer"]).media
    assert (audio.bundle_only, video.bundle_only, data.bundle_only) == (False, True, True)
    assert audio.rtcp_mux_only
    assert audio.rtcp_rsize
    assert data.port == 0
    assert not data.is_rejected
    assert data.max_message_size is None


def test_libdatachannel_separates_options_with_commas():
    description = parse_sdp(CORPUS["node-datachannel-0.33-offer"])
    assert description.media[0].ice_options == ("ice2", "trickle")
    assert description.media[0].end_of_candidates


def test_snap_and_sped_are_kept():
    (section,) = parse_sdp(CORPUS["chromium-156-offer-data-sped-snap"]).media
    assert section.ice_options == ("trickle", "sped", "googspedv1")
    assert section.sctp_init == b64decode("AQAAHrIhSXsAUAAA/////1I72snAAAAEgAgABoLA")
    assert section.attributes == ()


def test_everything_that_a_session_can_say():
    description = parse_sdp(
        "v=0\no=jdoe 18446744073709551615 0 IN IP6 ::1\ns=A call\ni=info\nu=http://example.com\n"
        "e=a@example.com\ne=b@example.com\np=+1 617\nc=IN IP6 ::2\nb=AS:128\nb=X-YZ:1\n"
        "t=1 2\nr=7d 1h 0\nt=3 4\nz=0 -1h\nk=prompt\n"
        "a=group:BUNDLE a b\na=group:LS a b\na=group:BUNDLE c\na=ice-lite\na=ice-options:x  y\n"
        "a=ice-options:y z\na=ice-pacing:50\na=extmap-allow-mixed\n"
        "a=msid-semantic:  WMS *\na=msid-semantic:other\n"
        "a=mid:not a media section\na=tool:x\n"
    )
    assert description == SessionDescription(
        origin=Origin(18446744073709551615, 0, "jdoe", AddressType.IP6, "::1"),
        name="A call",
        bandwidths=("AS:128", "X-YZ:1"),
        bundle_groups=(("a", "b"), ("c",)),
        ice_lite=True,
        ice_pacing=50,
        ice_options=("x", "y", "z"),
        extmap_allow_mixed=True,
        msid_semantic="WMS *",
        attributes=("group:LS a b", "mid:not a media section", "tool:x"),
    )


def test_a_section_inherits_what_it_does_not_say():
    head = (
        f"a=recvonly\na=ice-ufrag:user\na=ice-pwd:pass\na=ice-options:trickle\na=setup:passive\n"
        f"a=fingerprint:sha-1 {HASH}\na=end-of-candidates\n"
    )
    section = media(head=head)
    assert section.direction is Direction.RECVONLY
    assert (section.ice_ufrag, section.ice_pwd) == ("user", "pass")
    assert section.ice_options == ("trickle",)
    assert section.setup is Setup.PASSIVE
    assert section.fingerprints == (Fingerprint("sha-1", HASH),)
    assert section.end_of_candidates

    own = (
        f"c=IN IP4 10.0.0.2\na=sendonly\na=ice-ufrag:U\na=ice-pwd:P\na=ice-options:ice2\n"
        f"a=setup:active\na=fingerprint:sha-256 {HASH}\na=fingerprint:sha-512 {HASH}\n"
    )
    section = media(own, head)
    assert section.direction is Direction.SENDONLY
    assert (section.ice_ufrag, section.ice_pwd) == ("U", "P")
    assert section.ice_options == ("ice2",)
    assert section.setup is Setup.ACTIVE
    assert [item.algorithm for item in section.fingerprints] == ["sha-256", "sha-512"]


def test_the_connection_of_the_session_is_a_default():
    first, second = parse_sdp(
        HEAD.replace("t=", "c=IN IP6 ::1\nt=") + MEDIA + MEDIA + "c=IN IP4 10.0.0.2\n"
    ).media
    assert first.connection == Connection(AddressType.IP6, "::1")
    assert second.connection == Connection(AddressType.IP4, "10.0.0.2")
    assert media().connection is None


def test_what_a_section_says_stays_in_it():
    first, second = parse_sdp(HEAD + MEDIA + "a=ice-ufrag:U\na=mid:0\n" + MEDIA).media
    assert (first.ice_ufrag, first.mid) == ("U", "0")
    assert (second.ice_ufrag, second.mid) == (None, None)


def test_attributes_of_the_other_level_are_unknown():
    section = media("a=ice-lite\na=extmap-allow-mixed\na=group:BUNDLE 0\n")
    assert section.attributes == ("ice-lite", "extmap-allow-mixed", "group:BUNDLE 0")
    description = session("a=rtcp-mux\na=candidate:x\na=sctp-port:x\n")
    assert description.attributes == ("rtcp-mux", "candidate:x", "sctp-port:x")


def test_a_bandwidth_may_follow_an_attribute():
    section = media("a=mid:0\nb=AS:30\ni=title\n")
    assert section.bandwidths == ("AS:30",)


def test_other_media_and_protocols_are_read():
    (section,) = parse_sdp(HEAD + "m=image  0 TCP/MSRP * \n").media
    assert (section.kind, section.port, section.protocol, section.formats) == (
        "image",
        0,
        "TCP/MSRP",
        ("*",),
    )
    assert not section.is_sctp


@pytest.mark.parametrize("protocol", ["UDP/DTLS/SCTP", "TCP/DTLS/SCTP", "DTLS/SCTP"])
def test_sctp_protocols(protocol):
    (section,) = parse_sdp(HEAD + f"m=application 9 {protocol} webrtc-datachannel\n").media
    assert section.is_sctp
    assert section.sctp_port is None


def test_sctp_as_it_was_before_the_rfc():
    line = "m=application 9 DTLS/SCTP 5001\n"
    (section,) = parse_sdp(HEAD + line + "a=sctpmap:5001 webrtc-datachannel 1024\n").media
    assert section.sctp_port == 5001
    assert section.formats == ("5001",)
    assert section.attributes == ("sctpmap:5001 webrtc-datachannel 1024",)
    (section,) = parse_sdp(HEAD + line + "a=sctp-port:0\n").media
    assert section.sctp_port == 0
    assert refusal(HEAD + "m=application 9 DTLS/SCTP 65536\n").startswith("line 5: the SCTP port")
    (section,) = parse_sdp(HEAD + "m=application 9 UDP/DTLS/SCTP 5000\n").media
    assert section.sctp_port is None


def test_hexadecimal_and_hash_names_have_one_spelling():
    section = media("a=fingerprint:SHA-256 ab:Cd\n")
    assert section.fingerprints == (Fingerprint("sha-256", "AB:CD"),)


def test_an_empty_bundle_group():
    assert session("a=group:BUNDLE\n").bundle_groups == ((),)


def test_repeated_attributes_are_read_once():
    section = media("a=setup:active\na=setup:active\na=rtcp-mux\na=rtcp-mux\na=sendrecv\n")
    assert section.setup is Setup.ACTIVE
    assert section.rtcp_mux


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("v=0", "v=1", "line 1: version '1' is not 0"),
        ("v=0", "v= 0", "line 1: version ' 0' is not 0"),
        ("o=- 1", "o=-", "line 2: o= does not hold six words"),
        ("o=-", "o=- -", "line 2: o= does not hold six words"),
        ("- 1", "- x", f"line 2: the session id is 'x', not a number from 0 to {2**64 - 1}"),
        ("1 2", "1 -2", f"line 2: the session version is '-2', not a number from 0 to {2**64 - 1}"),
        ("IN", "ATM", "line 2: o= holds no internet address"),
        ("IP4", "IP5", "line 2: 'IP5' is none of IP4, IP6"),
        ("t=0 0", "t=0", "line 4: t= does not hold two times"),
        ("t=0 0", "t=0 0 0", "line 4: t= does not hold two times"),
        ("t=0 0", "t=0 0\nt=0 x", "line 5: t= does not hold two times"),
        ("t=", "c=IN IP4\nt=", "line 4: c= holds no internet address"),
        ("t=", "c=IN IP4 a b\nt=", "line 4: c= holds no internet address"),
        ("t=", "b=AS\nt=", "line 4: b= is not of the form type:number"),
        ("t=", "b=AS:x\nt=", "line 4: b= is not of the form type:number"),
        ("t=", "b=:1\nt=", "line 4: b= is not of the form type:number"),
    ],
)
def test_malformed_session_lines(old, new, message):
    assert old in HEAD
    assert refusal(HEAD.replace(old, new, 1)) == message


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("m=audio 9 RTP/AVP", "m= lacks a media type, port, protocol or format"),
        ("m=audio", "m= lacks a media type, port, protocol or format"),
        ("m=au/dio 9 RTP/AVP 0", "'au/dio' does not belong in an m= line"),
        ("m=audio 9 RTP//AVP 0", "'' does not belong in an m= line"),
        ("m=audio 9 RTP/AVP 0;1", "'0;1' does not belong in an m= line"),
        ("m=audio 65536 RTP/AVP 0", "the port is '65536', not a number from 0 to 65535"),
        ("m=audio 9/2 RTP/AVP 0", "the port is '9/2', not a number from 0 to 65535"),
        ("m=audio -1 RTP/AVP 0", "the port is '-1', not a number from 0 to 65535"),
    ],
)
def test_malformed_media_lines(line, message):
    assert refusal(HEAD + line) == f"line 5: {message}"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a=mid:a b", "the mid is not a token"),
        ("a=mid:", "a=mid needs a value"),
        ("a=setup:both", "'both' is none of actpass, active, passive, holdconn"),
        ("a=fingerprint:sha-256", "a fingerprint is a hash name and a digest"),
        ("a=fingerprint:sha-256 AB CD", "a fingerprint is a hash name and a digest"),
        ("a=fingerprint:sha/256 AB", "a fingerprint is a hash name and a digest"),
        ("a=fingerprint:sha-256 AB:C", "'C' in a digest is no byte"),
        ("a=fingerprint:sha-256 AB:", "'' in a digest is no byte"),
        ("a=fingerprint:sha-256 AB:XY", "'XY' in a digest is no byte"),
        ("a=fingerprint:sha-256 AB:١٢", "'١٢' in a digest is no byte"),
        ("a=sctp-port:65536", "a=sctp-port is '65536', not a number from 0 to 65535"),
        ("a=sctp-port:x", "a=sctp-port is 'x', not a number from 0 to 65535"),
        (
            "a=max-message-size:-1",
            f"a=max-message-size is '-1', not a number from 0 to {2**64 - 1}",
        ),
        ("a=rtcp-mux:1", "a=rtcp-mux takes no value"),
        ("a=candidate", "a=candidate needs a value"),
        ("b=AS", "b= is not of the form type:number"),
        ("c=IN IP4", "c= holds no internet address"),
    ],
)
def test_malformed_lines_of_a_section(line, message):
    assert refusal(HEAD + MEDIA + "a=x\n" + line) == f"line 7: {message}"


@pytest.mark.parametrize(
    "lines",
    [
        "a=mid:0\na=mid:1",
        "a=ice-ufrag:a\na=ice-ufrag:b",
        "a=ice-pwd:a\na=ice-pwd:b",
        "a=setup:active\na=setup:passive",
        "a=sctp-port:1\na=sctp-port:2",
        "a=max-message-size:1\na=max-message-size:2",
        "a=sendrecv\na=recvonly",
    ],
)
def test_contradictions(lines):
    assert refusal(HEAD + MEDIA + lines).startswith("line 7: ")


def test_contradictions_of_the_session():
    assert refusal(HEAD + "a=setup:active\na=setup:passive") == (
        "line 6: a second, different a=setup"
    )


def test_lines_are_counted_in_sections_too():
    assert refusal(HEAD + MEDIA + "a=mid:0\n" + MEDIA + "a=mid:\n").startswith("line 8: ")


def test_each_section_may_hold_100_candidates():
    hundred = "a=candidate:1\n" * 100
    description = parse_sdp(HEAD + (MEDIA + hundred) * 2)
    assert [len(section.candidates) for section in description.media] == [100, 100]
    assert refusal(HEAD + MEDIA + hundred + "a=candidate:1\n") == (
        "line 106: more than 100 candidates"
    )
