"""The signalling table, cell by cell, on whole connections."""

import pytest

from frazil.errors import InvalidStateError
from frazil.peer.description_init import DescriptionInit
from frazil.peer.signaling import SdpType, Side, edge
from frazil.states.enums import RTCSignalingState as State
from support.peer_pair import Peer

COLUMNS = [(side, kind) for side in Side for kind in SdpType]

# Transcribed from webrtc-pc and RFC 9429; None stands for InvalidStateError.
TABLE = {
    State.STABLE: {
        (Side.LOCAL, SdpType.OFFER): State.HAVE_LOCAL_OFFER,
        (Side.REMOTE, SdpType.OFFER): State.HAVE_REMOTE_OFFER,
    },
    State.HAVE_LOCAL_OFFER: {
        (Side.LOCAL, SdpType.OFFER): State.HAVE_LOCAL_OFFER,
        (Side.LOCAL, SdpType.ROLLBACK): State.STABLE,
        (Side.REMOTE, SdpType.OFFER): State.HAVE_REMOTE_OFFER,
        (Side.REMOTE, SdpType.PRANSWER): State.HAVE_REMOTE_PRANSWER,
        (Side.REMOTE, SdpType.ANSWER): State.STABLE,
    },
    State.HAVE_REMOTE_OFFER: {
        (Side.LOCAL, SdpType.PRANSWER): State.HAVE_LOCAL_PRANSWER,
        (Side.LOCAL, SdpType.ANSWER): State.STABLE,
        (Side.REMOTE, SdpType.OFFER): State.HAVE_REMOTE_OFFER,
        (Side.REMOTE, SdpType.ROLLBACK): State.STABLE,
    },
    State.HAVE_LOCAL_PRANSWER: {
        (Side.LOCAL, SdpType.PRANSWER): State.HAVE_LOCAL_PRANSWER,
        (Side.LOCAL, SdpType.ANSWER): State.STABLE,
    },
    State.HAVE_REMOTE_PRANSWER: {
        (Side.REMOTE, SdpType.PRANSWER): State.HAVE_REMOTE_PRANSWER,
        (Side.REMOTE, SdpType.ANSWER): State.STABLE,
    },
    State.CLOSED: {},
}


def peer_in(state: State) -> Peer:
    """A connection in ``state``."""
    peer, other = Peer(seed=1), Peer(seed=2)
    peer.channel()
    other.channel()
    if state is State.CLOSED:
        peer.pc.close(0.0)
    elif state in (State.HAVE_LOCAL_OFFER, State.HAVE_REMOTE_PRANSWER):
        other.set_remote(peer.set_local())
        if state is State.HAVE_REMOTE_PRANSWER:
            peer.set_remote(other.set_local({"type": "pranswer"}))
    elif state is not State.STABLE:
        peer.set_remote(other.set_local())
        if state is State.HAVE_LOCAL_PRANSWER:
            peer.set_local({"type": "pranswer"})
    assert peer.pc.signaling_state is state
    return peer


def remote_description(peer: Peer, kind: SdpType) -> DescriptionInit:
    """A description of ``kind`` from somebody who fits ``peer``."""
    other = Peer(seed=2)
    if kind is SdpType.ROLLBACK:
        return DescriptionInit(kind)
    if kind is SdpType.OFFER:
        other.channel()
        return other.set_local()
    offer = peer.pc.pending_local_description
    if offer is None or offer.type is not SdpType.OFFER:
        offering = Peer(seed=4)
        offering.channel()
        offer = offering.set_local()
    other.set_remote({"type": "offer", "sdp": offer.sdp})
    return DescriptionInit(kind, other.set_local().sdp)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize(("side", "kind"), COLUMNS)
def test_cell(state: State, side: Side, kind: SdpType) -> None:
    peer = peer_in(state)
    if side is Side.LOCAL:
        operation = peer.pc.set_local_description({"type": kind})
    else:
        operation = peer.pc.set_remote_description(remote_description(peer, kind))
    after = TABLE[state].get((side, kind))
    if after is None:
        with pytest.raises(InvalidStateError):
            peer.complete(operation)
        assert peer.pc.signaling_state is state
    else:
        peer.complete(operation)
        assert peer.pc.signaling_state is after


def test_refusal_says_what_is_allowed() -> None:
    with pytest.raises(InvalidStateError, match="takes local offer or remote offer"):
        edge(State.STABLE, Side.LOCAL, SdpType.ANSWER)
    with pytest.raises(InvalidStateError, match="takes no description any more"):
        edge(State.CLOSED, Side.LOCAL, SdpType.OFFER)


def test_every_move_is_recorded_with_its_clause() -> None:
    peer, other = Peer(seed=1), Peer(seed=2)
    peer.channel()
    other.set_remote(peer.set_local())
    peer.set_remote(other.set_local())
    changes = [c for c in peer.pc.state_history if c.machine == "signaling"]
    assert [(c.old, c.new, c.reason.cause) for c in changes] == [
        ("stable", "have-local-offer", "local-offer"),
        ("have-local-offer", "stable", "remote-answer"),
    ]
    assert all("RFC 9429" in change.reason.rule for change in changes)


def test_an_answer_that_comes_twice_is_told_of() -> None:
    for kind in (SdpType.ANSWER, SdpType.PRANSWER):
        with pytest.raises(InvalidStateError, match=r"; the offer was answered before, or there"):
            edge(State.STABLE, Side.REMOTE, kind)
    with pytest.raises(InvalidStateError, match=r"takes local offer or remote offer$"):
        edge(State.STABLE, Side.REMOTE, SdpType.ROLLBACK)
