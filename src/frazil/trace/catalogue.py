"""Every event there is. The reference page and the check of each record follow from this table."""

from typing import Final

from frazil.trace.event import EventKind, event, routine

_PAIR: Final = "local base and remote address of the candidate pair"
_CODE: Final = "STUN error code; none if nobody sent one"
_METHOD: Final = "what was asked for, as the RFC calls it, in lower case"
_STATE: Final = {
    "machine": "which state machine",
    "old": "the state before",
    "new": "the state after",
    "cause": "the cause, for machines",
    "rule": "the clause that demands it",
    "text": "the cause, for people",
    "evidence": "named facts behind it",
    "deadline_at": "the deadline that fired, if a timer was the cause",
    "next_deadline_at": "when the state will be judged again if nothing else happens",
}

_API: Final = (
    event(
        "api",
        "configured",
        "The connection was made, or `setConfiguration` called.",
        servers="URLs of the ICE servers, separated by spaces",
        policy="the ICE transport policy",
        bundle="the bundle policy",
    ),
    event(
        "api",
        "called",
        "The application called `createOffer`, `createAnswer`, `setLocalDescription`, "
        "`setRemoteDescription`, `restartIce`, `addTransceiver`, `createDataChannel` or `close`; "
        "other calls are not recorded.",
        method="the W3C name",
        detail="what tells this call from others, such as the type of a description",
    ),
    event(
        "api",
        "rejected",
        "A method failed.",
        method="the W3C name",
        error="the name of the error",
        text="its message",
    ),
)

_PEER: Final = (
    event(
        "peer",
        "state-changed",
        "A state that the application can read was written.",
        **_STATE,
    ),
    event(
        "peer",
        "description-applied",
        "A local or remote description is in force.",
        side="local or remote",
        type="offer, answer, pranswer or rollback",
        sections="number of m-sections",
    ),
    event(
        "peer",
        "recovery",
        "The path is lost: the next offer restarts ICE.",
        attempt="its number since a path was steady",
    ),
)

_ICE: Final = (
    event("ice", "state", "The agent of a transport moved.", **_STATE),
    event(
        "ice",
        "role",
        "The ICE role was set or switched.",
        role="controlling or controlled",
        why="what decided it",
    ),
    event(
        "ice",
        "gathering",
        "The gatherer moved.",
        state="new, gathering or complete",
        text="why",
    ),
    event(
        "ice",
        "local-candidate",
        "A candidate of ours was found.",
        type="host, srflx, prflx or relay",
        address="address and port",
        ufrag="its generation; empty as long as there are no credentials",
    ),
    event(
        "ice",
        "candidate-released",
        "A candidate of ours that was found before there were credentials has its generation now.",
        type="host, srflx, prflx or relay",
        address="address and port",
        ufrag="its generation",
    ),
    event(
        "ice",
        "remote-candidate",
        "A candidate of the peer was signalled.",
        type="host, srflx, prflx or relay",
        protocol="udp or tcp",
        address="address and port",
        resolved="whether the address is one, and not a name",
    ),
    event(
        "ice",
        "name-resolved",
        "A name in candidates of the peer has an address.",
        host="the name",
        address="its IP address",
    ),
    event(
        "ice",
        "name-unresolved",
        "Such a name stays without: its candidates are of no use.",
        host="the name",
        text="why",
    ),
    event(
        "ice",
        "candidate-refused",
        "A candidate of the peer must not be used, or not the address that its name has.",
        address="address and port",
        why="privileged-port or filtered",
    ),
    event("ice", "end-of-remote-candidates", "The peer has no further candidate."),
    event("ice", "local-address-lost", "An interface went away.", address="its address"),
    event(
        "ice",
        "relayed-address-lost",
        "A relay is gone, or the way to it.",
        address="address and port",
    ),
    event(
        "ice",
        "host-failed",
        "A local address gives no candidate to tell of: it has no socket, or no mDNS name.",
        address="IP address",
        text="why",
    ),
    event(
        "ice",
        "stream-lost",
        "A TCP connection to the peer ended or could not be opened.",
        remote="IP address of the peer",
        text="why",
    ),
    event(
        "ice",
        "server-failed",
        "A STUN or TURN server gave no candidate.",
        url="the server",
        code=_CODE,
        text="why",
    ),
    event("ice", "rollback", "A generation of which half was known is gone.", ufrag="which one"),
    event(
        "ice",
        "restart",
        "Both halves of a later generation are known: it takes the place of the one before.",
        ufrag="which one",
    ),
    event(
        "ice",
        "pair-formed",
        "A local and a remote candidate may reach each other.",
        pair=_PAIR,
        local="type of the local candidate",
        remote="type of the remote candidate",
        priority="pair priority of RFC 8445 6.1.2.3",
    ),
    event(
        "ice",
        "check",
        "A connectivity check was sent for the first time.",
        pair=_PAIR,
    ),
    routine(
        "ice",
        "check-received",
        "An authentic check of the peer arrived and was answered.",
        pair=_PAIR,
        nomination="its number; none if it does not nominate",
    ),
    routine(
        "ice",
        "check-refused",
        "A check of the peer arrived that is not authentic.",
        code=_CODE,
        remote="IP address that it came from",
        text="why",
    ),
    routine(
        "ice",
        "check-rejected",
        "Somebody, perhaps the peer, says that it does not know our credentials.",
        pair=_PAIR,
        code=_CODE,
    ),
    event(
        "ice",
        "check-timed-out",
        "A check was given up.",
        pair=_PAIR,
        purpose="connectivity or nomination",
        sends="how often it was sent",
        waited_s="since it was sent first",
    ),
    event("ice", "pair-valid", "A check succeeded.", pair=_PAIR, rtt_s="the round trip, if known"),
    event("ice", "pair-failed", "A pair does not work.", pair=_PAIR, code=_CODE),
    event(
        "ice",
        "pair-conceded",
        "A check goes on, but nobody waits for its outcome any more.",
        pair=_PAIR,
    ),
    event("ice", "nominate", "We ask the peer to settle on a pair.", pair=_PAIR),
    event("ice", "nominated", "Both ends settled on a pair.", pair=_PAIR),
    event(
        "ice",
        "selected",
        "Data flows on this pair from now on.",
        pair=_PAIR,
        nominated="whether both ends settled on it",
        text="why",
    ),
    event(
        "ice",
        "identified",
        "A peer-reflexive candidate of the pair in use was signalled.",
        pair=_PAIR,
    ),
    event(
        "ice",
        "address-changed",
        "The peer sees our end of the pair in use at another address.",
        pair=_PAIR,
        text="at which",
    ),
    event("ice", "unselected", "Nothing is sent on this pair any more.", pair=_PAIR, text="why"),
    routine(
        "ice",
        "consent-check",
        "The pair in use was asked whether we may go on.",
        pair=_PAIR,
        unanswered="checks since the last sign of life, this one included",
    ),
    routine(
        "ice",
        "consent-renewed",
        "The peer answered: we may send for another 30 s (RFC 7675).",
        pair=_PAIR,
        rtt_s="the round trip, if known",
    ),
    routine(
        "ice",
        "standby-check",
        "Another pair was asked whether it can take over.",
        pair=_PAIR,
    ),
    event(
        "ice",
        "scout",
        "The peer was heard where the pair in use does not lead; the pair that does is asked.",
        pair=_PAIR,
    ),
    event(
        "ice",
        "liveness-lost",
        "The pair in use went silent.",
        pair=_PAIR,
        silent_s="since the last sign of life",
        unanswered="checks sent in vain",
    ),
    event(
        "ice",
        "consent-lost",
        "Sending on the pair in use must stop (RFC 7675 5.1).",
        pair=_PAIR,
        unanswered_s="since the last answer to a check of ours",
        unasked_s="since our last check; 0 for a lite agent, which sends none",
        is_revoked="whether the peer said so (RFC 7675 5.2)",
        text="why",
    ),
)

_TURN: Final = (
    event("turn", "state", "A relay moved.", **_STATE),
    routine(
        "turn",
        "request",
        "A request was sent to the server for the first time.",
        method=_METHOD,
        is_signed="whether it carries proof of the password",
    ),
    routine(
        "turn",
        "response",
        "The server did what was asked for.",
        method=_METHOD,
        waited_s="since the request was sent first",
    ),
    event(
        "turn",
        "request-failed",
        "A request came to nothing.",
        method=_METHOD,
        code=_CODE,
        text="why",
        sends="how often it was sent",
        waited_s="since it was sent first",
    ),
    event(
        "turn",
        "challenged",
        "The server wants proof, or proof with another nonce; the request is sent again.",
        method=_METHOD,
        code=_CODE,
    ),
    event("turn", "family-refused", "One of two address families was refused.", code=_CODE),
    event("turn", "permission-granted", "The server lets a peer through.", ip="of the peer"),
    event(
        "turn",
        "permission-failed",
        "The server does not let a peer through.",
        ip="of the peer",
        code=_CODE,
        text="why",
        lost="datagrams that waited for it",
    ),
    event(
        "turn",
        "channel-bound",
        "A channel stands for a peer.",
        number="of the channel",
        peer="IP address",
    ),
    event(
        "turn",
        "channel-failed",
        "There is no channel to a peer; data goes in indications.",
        number="of the channel",
        peer="IP address",
        code=_CODE,
        text="why",
    ),
    event(
        "turn",
        "replacement",
        "An allocation was lost and is to be replaced.",
        server="IP address",
        attempt="number of the attempt",
        due_at="when it will be made",
    ),
    event(
        "turn",
        "channels-exhausted",
        "Every channel is taken.",
        peer="IP address of the one without",
    ),
)

_DTLS: Final = (
    event("dtls", "state", "The DTLS endpoint moved.", **_STATE),
    event(
        "dtls",
        "flight-sent",
        "Handshake messages or an alert were sent.",
        records="how many",
        size="bytes",
    ),
    routine(
        "dtls",
        "flight-received",
        "A datagram with handshake messages or an alert arrived during the handshake.",
        type="content type of the first record, as RFC 5246 calls it",
        records="how many",
        size="bytes",
    ),
    event(
        "dtls",
        "flight-repeated",
        "The last flight was sent again.",
        resealed="whether OpenSSL sealed it anew",
    ),
)

_SCTP: Final = (
    event(
        "sctp",
        "association",
        "The association moved (RFC 9260 4).",
        old="the state before",
        new="the state after",
        cause="the cause",
        rule="the clause that demands it",
    ),
    event("sctp", "state", "The SCTP transport moved.", **_STATE),
    event(
        "sctp",
        "closed",
        "The association is over.",
        cause="who ended it, and how",
        code="cause code of the ABORT, if there is one",
        text="why",
    ),
    routine(
        "sctp",
        "error-received",
        "The peer reports an error.",
        code="error cause code; none if no RFC has it",
        text="what it means",
    ),
    routine("sctp", "t3-expired", "Data was not acknowledged in time.", rto_s="the next timeout"),
    routine(
        "sctp",
        "stream-reset",
        "The peer is asked to reset streams.",
        is_repeated="whether it could not do so yet when it was asked before",
        streams="how many",
    ),
    event(
        "sctp",
        "stream-reset-refused",
        "The peer does not reset streams.",
        result="its result code (RFC 6525)",
    ),
)

_CHANNEL: Final = (
    event("datachannel", "state", "A data channel moved.", **_STATE),
    event(
        "datachannel",
        "added",
        "A data channel was opened by either side.",
        stream_id="its stream",
        state="its first state",
        label="the beginning of its label",
    ),
)

EVENTS: Final[dict[str, dict[str, EventKind]]] = {
    kinds[0].layer: {kind.name: kind for kind in kinds}
    for kinds in (_API, _PEER, _ICE, _TURN, _DTLS, _SCTP, _CHANNEL)
}
"""By layer, and then by name."""
