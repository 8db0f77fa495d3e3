"""Every verdict there can be, the one that explains most first. The reference page follows."""

from typing import Final

from frazil.explain.finding import FindingKind

_RESTART: Final = (
    "Once the cause is gone, call restartIce() on either side and negotiate again: a failed "
    "transport stays failed until then."
)

_SIGNALLING: Final = (
    FindingKind(
        "peer",
        "FZ-SIG-NONE",
        "No description was set: offer and answer were not exchanged.",
        "Call setLocalDescription() on one side and carry the descriptions to and fro.",
    ),
    FindingKind(
        "peer",
        "FZ-SIG-REFUSED",
        "A description was refused, and none was applied after it.",
        "The error, which the method raised as well, says why. Carry descriptions unchanged, and "
        "apply each once, to the connection that it is meant for.",
    ),
    FindingKind(
        "peer",
        "FZ-SIG-NO-ANSWER",
        "Our offer was never answered.",
        "Call setRemoteDescription() with the peer's answer; check that signalling carries it.",
    ),
    FindingKind(
        "peer",
        "FZ-SIG-ANSWER-DUE",
        "The offer of the peer was never answered.",
        "Call setLocalDescription() and send the answer to the peer.",
    ),
    FindingKind(
        "peer",
        "FZ-SIG-ANSWER-LOST",
        "The peer answers checks and sends none: our answer did not arrive there, or was refused.",
        "Carry the answer to the peer, and call setRemoteDescription() with it there: the error "
        "that this may raise says why it was refused.",
    ),
    FindingKind(
        "peer",
        "FZ-SIG-PROVISIONAL",
        "The offer has a provisional answer only.",
        "Follow the pranswer with an answer.",
    ),
    FindingKind(
        "peer",
        "FZ-SIG-NOTHING-AGREED",
        "The descriptions agree on nothing that needs a connection.",
        "Call createDataChannel() or addTransceiver() before the offer is made.",
    ),
    FindingKind(
        "ice",
        "FZ-SIG-STALE",
        "Checks arrive, but with other credentials than signalling says.",
        "A description is stale or belongs to another session: apply the newest offer and answer "
        "on both sides, once each, and never reuse them.",
    ),
)

_ABOVE_ICE: Final = (
    FindingKind(
        "peer",
        "FZ-PEER-CLOSED",
        "The peer closed the connection.",
        "Nothing is wrong with the network: ask the application at the other end.",
    ),
    FindingKind(
        "dtls",
        "FZ-DTLS-FINGERPRINT",
        "The certificate is not the one that signalling promised.",
        "Carry descriptions unchanged, and let no two connections share a signalling channel: the "
        "a=fingerprint line must come from the peer that answers the checks.",
    ),
    FindingKind(
        "dtls",
        "FZ-DTLS-ROLE",
        "Both ends take the same part in the DTLS handshake.",
        "Do not change a=setup: an offer says actpass, and the answer says active or passive.",
    ),
    FindingKind(
        "dtls",
        "FZ-DTLS-MTU",
        "Small DTLS messages get through, but the handshake does not get on: large ones are lost.",
        "Look at the MTU of tunnels and VPNs on the path; ECDSA certificates are smaller.",
    ),
    FindingKind(
        "dtls",
        "FZ-DTLS-NO-ANSWER",
        "ICE works, but nothing of the DTLS handshake arrives.",
        "Look whether the peer has failed, whether a firewall lets nothing but STUN pass, and "
        "whether a=setup arrives as it was sent.",
    ),
    FindingKind(
        "dtls",
        "FZ-DTLS-ALERT",
        "The peer broke the DTLS handshake or the association off.",
        "The alert says why; a handshake_failure means that no version or cipher suite is common.",
    ),
    FindingKind(
        "dtls",
        "FZ-DTLS-VIOLATED",
        "What arrived is not a DTLS association that can go on.",
        "Update the peer; if it is recent, report this with a recording.",
    ),
    FindingKind(
        "sctp",
        "FZ-SCTP-ABORTED",
        "The SCTP association was aborted.",
        "Look at the log of the peer: it ended the data channels by an error, and not by close().",
    ),
    FindingKind(
        "sctp",
        "FZ-SCTP-STALLED",
        "The peer acknowledges no data any more, though the path works.",
        "The peer's application or its SCTP hangs: look whether its event loop is blocked.",
    ),
    FindingKind(
        "sctp",
        "FZ-SCTP-NO-ANSWER",
        "DTLS works, but SCTP gets no answer.",
        "Look whether the peer supports data channels, and whether a=sctp-port reached it as sent.",
    ),
)

_PATH_LOST: Final = (
    FindingKind(
        "ice",
        "FZ-NET-INTERFACE-LOST",
        "The network interface in use went away, and no other path was left.",
        "Negotiate an ICE restart when a network is back, or pass recovery='restart'.",
    ),
    FindingKind(
        "turn",
        "FZ-TURN-LOST",
        "The TURN server dropped the relay in use.",
        "Look at the server: was it restarted, or did the credentials expire?",
    ),
    FindingKind(
        "ice",
        "FZ-ICE-STREAM-LOST",
        "The TCP connection that carried everything ended.",
        "Look for proxies and firewalls that limit how long a connection lives. " + _RESTART,
    ),
    FindingKind(
        "ice",
        "FZ-LOOP-STOOD-STILL",
        "This program stood still for so long that the path was lost.",
        "Look for a call that blocks the event loop, which asyncio.run(main(), debug=True) names, "
        "or for what stopped the process, its container or the machine. " + _RESTART,
    ),
    FindingKind(
        "ice",
        "FZ-ICE-PATH-ONE-WAY",
        "The path was lost in one direction: the peer is heard, but does not answer us.",
        "Look for a firewall or NAT near this host that changed its mind. " + _RESTART,
    ),
    FindingKind(
        "ice",
        "FZ-ICE-CONSENT-LOST",
        "The path worked and was lost: the peer is gone, or its network is.",
        _RESTART + " NATs that forget within 30 s are kept awake by any traffic.",
    ),
    FindingKind(
        "ice",
        "FZ-ICE-CONSENT-REVOKED",
        "The peer answered that it does not want to hear from us on this path any more.",
        "Ask why on its side: mostly no answers of ours arrived for 30 s, or its program hung for "
        "so long. " + _RESTART,
    ),
    FindingKind(
        "ice",
        "FZ-ICE-SILENT",
        "The path worked, and the peer is silent now.",
        "It often heals by itself: watch it for some seconds before calling restartIce().",
    ),
)

_NO_PATH: Final = (
    FindingKind(
        "ice",
        "FZ-NET-NO-ADDRESS",
        "This host has no address that can be used.",
        "Connect it to a network; look at ip_handling in IceOptions, and at filters on interfaces "
        "and families there.",
    ),
    FindingKind(
        "ice",
        "FZ-NET-BIND",
        "No socket could be opened.",
        "Look for another program on the port, at the port range in IceOptions, at the right to "
        "bind ports below 1024, at limits on open files, and at the sandbox.",
    ),
    FindingKind(
        "ice",
        "FZ-ICE-REFUSED",
        "Every address of the peer was refused here, by its port or by the application.",
        "If packets may go there, pass IceOptions(allow_privileged_ports=True) where it says "
        "privileged-port, and have remote_candidate_filter take it where it says filtered.",
    ),
    FindingKind(
        "ice",
        "FZ-SIG-CANDIDATES-LOST",
        "Signalling brings no candidate of the peer, and no end of them either.",
        "Forward every icecandidate event of the peer to addIceCandidate(), the last one included, "
        "or let the peer wait for gathering_complete() before it sends its description.",
    ),
    FindingKind(
        "ice",
        "FZ-ICE-NO-REMOTE",
        "The peer has no candidate: it found no address of its own.",
        "Look at the network of the peer, and at its policy: relay without a relay gives none.",
    ),
    FindingKind(
        "ice",
        "FZ-ICE-ROLE-LOOP",
        "Both ends claim the same ICE role and do not settle it.",
        "Update the peer: it does not resolve role conflicts (RFC 8445 7.3.1.1).",
    ),
    FindingKind(
        "ice",
        "FZ-ICE-MDNS",
        "The peer hides its addresses behind .local names that cannot be resolved here.",
        "Give the peer a STUN or TURN server, or let the page ask for the microphone: a browser "
        "then tells its addresses.",
    ),
    FindingKind(
        "ice",
        "FZ-NET-UDP-BLOCKED",
        "No server answers over UDP: this network lets no UDP out.",
        "Configure a TURN server over TLS at port 443 (turns:...:443), or open UDP.",
    ),
)

_TURN: Final = (
    FindingKind(
        "turn",
        "FZ-TURN-401",
        "The TURN server does not accept the username or the password.",
        "Check the credentials; those made by a service expire, often after a day or less.",
    ),
    FindingKind(
        "turn",
        "FZ-TURN-403",
        "The TURN server forbids the relay by its policy.",
        "Ask who runs it whether this user and this network may use it.",
    ),
    FindingKind(
        "turn",
        "FZ-TURN-437",
        "The TURN server has another allocation for our port, or lost ours.",
        "Use another port range than before, and look whether a NAT or balancer mixes up clients.",
    ),
    FindingKind(
        "turn",
        "FZ-TURN-438",
        "The TURN server calls each of its own nonces stale.",
        "Servers behind a balancer must share their nonces, or keep each client on one server.",
    ),
    FindingKind(
        "turn",
        "FZ-TURN-486",
        "The user has as many allocations as the TURN server allows.",
        "Raise the quota, close old connections, or use credentials of their own for each session.",
    ),
    FindingKind(
        "turn",
        "FZ-TURN-508",
        "The TURN server has no capacity or no port left.",
        "Widen its port range (min-port, max-port) or add a server.",
    ),
    FindingKind(
        "turn",
        "FZ-TURN-REFUSED",
        "The TURN server refused with another error.",
        "The text says which; look at the log of the server.",
    ),
    FindingKind(
        "turn",
        "FZ-TURN-TLS",
        "No TLS connection to the TURN server can be made.",
        "Look at its certificate: it must be valid for the name in the URL, and the port be TLS.",
    ),
    FindingKind(
        "turn",
        "FZ-TURN-NAME",
        "The name of a STUN or TURN server cannot be resolved.",
        "Check the spelling, and the DNS of this host or container.",
    ),
    FindingKind(
        "turn",
        "FZ-TURN-UNREACHABLE",
        "The TURN server does not answer.",
        "Check host and port, and whether a firewall blocks them: of UDP, TCP (?transport=tcp) and "
        "TLS (turns:) one may get out that another does not.",
    ),
    FindingKind(
        "turn",
        "FZ-TURN-PEER",
        "The TURN server does not relay to any address of the peer.",
        "Allow one on the server (denied-peer-ip), or give the peer a relay, too.",
    ),
)

_UNANSWERED: Final = (
    FindingKind(
        "ice",
        "FZ-ICE-RELAY-ONLY",
        "Only relays may be used, and there is none.",
        "Configure a TURN server that works, or do not set iceTransportPolicy to relay.",
    ),
    FindingKind(
        "ice",
        "FZ-ICE-NO-PAIR",
        "None of our addresses can reach any of the peer's: they differ in family, scope or "
        "transport.",
        "Both sides need IPv4, or IPv6, with an address beyond their own machine, and UDP; a TURN "
        "server that has both families stands in for that.",
    ),
    FindingKind(
        "ice",
        "FZ-ICE-ONE-WAY",
        "Checks of the peer arrive, but ours get no answer: one direction is blocked.",
        "Look for a firewall that lets this host receive but not send, or the peer send only.",
    ),
    FindingKind(
        "ice",
        "FZ-STUN-UNREACHABLE",
        "The STUN server does not answer, so our public address is unknown.",
        "Check host and port, and whether a firewall blocks outgoing UDP.",
    ),
    FindingKind(
        "ice",
        "FZ-NET-UNTOLD",
        "The peer is told of no address of this host.",
        "Look at mdns and ip_handling in IceOptions, which hide addresses, or configure a STUN or "
        "TURN server.",
    ),
    FindingKind(
        "ice",
        "FZ-ICE-PRIVATE-ONLY",
        "One side has only told private addresses, and they are not of a network we share.",
        "Give that side a STUN server, and a TURN server for strict NATs.",
    ),
    FindingKind(
        "ice",
        "FZ-ICE-RELAY-NEEDED",
        "NATs are in the way, only a relay would work, and none is configured.",
        "Configure a TURN server on either side.",
    ),
    FindingKind(
        "ice",
        "FZ-ICE-UNANSWERED",
        "No check was answered: a firewall blocks UDP, or the peer is not there.",
        "Open inbound UDP on both sides (in a container, publish the ports or use the host's "
        "network), or configure a TURN server. " + _RESTART,
    ),
    FindingKind(
        "ice",
        "FZ-NAT-BINDING-EXPIRED",
        "A NAT forgot us and gave this host another public address.",
        "Send something more often than the NAT forgets, mostly 30 s; nothing, if it healed.",
    ),
    FindingKind(
        "sctp",
        "FZ-SCTP-CONGESTED",
        "Data is lost or delayed again and again: the channels send more than the path carries.",
        "Watch bufferedAmount and wait for bufferedamountlow before sending more.",
    ),
    FindingKind(
        "peer",
        "FZ-API-CLOSED",
        "close() was called on this side before there was a connection.",
        "Look for who calls close(), or leaves the `async with` block, too early.",
    ),
)

FINDINGS: Final[dict[str, FindingKind]] = {
    kind.code: kind
    for kind in (*_SIGNALLING, *_ABOVE_ICE, *_PATH_LOST, *_NO_PATH, *_TURN, *_UNANSWERED)
}
"""By code, in the order in which findings are ranked."""
