import pytest

from frazil.dtls import DtlsFailure
from frazil.errors import RTCError, RTCErrorDetail
from frazil.peer.event import EventType
from frazil.session.event import RemoteCloseCause, RemoteClosed
from support.peer_pair import Peer, connected_pair, negotiate

STATE, CONNECTION = EventType.STATE_CHANGE, EventType.CONNECTION_STATE_CHANGE


def ice_connected() -> Peer:
    one, two = Peer("one", 1), Peer("two", 2)
    one.channel()
    negotiate(one, two)
    one.session.report_ice("new", "checking")
    one.session.report_ice("checking", "connected")
    one.run()
    one.seen.clear()
    return one


def test_connection_state_follows_dtls_in_a_task_of_its_own() -> None:
    peer = ice_connected()
    peer.session.report_dtls("new", "connecting")
    assert peer.tasks() == [[STATE]]
    peer.session.report_dtls("connecting", "connected", (b"leaf", b"root"))
    assert peer.tasks() == [[STATE], [CONNECTION]]
    dtls = peer.pc.sctp.dtls
    assert dtls.remote_certificates == (b"leaf", b"root")
    assert [each.connection for each in peer.seen] == ["connecting", "connecting", "connected"]


def test_c20_ice_alone_is_not_connected() -> None:
    assert ice_connected().pc.connection_state == "connecting"


def test_q1_completed_ice_stays_connected() -> None:
    one, _, _ = connected_pair()
    one.session.report_ice("connected", "completed")
    assert one.run() == [STATE, EventType.ICE_CONNECTION_STATE_CHANGE]
    assert one.pc.connection_state == "connected"


@pytest.mark.parametrize(
    ("detail", "alerts"),
    [
        (RTCErrorDetail.DTLS_FAILURE, (40, 42)),
        (RTCErrorDetail.FINGERPRINT_FAILURE, (None, None)),
    ],
)
def test_failure_fires_error_then_statechange_then_connection(detail, alerts) -> None:
    peer = ice_connected()
    failure = DtlsFailure(detail, "no", received_alert=40, sent_alert=42)
    peer.session.report_dtls("connecting", "failed", failure=failure)
    assert peer.tasks() == [[EventType.ERROR, STATE], [CONNECTION]]
    error = peer.seen[0].payload
    assert isinstance(error, RTCError)
    assert (error.errorDetail, error.receivedAlert, error.sentAlert) == (detail, *alerts)
    assert peer.pc.connection_state == "failed"
    peer.session.report_dtls("failed", "closed")
    assert peer.run() == []
    assert peer.pc.sctp.dtls.state == "failed"


def test_q3_close_notify_closes_dtls_and_leaves_the_rest_to_the_table() -> None:
    one, _, _ = connected_pair()
    one.seen.clear()
    one.session.report_dtls("connected", "closed")
    one.session.events.append(RemoteClosed(RemoteCloseCause.CLOSE_NOTIFY))
    assert one.tasks() == [[STATE], [EventType.REMOTE_CLOSE]]
    assert one.seen[1].payload is RemoteCloseCause.CLOSE_NOTIFY
    assert one.seen[1].target is None
    assert one.pc.connection_state == "connected"
    assert not one.pc.is_closed
