"""The claims that public documents make about connection states, by row.

C1 to C40 are the claims of WebPlatform Docs, MDN and the W3C text; D1 to D16 are the differences
between 2012 and now; Q1 to Q10 are the questions those texts leave open. Rows about names and
aggregation are proved in ``tests/unit/states/test_seed_documents.py``. The rows here need a live
connection, or one half of them does; each says what must be shown.
"""

ROWS = (
    *(f"C{number}" for number in range(1, 41)),
    *(f"D{number}" for number in range(1, 17)),
    *(f"Q{number}" for number in range(1, 11)),
)

LIVE_ROWS = {
    "C2": "With a STUN server that never answers, a host pair still reaches connected.",
    "C3": "A full offer and answer without any candidate leaves both sides in new.",
    "C4": "Without a signalled candidate, an incoming check alone moves new to checking.",
    "C5": (
        "A transport becomes connected with its first usable pair, while gathering and checks "
        "go on."
    ),
    "C6": (
        "A transport completes only after gathering ended and the peer's end of candidates is "
        "known."
    ),
    "C7": (
        "A transport fails only after the end of candidates on both sides and the patience timer."
    ),
    "C8": "A blackout of 6 s that heals gives connected, disconnected, connected and never failed.",
    "C10": (
        "The usual path is new, checking, connected, completed, also if the last check decides "
        "both."
    ),
    "C11": "iceconnectionstatechange fires long after negotiation, when the path is lost.",
    "C12": (
        "An ICE restart leads from completed to connected, and from disconnected and failed to "
        "checking."
    ),
    "C13": (
        "With the candidates of both sides over, no working pair gives failed and one gives "
        "completed."
    ),
    "C14": (
        "Completed and failed are reached with an empty candidate, and with a peer that cannot "
        "trickle."
    ),
    "C15": (
        "addIceCandidate takes nothing, None and an empty candidate as the end, and raises the "
        "W3C errors."
    ),
    "C16": "Gathering ends with an event for the empty candidate, then one with None.",
    "C17": "icecandidateerror 701 fires once for each dead server URL, only while gathering.",
    "C18": "connectionState follows ICE and DTLS transports as two kinds, from new to connected.",
    "C20": "While ICE is connected and DTLS has not finished, connectionState is connecting.",
    "C23": "Adding a track or a channel fires no connectionstatechange by itself.",
    "C26": (
        "Connected falls to checking when consent is lost with pairs left, and to disconnected "
        "with none."
    ),
    "C27": "Completed fails when consent is lost on all pairs.",
    "C28": "Failed stays failed until an ICE restart, which leads to checking.",
    "C29": (
        "First pairs failing without an end of candidates is disconnected; a later candidate "
        "connects."
    ),
    "C30": "A connection with nothing but a data channel reaches connected.",
    "C31": (
        "The selected pair is None at first, set with the first usable pair, and each better "
        "one fires."
    ),
    "C32": (
        "A DTLS transport closes on close_notify and fails on an error alert or a wrong "
        "fingerprint."
    ),
    "C33": "Gathering that starts again moves iceGatheringState from complete to gathering.",
    "C34": (
        "restartIce makes the next offer a restart, fires negotiationneeded, and survives a "
        "rollback."
    ),
    "C35": "Data keeps flowing on the old pair during an ICE restart.",
    "C36": "The answerer restarts when the offer carries a new username fragment and password.",
    "C37": "Servers given to setConfiguration are used by the gathering of the next restart.",
    "C38": (
        "The advice on failed is a restart; on disconnected it is to look for a few seconds first."
    ),
    "C39": "A controlled agent follows every later nomination of its peer.",
    "C40": (
        "close() ends all transports at once: no packet after it, signalingState closed on return."
    ),
    "D4": (
        "When a transport leaves by bundling, iceConnectionState follows the remaining ones at "
        "once."
    ),
    "D5": "The SCTP transport counts for all three aggregates.",
    "D8": "Completed is never reported while the peer may still send candidates.",
    "D9": "The controlled side completes by the same rule as the controlling one.",
    "D10": "Disconnected comes at the configured silence, not one millisecond earlier.",
    "D11": "No state goes back to new by an ICE restart, and connected does not move at all.",
    "D12": "After failed, a restart connects again.",
    "D15": "close() fires no event.",
    "D16": "Creating a peer connection fires no event for its first states.",
    "Q2": "close() is silent, and wait_closed() returns.",
    "Q3": (
        "close_notify or an SCTP ABORT from the peer fires remoteclose at once; the states "
        "follow W3C."
    ),
    "Q4": (
        "Silence gives disconnected at its threshold; consent expired at 30 s gives failed once "
        "no more candidates can come, else checking or disconnected."
    ),
    "Q5": (
        "5 s without authenticated packets and two unanswered checks are both needed for "
        "disconnected."
    ),
    "Q6": "A failed connection recovers by a restart once the path is back.",
    "Q7": "Failed waits for the patience timer of RFC 8863: not 1 ms before, and at the deadline.",
    "Q8": "A restart while connected fires no iceconnectionstatechange.",
    "Q9": "Completed goes back to connected without a restart only if gathering is continual.",
    "Q10": "wait_connected() returns on connected when the end of candidates never comes.",
}
"""What scenario tests must show, by row."""


TABLE_ROWS = {
    "C1": "iceConnectionState has seven values, new to closed.",
    "C9": "iceConnectionState is closed exactly if the connection was closed.",
    "C19": "Connecting also covers ICE or DTLS transports that have not started.",
    "C21": "A disconnected transport outweighs those that are checking or connecting.",
    "C22": "New needs every transport to be new or closed.",
    "C24": "connectionState knows connecting and never checking.",
    "C25": "How far gathering is, the gatherer tells; the state of the transport does not.",
    "D1": "The old names lead to the current ones and are no aliases.",
    "D2": "What was called starting is new.",
    "D3": "New and checking are two states.",
    "D6": "The unordered rules of 2012 are neither total nor unambiguous.",
    "D7": "New beside a transport that works is checking.",
    "D13": "Disconnected comes before checking in both aggregates.",
    "D14": "DTLS transports count for connectionState.",
    "Q1": "Completed counts as connected.",
}
"""What the tables alone show, by row."""
