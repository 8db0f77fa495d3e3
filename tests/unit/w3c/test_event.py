import pytest

from frazil import (
    Event,
    MessageEvent,
    RTCDataChannelEvent,
    RTCError,
    RTCErrorEvent,
    RTCIceCandidate,
    RTCPeerConnectionIceErrorEvent,
    RTCPeerConnectionIceEvent,
    RTCRemoteCloseEvent,
)
from frazil.errors import RTCErrorDetail
from frazil.ice import CandidateError
from frazil.peer.candidate_init import CandidateInit
from frazil.peer.event import EventType, Fired
from frazil.session.event import RemoteCloseCause
from frazil.w3c.event_factory import make_event

LINE = "candidate:1 1 udp 2130706431 192.0.2.1 5000 typ srflx raddr 10.0.0.1 rport 5000"
INIT = CandidateInit(LINE, "0", 0, "abcd", "stun:192.0.2.9")
ERROR = RTCError("no", RTCErrorDetail.DTLS_FAILURE)
SERVER_ERROR = CandidateError("stun:192.0.2.9", 701, "unreachable", ("10.0.0.1", 5000))


def event_of(kind: EventType, payload: object = None) -> Event:
    return make_event(Fired("slots", kind, payload), "target", lambda slots: f"public {slots}")


@pytest.mark.parametrize(
    ("kind", "payload", "cls", "bare"),
    [
        (EventType.MESSAGE, b"", MessageEvent, b""),
        (EventType.MESSAGE, "text", MessageEvent, "text"),
        (EventType.DATA_CHANNEL, "channel", RTCDataChannelEvent, "public channel"),
        (EventType.ERROR, ERROR, RTCErrorEvent, ERROR),
        (EventType.ICE_CANDIDATE, None, RTCPeerConnectionIceEvent, None),
        (
            EventType.ICE_CANDIDATE,
            INIT,
            RTCPeerConnectionIceEvent,
            RTCIceCandidate({**INIT.to_dict()}),
        ),
        (EventType.REMOTE_CLOSE, RemoteCloseCause.SCTP_ABORT, RTCRemoteCloseEvent, "sctp-abort"),
    ],
)
def test_an_event_carries_what_it_is_about(kind, payload, cls, bare):
    event = event_of(kind, payload)
    assert type(event) is cls
    assert (event.type, event.target) == (str(kind), "target")
    (found,) = event.payload
    if isinstance(bare, RTCIceCandidate):
        assert found.toJSON() == bare.toJSON()
        assert found.url == "stun:192.0.2.9"
    else:
        assert found == bare


@pytest.mark.parametrize(
    "kind",
    [
        EventType.OPEN,
        EventType.CLOSE,
        EventType.CLOSING,
        EventType.STATE_CHANGE,
        EventType.NEGOTIATION_NEEDED,
        EventType.BUFFERED_AMOUNT_LOW,
    ],
)
def test_other_events_carry_nothing(kind):
    event = event_of(kind)
    assert type(event) is Event
    assert event.payload == ()
    assert repr(event) == f"Event(type={str(kind)!r})"


def test_a_server_that_failed_is_told_with_all_that_is_known():
    event = event_of(EventType.ICE_CANDIDATE_ERROR, SERVER_ERROR)
    assert isinstance(event, RTCPeerConnectionIceErrorEvent)
    assert event.payload == (event,)
    assert (event.address, event.port) == ("10.0.0.1", 5000)
    assert (event.url, event.errorCode, event.errorText) == ("stun:192.0.2.9", 701, "unreachable")


def test_a_server_that_was_never_asked_has_no_local_address():
    error = CandidateError("stun:no.example", 701, "cannot be resolved", None)
    event = event_of(EventType.ICE_CANDIDATE_ERROR, error)
    assert event.address is event.port is None
