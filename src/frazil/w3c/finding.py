"""What was observed of a connection that did not come about, one sentence each."""

from frazil.peer.connection import PeerConnection
from frazil.states.enums import RTCDtlsTransportState, RTCIceTransportState, RTCSignalingState
from frazil.trace import StateChange


def findings(peer: PeerConnection) -> list[str]:
    """The most telling observations first."""
    sentences = [*_signalling(peer), *_transports(peer)]
    last = _last(peer, "ice-transport")
    if last is not None:
        facts = ", ".join(f"{name}={value}" for name, value in last.reason.evidence)
        sentences.append(f"ICE is {last.new} because {last.reason.text} ({facts})")
    return sentences


def _signalling(peer: PeerConnection) -> list[str]:
    if peer.is_closed:
        return ["close() was called on this side"]
    if peer.local_description is None or peer.remote_description is None:
        missing = "local" if peer.local_description is None else "remote"
        return [f"no {missing} description was set: offer and answer were not exchanged"]
    if peer.signaling_state is RTCSignalingState.HAVE_LOCAL_OFFER:
        return ["the offer was never answered: setRemoteDescription was not called with an answer"]
    return []


def _transports(peer: PeerConnection) -> list[str]:
    sentences = []
    for dtls in peer.transports.dtls:
        ice = dtls.ice
        waiting = (RTCIceTransportState.NEW, RTCIceTransportState.CHECKING)
        if ice.state in waiting and not ice.remote_candidates:
            sentences.append(
                "no candidate of the peer was signalled: forward every icecandidate event of the "
                "peer to addIceCandidate, or signal after its gathering is complete"
            )
        if ice.state in waiting and not ice.local_candidates:
            sentences.append("no local candidate was found: is there a network interface?")
        if dtls.state is RTCDtlsTransportState.FAILED:
            change = _last(peer, "dtls-transport")
            sentences.append(change.reason.text if change else "the DTLS handshake failed")
        elif dtls.state is RTCDtlsTransportState.CONNECTING:
            sentences.append("ICE works, but the DTLS handshake has not finished")
    return sentences


def _last(peer: PeerConnection, machine: str) -> StateChange | None:
    changes = [each for each in peer.state_history if each.machine.startswith(machine)]
    return changes[-1] if changes else None
