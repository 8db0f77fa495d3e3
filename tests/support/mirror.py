"""Whether both ends use the same pair."""

from frazil import RTCIceCandidate
from frazil.testing import Packet
from support.scenario import Peer, Stage
from support.wire import is_dtls, receiver_view, sender_view


def assert_mirrored(one: Peer, other: Peer) -> None:
    """Each end's local candidate has to be the other's remote one.

    The address of a candidate that was never signalled is not shown (webrtc-pc 5.6.3). A NAT that
    has forgotten may give the port of one that was to another: only the end behind it knows. So
    may the relay of that one become the relay of the other.
    """
    ours, theirs = one.ice.getSelectedCandidatePair(), other.ice.getSelectedCandidatePair()
    assert ours is not None, one.name
    assert theirs is not None, other.name
    ends = ((one, ours.local, theirs.remote), (other, theirs.local, ours.remote))
    for owner, local, remote in ends:
        if local.type == "prflx" and _is_of_another(owner, remote):
            continue
        assert local.type == remote.type, (local, remote)
        if remote.address is not None:
            assert (local.address, local.port) == (remote.address, remote.port)


def _is_of_another(owner: Peer, candidate: RTCIceCandidate) -> bool:
    """Whether a candidate was signalled for another address than is in use."""
    (stack,) = owner.pc._peer.transports.stacks
    path = stack.session.ice.path
    assert path is not None
    match candidate.type:
        case "srflx":
            return (candidate.relatedAddress, candidate.relatedPort) != path[0]
        case "relay":
            return (candidate.address, candidate.port) != path[0]
    return False


def assert_one_path(stage: Stage, since: float) -> None:
    """What was secured since then came the way of the answers, in reverse.

    That is what the ends of a pair are, seen on the wire: what one sends from and to, as it knows
    the addresses, is what the other's packets arrive at and come from.
    """
    packets = [each for each in stage.net.packets if each.sent_at >= since and is_dtls(each)]
    sent, received = _views(packets)
    assert len(sent) == 2, sent
    assert sent == received


def _views(packets: list[Packet]) -> tuple[set[object], set[object]]:
    return {sender_view(each) for each in packets}, {receiver_view(each) for each in packets}
