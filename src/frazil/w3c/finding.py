"""What was observed of a connection that did not come about, one sentence each."""

from collections.abc import Sequence
from typing import Final

from frazil.peer.candidate_init import CandidateInit
from frazil.peer.connection import PeerConnection
from frazil.peer.transport import DtlsTransport
from frazil.states.enums import (
    RTCDtlsTransportState,
    RTCIceTransportState,
    RTCSignalingState,
)
from frazil.trace import StateChange
from frazil.w3c.candidate import RTCIceCandidate

_Ice = RTCIceTransportState
_MAX_LISTED: Final = 5
"""Candidates named in one sentence."""

_SIGNALLING: Final = {
    RTCSignalingState.HAVE_LOCAL_OFFER: (
        "the offer was never answered: setRemoteDescription was not called with the peer's answer"
    ),
    RTCSignalingState.HAVE_REMOTE_OFFER: (
        "the peer's offer was never answered: call setLocalDescription and signal the answer"
    ),
    RTCSignalingState.HAVE_LOCAL_PRANSWER: "our answer was provisional only",
    RTCSignalingState.HAVE_REMOTE_PRANSWER: "the peer's answer was provisional only",
}

_ADVICE: Final = {
    _Ice.DISCONNECTED: (
        "the path may come back by itself: watch it for some seconds before calling restartIce()"
    ),
    _Ice.FAILED: (
        "it stays failed until an ICE restart: once the cause is gone, call restartIce() on either "
        "side and negotiate again"
    ),
}
"""What webrtc-pc recommends about a path that is lost (RTCIceTransportState, notes)."""


def findings(peer: PeerConnection) -> list[str]:
    """The observations that explain why ``peer`` is not connected, the most telling first."""
    if peer.is_closed:
        return ["close() was called on this side"]
    signalling = _signalling(peer)
    if signalling:
        return signalling
    return [sentence for dtls in peer.transports.dtls for sentence in _transport(peer, dtls)]


def _signalling(peer: PeerConnection) -> list[str]:
    unfinished = _SIGNALLING.get(peer.signaling_state)
    if unfinished is not None:
        return [unfinished]
    if peer.local_description is None:
        return ["no description was set: offer and answer were not exchanged"]
    if not peer.transports.dtls:
        return ["the descriptions agree on no data channel: call createDataChannel first"]
    return []


def _transport(peer: PeerConnection, dtls: DtlsTransport) -> list[str]:
    if dtls.state is RTCDtlsTransportState.FAILED:
        change = _last(peer, f"dtls-transport {dtls.ice.name}")
        return [change.reason.text if change else "the DTLS handshake failed"]
    if dtls.ice.state in (_Ice.CONNECTED, _Ice.COMPLETED):
        if dtls.state is RTCDtlsTransportState.CONNECTED:
            return []  # another transport is to blame
        return [f"ICE works, but the DTLS handshake has not finished: DTLS is {dtls.state}"]
    advice = _ADVICE.get(dtls.ice.state)
    return [*_path(peer, dtls), *_ice_reason(peer, dtls), *([advice] if advice else [])]


def _path(peer: PeerConnection, dtls: DtlsTransport) -> list[str]:
    ours, theirs = dtls.ice.local_candidates, dtls.ice.remote_candidates
    sentences = []
    if not theirs:
        sentences.append(
            "no candidate of the peer was signalled: forward every icecandidate event of the peer "
            "to addIceCandidate, or let it signal after its gathering is complete"
        )
    if not ours:
        sentences.append("no local candidate was found: is there a network interface?")
    if ours and theirs and not _has_worked(peer, dtls):
        sentences.append(
            "no address of the peer has answered, so a firewall or NAT is in the way or the peer "
            f"is not there: tried from {_list(ours)} to {_list(theirs)}"
        )
        if not peer.configuration.ice_servers:
            sentences.append(
                "no ICE server is configured: across the internet at least a STUN server is needed"
            )
    return sentences


def _ice_reason(peer: PeerConnection, dtls: DtlsTransport) -> list[str]:
    last = _last(peer, f"ice-transport {dtls.ice.name}")
    if last is None:
        return []
    facts = ", ".join(f"{name}={value}" for name, value in last.reason.evidence)
    return [f"ICE is {last.new} because {last.reason.text} ({facts})"]


def _has_worked(peer: PeerConnection, dtls: DtlsTransport) -> bool:
    machine = f"ice-transport {dtls.ice.name}"
    return any(
        change.machine == machine and change.new == _Ice.CONNECTED for change in peer.state_history
    )


def _last(peer: PeerConnection, machine: str) -> StateChange | None:
    changes = [each for each in peer.state_history if each.machine == machine]
    return changes[-1] if changes else None


def _list(candidates: Sequence[CandidateInit]) -> str:
    """Addresses and types, at most a handful."""
    shown = [RTCIceCandidate._of(init) for init in candidates[:_MAX_LISTED]]
    names = [f"{each.address} port {each.port} ({each.type})" for each in shown]
    more = len(candidates) - len(shown)
    return ", ".join(names) + (f" and {more} more" if more else "")
