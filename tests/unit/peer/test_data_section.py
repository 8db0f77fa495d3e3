"""Where the association of the data channels lives, and when another one follows."""

import re

import pytest

from frazil.errors import InvalidAccessError
from frazil.peer.configuration import BundlePolicy, Configuration
from frazil.peer.event import EventType
from support.peer_pair import (
    Peer,
    connect,
    connected_pair,
    media_peer,
    moved,
    negotiate,
    offering,
    ufrag,
    with_another_port,
)

STATE_CHANGE = EventType.STATE_CHANGE
NO_BUNDLE = re.compile(r"a=group:BUNDLE.*\r\n")


def test_sctp_stays_the_same_object_when_the_answer_bundles_it() -> None:
    one, two = media_peer("audio"), Peer(seed=2)
    one.channel()
    offer = one.set_local()
    sctp = one.pc.sctp
    audio, data = one.pc.transports.dtls
    assert sctp.dtls is data
    two.set_remote(offer)
    one.set_remote(two.set_local())
    assert one.pc.sctp is sctp
    assert sctp.dtls is audio
    assert one.pc.transports.dtls == [audio]
    started = [session.called("start_sctp") for session in one.sessions]
    assert [len(calls) for calls in started] == [1, 0]


def test_data_refused_leaves_the_transport_to_audio() -> None:
    one, two = media_peer("audio"), Peer(seed=2)
    channel = one.channel()
    negotiate(one, two)
    connect_first(one)
    assert channel.ready_state == "open"
    two.set_remote(one.set_local())
    answer = two.complete(two.pc.create_answer()).sdp.replace("BUNDLE 0 1", "BUNDLE 0")
    sctp = one.pc.sctp
    one.set_remote({"type": "answer", "sdp": answer.replace("m=application 9", "m=application 0")})
    types = one.run()
    assert one.pc.sctp is None
    assert (sctp.state, channel.ready_state) == ("closed", "closed")
    assert (types.count(STATE_CHANGE), types.count(EventType.CLOSE)) == (1, 1)
    assert one.sessions[0].called("stop_sctp") == [(0.0,)]
    assert one.pc.connection_state == "connected"


def test_data_comes_back_on_the_same_transport() -> None:
    one, two = media_peer("audio"), Peer(seed=2)
    negotiate(one, two)
    connect_first(one)
    one.channel()
    negotiate(one, two)
    assert one.pc.sctp.dtls is one.pc.transports.dtls[0]
    assert len(one.sessions) == len(two.sessions) == 1
    assert len(one.session.called("start_sctp")) == 1


def test_rollback_takes_back_data_that_was_added_to_a_transport() -> None:
    one, two = media_peer("audio"), Peer(seed=2)
    negotiate(one, two)
    one.channel()
    one.set_local()
    sctp = one.pc.sctp
    one.set_local({"type": "rollback"})
    one.run()
    assert one.pc.sctp is None
    assert sctp.state == "closed"
    assert len(one.pc.transports.dtls) == 1
    negotiate(one, two)
    assert one.pc.sctp.state == "connecting"


def test_association_that_ended_is_followed_by_another() -> None:
    one, two, channel = connected_pair()
    before = one.pc.sctp
    for peer in (one, two):
        peer.session.report_sctp("connected", "closed", failed=True)
        peer.run()
    assert channel.ready_state == "closed"
    refused = one.channel("too early")
    assert EventType.ERROR in one.run()
    assert refused.ready_state == "closed"
    negotiate(one, two)
    assert one.pc.sctp is not before
    assert (before.state, one.pc.sctp.state) == ("closed", "connecting")
    for peer in (one, two):
        assert len(peer.session.called("stop_sctp")) == 1
        assert len(peer.session.called("start_sctp")) == 2
    again = one.channel("again")
    one.session.report_sctp("connecting", "connected", 1024)
    assert one.run() == [STATE_CHANGE, EventType.OPEN]
    assert again.ready_state == "open"
    negotiate(one, two)
    assert len(one.session.called("start_sctp")) == 3
    assert len(one.session.called("stop_sctp")) == 1, "it runs"


def test_association_on_a_dead_transport_is_not_followed() -> None:
    one, two, _ = connected_pair()
    sctp = one.pc.sctp
    one.session.report_dtls("connected", "closed")
    one.session.report_sctp("connected", "closed")
    one.run()
    negotiate(one, two)
    assert one.pc.sctp is sctp
    assert one.session.called("stop_sctp") == []


def test_another_port_of_the_peer_is_another_association() -> None:
    one, two, channel = connected_pair()
    before = one.pc.sctp
    two.set_remote(one.set_local())
    one.set_remote({"type": "answer", "sdp": with_another_port(two.set_local().sdp)})
    types = one.run()
    assert channel.ready_state == before.state == "closed"
    assert types.count(STATE_CHANGE) == 1
    assert one.pc.sctp is not before
    assert [call[0] for call in one.session.called("start_sctp")] == [5000, 5001]
    assert len(one.session.called("open_channel")) == 1
    assert one.pc.signaling_state == "stable"


def test_another_port_in_an_offer_is_another_association() -> None:
    one, two, channel = connected_pair()
    fixed = one.channel(negotiated=True, id=8)
    one.run()
    before = one.pc.sctp
    one.set_remote({"type": "offer", "sdp": with_another_port(two.set_local().sdp)})
    assert (one.pc.sctp, channel.ready_state) == (before, "open")
    one.set_local()
    one.run()
    assert {channel.ready_state, fixed.ready_state, before.state} == {"closed"}
    assert one.pc.sctp.state == "connecting"
    assert len(one.session.called("open_channel")) == 2
    assert one.channel(negotiated=True, id=8).id == 8


def test_another_port_on_a_dead_transport_is_no_association() -> None:
    one, two, _ = connected_pair()
    sctp = one.pc.sctp
    one.session.report_dtls("connected", "closed")
    one.session.report_sctp("connected", "closed")
    one.run()
    two.set_remote(one.set_local())
    one.set_remote({"type": "answer", "sdp": with_another_port(two.set_local().sdp)})
    assert one.pc.sctp is sctp
    assert one.pc.signaling_state == "stable"


def test_section_that_is_rejected_takes_its_association_along_though_another_follows() -> None:
    one, two, channel = connected_pair()
    before = one.pc.sctp
    one.set_remote({"type": "offer", "sdp": moved(two.set_local().sdp)})
    assert (one.pc.sctp, channel.ready_state) == (before, "open")
    one.set_local()
    types = one.run()
    assert channel.ready_state == before.state == "closed"
    assert (types.count(EventType.OPEN), types.count(EventType.CLOSE)) == (0, 1)
    assert one.pc.sctp.state == "connecting"
    assert one.pc.transports.dtls == [one.pc.sctp.dtls]
    assert [len(each.called("start_sctp")) for each in one.sessions] == [1, 1]
    assert [len(each.called("stop_sctp")) for each in one.sessions] == [1, 0]
    again = one.channel("again")
    connect(one)
    again.send(b"x", 1.0)
    assert one.session.called("send") == [(again.id, b"x", False, 1.0)]


def test_section_that_takes_the_place_of_another_may_have_another_port() -> None:
    one, two, _ = connected_pair()
    offer = moved(with_another_port(two.set_local().sdp))
    one.set_remote({"type": "offer", "sdp": offer})
    one.set_local()
    assert [each.called("start_sctp") for each in one.sessions] == [[(5000,)], [(5001,)]]
    assert one.session.called("stop_sctp") == []


def test_section_that_takes_the_place_of_another_may_be_on_the_same_transport() -> None:
    one, two = media_peer("audio"), Peer(seed=2)
    channel = one.channel()
    negotiate(one, two)
    connect_first(one)
    before = one.pc.sctp
    session, audio, data = two.set_local().sdp.replace("BUNDLE 0 1", "BUNDLE 0 2").split("m=")
    again = data.replace("a=mid:1", "a=mid:2")
    sections = (session, audio, data.replace("application 9", "application 0"), again)
    one.set_remote({"type": "offer", "sdp": "m=".join(sections)})
    one.set_local()
    one.run()
    assert channel.ready_state == before.state == "closed"
    assert one.pc.sctp.dtls is before.dtls
    assert one.pc.sctp.state == "connecting"
    assert len(one.session.called("stop_sctp")) == 1
    assert len(one.session.called("start_sctp")) == 2


def test_final_answer_stays_with_the_association_of_the_provisional_one() -> None:
    one, two, _ = connected_pair()
    one.set_remote({"type": "offer", "sdp": moved(two.set_local().sdp)})
    answer = one.complete(one.pc.create_answer()).sdp
    one.set_local({"type": "pranswer", "sdp": answer})
    one.run()
    sctp, channel = one.pc.sctp, one.channel()
    one.set_local({"type": "answer", "sdp": answer})
    one.run()
    assert one.pc.sctp is sctp
    assert channel.ready_state == sctp.state == "connecting"


@pytest.mark.parametrize("state", ["connected", "closed"])
def test_rollback_finds_the_association_where_it_was(state: str) -> None:
    one, two, channel = connected_pair()
    before, transport = one.pc.sctp, one.pc.sctp.dtls
    if state == "closed":
        one.session.report_sctp("connected", "closed")
        one.run()
    one.set_remote({"type": "offer", "sdp": moved(two.set_local().sdp)})
    one.set_remote({"type": "rollback"})
    one.run()
    assert one.pc.sctp is before
    assert before.state == state
    assert before.dtls is transport
    assert one.pc.transports.dtls == [transport]
    assert channel.ready_state == ("open" if state == "connected" else "closed")
    two.set_local({"type": "rollback"})
    negotiate(one, two)
    assert (one.pc.sctp is before) == (state == "connected")


def test_offer_without_data_undoes_the_one_that_it_replaces() -> None:
    peer = Peer()
    channel = peer.channel()
    peer.set_remote(offering(2).set_local())
    sctp = peer.pc.sctp
    peer.set_remote(media_peer("audio", seed=3).set_local())
    assert peer.pc.sctp is None
    assert sctp.state == "connecting", "it is closed in a task of its own"
    peer.set_local()
    types = [*peer.run(), *(each.type for each in peer.seen)]
    assert sctp.state == "closed"
    assert channel.ready_state == "connecting"
    assert EventType.CLOSE not in types
    assert EventType.NEGOTIATION_NEEDED in types


def test_offer_without_sections_leaves_no_transport_of_the_one_that_it_replaces() -> None:
    peer = Peer()
    peer.set_remote(offering(2).set_local())
    sctp = peer.pc.sctp
    peer.set_remote(Peer(seed=3).set_local())
    peer.run()
    assert peer.session.called("close") == [()]
    assert peer.pc.transports.dtls == []
    assert sctp.state == sctp.dtls.state == sctp.dtls.ice.state == "closed"


def test_offer_takes_data_off_the_transport_where_one_that_it_replaces_wanted_it() -> None:
    one, two = media_peer("audio"), Peer(seed=2)
    negotiate(one, two)
    one.channel()
    bundled = one.set_local().sdp
    two.set_remote({"type": "offer", "sdp": bundled})
    audio = two.pc.sctp.dtls
    own = unbundled(bundled, "another1")
    two.set_remote({"type": "offer", "sdp": own})
    two.set_local()
    assert two.pc.sctp.dtls is not audio
    assert two.pc.transports.dtls == [audio, two.pc.sctp.dtls]
    told = [session.called("set_remote_credentials") for session in two.sessions]
    assert [{credentials.ufrag for credentials, *_ in calls} for calls in told] == [
        {ufrag(own)},
        {"another1"},
    ]


def test_offer_takes_data_to_the_transport_in_use_from_that_of_one_that_it_replaces() -> None:
    one, two = media_peer("audio"), Peer(seed=2)
    negotiate(one, two)
    audio = two.pc.transceivers[0].sender.transport
    one.channel()
    own = unbundled(one.set_local().sdp, "another1")
    two.set_remote({"type": "offer", "sdp": own})
    assert two.pc.sctp.dtls is not audio
    two.set_remote({"type": "offer", "sdp": own.replace("BUNDLE 0", "BUNDLE 1 0")})
    two.set_local()
    assert two.pc.transports.dtls == [audio]
    assert two.pc.sctp.dtls is two.pc.transceivers[0].sender.transport is audio


def test_offer_without_data_leaves_an_association_alone_until_it_is_answered() -> None:
    one, two, channel = connected_pair()
    sctp = one.pc.sctp
    one.set_remote({"type": "offer", "sdp": moved(two.set_local().sdp)})
    refused = two.pc.local_description.sdp.replace("a=group:BUNDLE 0\r\n", "")
    refused = re.sub("m=application [0-9]+", "m=application 0", refused)
    one.set_remote({"type": "offer", "sdp": refused})
    one.run()
    assert (one.pc.sctp, sctp.state, channel.ready_state) == (sctp, "connected", "open")
    assert one.pc.transports.dtls == [sctp.dtls]
    one.set_local()
    one.run()
    assert (one.pc.sctp, sctp.state, channel.ready_state) == (None, "closed", "closed")


def test_limit_of_a_later_answer_counts() -> None:
    one, two, _ = connected_pair()
    two.set_remote(one.set_local())
    answer = two.set_local().sdp.replace("max-message-size:262144", "max-message-size:1000")
    one.set_remote({"type": "answer", "sdp": answer})
    assert one.pc.sctp.max_message_size == 1000


def test_final_answer_may_not_move_a_running_association() -> None:
    one, two = media_peer("audio"), Peer(seed=2)
    one.channel()
    two.set_remote(one.set_local())
    bundled = two.set_local().sdp
    one.set_remote({"type": "pranswer", "sdp": NO_BUNDLE.sub("", bundled)})
    assert len(one.pc.transports.dtls) == 2
    with pytest.raises(InvalidAccessError, match="another transport"):
        one.set_remote({"type": "answer", "sdp": bundled})
    one.set_remote({"type": "answer", "sdp": NO_BUNDLE.sub("", bundled)})
    assert len(one.pc.transports.dtls) == 2


def test_offer_under_max_bundle_has_data_on_the_first_transport_at_once() -> None:
    one = media_peer("audio", configuration=Configuration(bundle_policy=BundlePolicy.MAX_BUNDLE))
    one.channel()
    one.set_local()
    assert one.pc.sctp.dtls is one.pc.transceivers[0].sender.transport


def connect_first(peer: Peer) -> None:
    """Let the newest session be the one in use, and connect it."""
    peer.sessions[1:] = []
    connect(peer)


def unbundled(sdp: str, own: str) -> str:
    """An offer of audio and bundled data with the data on a transport with the ufrag ``own``."""
    text = sdp.replace("BUNDLE 0 1", "BUNDLE 0").replace("a=bundle-only\r\n", "")
    audio, data = text.split("m=application 0")
    return f"{audio}m=application 9{data.replace(ufrag(sdp), own)}"
