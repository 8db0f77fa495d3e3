"""What people read about connection states, in each language; the tables are computed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from frazil.states.enums import RTCIceTransportState, RTCPeerConnectionState

_Ice = RTCIceTransportState
_Connection = RTCPeerConnectionState


@dataclass(frozen=True, slots=True, kw_only=True)
class StateText:
    """Every sentence of the page about states.

    Attributes:
        words: Single words and short phrases, by the English one.
        titles: Of the rule sets, by name.
        notes: About old names, by the English note.
    """

    ice_meanings: Mapping[RTCIceTransportState, str]
    connection_meanings: Mapping[RTCPeerConnectionState, str]
    title: str
    introduction: str
    ice_title: str
    ice_edges: str
    ice_connection: str
    connection: str
    gathering: str
    signaling: str
    dtls_title: str
    dtls: str
    channel_title: str
    channel: str
    others_title: str
    others: str
    old_title: str
    old: str
    assumed: str
    more: str
    words: Mapping[str, str]
    titles: Mapping[str, str]
    notes: Mapping[str, str]

    def word(self, english: str) -> str:
        """A word in this language."""
        return self.words.get(english, english)


ENGLISH: Final = StateText(
    ice_meanings={
        _Ice.NEW: (
            "Local candidates are being gathered, or none of the peer's are known. Nothing was "
            "checked yet."
        ),
        _Ice.CHECKING: (
            "At least one candidate of the peer is known, from signalling or from an incoming "
            "check, and pairs are tried. None works yet, or all that once did lost consent."
        ),
        _Ice.CONNECTED: (
            "A pair works and data can flow. Better pairs may still be looked for, and more "
            "candidates may come."
        ),
        _Ice.COMPLETED: (
            "A pair works and the search is over: both sides have said that no candidates follow, "
            "and every pair was checked."
        ),
        _Ice.DISCONNECTED: (
            "The path went silent or lost its interface or TCP stream, or every pair known so far "
            "failed or lost consent while more candidates may come. It often heals by itself."
        ),
        _Ice.FAILED: (
            "Every pair failed or lost consent, no candidates follow, and the patience of RFC 8863 "
            "ran out, or a path that worked lost consent. Only an ICE restart leads out. DTLS and "
            "the data channels are kept for it."
        ),
        _Ice.CLOSED: (
            "Shut down: `close()` was called, or the transport was discarded. Checks are no longer "
            "answered."
        ),
    },
    connection_meanings={
        _Connection.NEW: "No transport has begun to connect.",
        _Connection.CONNECTING: (
            "Some transport is still on its way: checking, or waiting for its DTLS handshake."
        ),
        _Connection.CONNECTED: (
            "Every transport in use has a working path and a finished handshake."
        ),
        _Connection.DISCONNECTED: "Some transport lost its path and may get it back.",
        _Connection.FAILED: (
            "Some transport failed: its path (an ICE restart may help) or its handshake (nothing "
            "does)."
        ),
        _Connection.CLOSED: "`close()` was called.",
    },
    title="Connection states",
    introduction=(
        "What each state means, how the states of a peer connection follow from its transports, "
        "and what other texts say. Every table below is computed from the tables that the library "
        "itself runs on."
    ),
    ice_title="The state of an ICE transport",
    ice_edges=(
        "The state moves along these edges and no others. `connected` always comes before "
        "`completed`, even when one packet decides both. From every state but `closed` itself, "
        "closing leads to `closed`."
    ),
    ice_connection=(
        "The ICE transports of the current transceivers and of SCTP, taken together. `closed` if "
        "the peer connection was closed; otherwise the first row that holds for the transports. "
        "With one transport it equals the state of that transport, except that a discarded one "
        "leaves `new`. A transport joining or leaving may move it between any two values, for "
        "example from `completed` to `checking`."
    ),
    connection=(
        "`closed` if the peer connection was closed; otherwise the first row that holds for "
        "iceConnectionState and the states of all DTLS transports together. The Recommendation of "
        "2025 forgot `completed` in the row of `connected`; to the letter a connection would fall "
        "back to `connecting` when its ICE completes."
    ),
    gathering=(
        "The first row that holds for the gatherers. Closing the connection does not move it."
    ),
    signaling=(
        "Where offer and answer stand. Each description moves it, and whatever is not listed is "
        "refused with `InvalidStateError`. Closing leads to `closed`."
    ),
    dtls_title="The state of a DTLS transport",
    dtls=(
        "`connected` comes only after the peer's certificate was found to be the one that "
        "signalling promised. From every state but `closed` itself, closing leads to `closed`."
    ),
    channel_title="The state of a data channel",
    channel=(
        "As it is on the wire. `readyState` follows it, but for one thing: a channel of ours is "
        "`open` as soon as it can be used, while `connecting` lasts here until the peer has shown "
        "that it knows the channel. Closing the connection leads to `closed`."
    ),
    others_title="What other texts say",
    others=(
        "Pages written since 2012 give other rules, and code was written to them. Each is listed "
        "with its sentences and with what it makes of transports differently from the rules above. "
        "Where a text numbers its rows the first that holds wins; in the others several may hold "
        "at once (ambiguous) or none (undefined). Combinations that hold a closed transport are "
        "left out for the two texts that speak of ICE components, which are never closed."
    ),
    old_title="Old names",
    old=(
        "Pages from 2012 use names that no longer exist. The library has no aliases for them; this "
        "is where they lead. After an ICE restart the state used to go back to `starting` from "
        "anywhere. Now it goes to `checking` from `disconnected` and `failed`, to `connected` from "
        "`completed`, and stays otherwise: a program that waits for `new` after a restart waits "
        "for ever."
    ),
    assumed="Transports, as ICE/DTLS: {}",
    more="Other rules: frazil states --rules {}",
    words={},
    titles={},
    notes={},
)

GERMAN: Final = StateText(
    ice_meanings={
        _Ice.NEW: (
            "Lokale Kandidaten werden gesammelt, oder vom Gegenüber ist noch keiner bekannt. Noch "
            "wurde nichts geprüft."
        ),
        _Ice.CHECKING: (
            "Mindestens ein Kandidat des Gegenübers ist bekannt, aus der Signalisierung oder durch "
            "eine eintreffende Prüfung, und Paare werden probiert. Noch geht keines, oder alle, "
            "die einmal gingen, haben die Zustimmung (consent) verloren."
        ),
        _Ice.CONNECTED: (
            "Ein Paar funktioniert, Daten können fließen. Vielleicht werden noch bessere Paare "
            "gesucht, und weitere Kandidaten können kommen."
        ),
        _Ice.COMPLETED: (
            "Ein Paar funktioniert und die Suche ist vorbei: Beide Seiten haben gesagt, dass keine "
            "Kandidaten mehr folgen, und jedes Paar wurde geprüft."
        ),
        _Ice.DISCONNECTED: (
            "Der Weg ist verstummt oder hat seine Schnittstelle oder seine TCP-Verbindung "
            "verloren, oder alle bisher bekannten Paare sind gescheitert oder haben die Zustimmung "
            "verloren, während noch Kandidaten kommen können. Oft heilt das von selbst."
        ),
        _Ice.FAILED: (
            "Alle Paare sind gescheitert oder haben die Zustimmung verloren, keine Kandidaten "
            "folgen, und die Geduld nach RFC 8863 ist zu Ende, oder ein Weg, der funktionierte, "
            "hat die Zustimmung verloren. Nur ein ICE-Neustart führt heraus. DTLS und die "
            "Datenkanäle bleiben dafür erhalten."
        ),
        _Ice.CLOSED: (
            "Beendet: `close()` wurde aufgerufen, oder der Transport wurde verworfen. Prüfungen "
            "werden nicht mehr beantwortet."
        ),
    },
    connection_meanings={
        _Connection.NEW: "Kein Transport hat begonnen, sich zu verbinden.",
        _Connection.CONNECTING: (
            "Ein Transport ist noch unterwegs: Er prüft Paare oder wartet auf seinen "
            "DTLS-Handshake."
        ),
        _Connection.CONNECTED: (
            "Jeder benutzte Transport hat einen funktionierenden Weg und einen abgeschlossenen "
            "Handshake."
        ),
        _Connection.DISCONNECTED: (
            "Ein Transport hat seinen Weg verloren und findet ihn vielleicht wieder."
        ),
        _Connection.FAILED: (
            "Ein Transport ist gescheitert: sein Weg (ein ICE-Neustart kann helfen) oder sein "
            "Handshake (nichts hilft)."
        ),
        _Connection.CLOSED: "`close()` wurde aufgerufen.",
    },
    title="Verbindungszustände",
    introduction=(
        "Was jeder Zustand bedeutet, wie die Zustände einer Peer-Verbindung aus ihren Transporten "
        "folgen, und was andere Texte sagen. Jede Tabelle ist aus den Tabellen berechnet, mit "
        "denen die Bibliothek selbst arbeitet."
    ),
    ice_title="Der Zustand eines ICE-Transports",
    ice_edges=(
        "Der Zustand bewegt sich entlang dieser Kanten und keiner anderen. `connected` kommt immer "
        "vor `completed`, auch wenn ein einziges Paket über beides entscheidet. Aus jedem Zustand "
        "außer `closed` selbst führt das Schließen nach `closed`."
    ),
    ice_connection=(
        "Die ICE-Transporte der aktuellen Transceiver und von SCTP zusammen. `closed`, wenn die "
        "Peer-Verbindung geschlossen wurde; sonst die erste Zeile, die auf die Transporte "
        "zutrifft. Bei einem einzigen Transport ist es dessen Zustand, nur dass ein verworfener "
        "`new` hinterlässt. Kommt ein Transport hinzu oder fällt einer weg, so kann der Wert "
        "zwischen je zwei Zuständen springen, zum Beispiel von `completed` nach `checking`."
    ),
    connection=(
        "`closed`, wenn die Peer-Verbindung geschlossen wurde; sonst die erste Zeile, die auf "
        "iceConnectionState und die Zustände aller DTLS-Transporte zusammen zutrifft. Die "
        "Empfehlung von 2025 hat `completed` in der Zeile von `connected` vergessen; wörtlich "
        "genommen fiele eine Verbindung auf `connecting` zurück, sobald ihr ICE abgeschlossen ist."
    ),
    gathering=(
        "Die erste Zeile, die auf die Sammler (gatherer) zutrifft. Das Schließen der Verbindung "
        "ändert daran nichts."
    ),
    signaling=(
        "Wo Angebot und Antwort stehen. Jede Beschreibung bewegt ihn, und was hier nicht steht, "
        "wird mit `InvalidStateError` abgelehnt. Das Schließen führt nach `closed`."
    ),
    dtls_title="Der Zustand eines DTLS-Transports",
    dtls=(
        "`connected` kommt erst, wenn feststeht, dass das Zertifikat des Gegenübers das ist, das "
        "die Signalisierung versprochen hat. Aus jedem Zustand außer `closed` selbst führt das "
        "Schließen nach `closed`."
    ),
    channel_title="Der Zustand eines Datenkanals",
    channel=(
        "So, wie er auf der Leitung ist. `readyState` folgt ihm, bis auf eines: Ein eigener Kanal "
        "ist `open`, sobald er benutzt werden kann; `connecting` dauert hier, bis das Gegenüber "
        "gezeigt hat, dass es den Kanal kennt. Das Schließen der Verbindung führt nach `closed`."
    ),
    others_title="Was andere Texte sagen",
    others=(
        "Seiten seit 2012 nennen andere Regeln, und Programme wurden danach geschrieben. Jeder "
        "Text steht hier mit seinen Sätzen und mit dem, was er anders aus Transporten macht als "
        "die Regeln oben. Wo ein Text seine Zeilen nummeriert, gilt die erste, die zutrifft; bei "
        "den anderen können mehrere zugleich zutreffen (mehrdeutig) oder keine (undefiniert). "
        "Kombinationen mit einem geschlossenen Transport fehlen bei den zwei Texten, die von "
        "ICE-Komponenten sprechen: Die werden nie geschlossen."
    ),
    old_title="Alte Namen",
    old=(
        "Seiten von 2012 benutzen Namen, die es nicht mehr gibt. Die Bibliothek hat keine "
        "Zweitnamen dafür; dies ist, wohin sie führen. Nach einem ICE-Neustart ging der Zustand "
        "früher von überall auf `starting` zurück. Jetzt geht er von `disconnected` und `failed` "
        "nach `checking`, von `completed` nach `connected`, und bleibt sonst: Ein Programm, das "
        "nach einem Neustart auf `new` wartet, wartet ewig."
    ),
    assumed="Transporte, als ICE/DTLS: {}",
    more="Andere Regeln: frazil states --rules {}",
    words={
        "state": "Zustand",
        "meaning": "Bedeutung",
        "from": "von",
        "cause": "Ursache",
        "to": "nach",
        "rule": "Regel",
        "if": "wenn",
        "any": "einer",
        "all": "alle",
        "none": "keiner",
        "or": "oder",
        "otherwise": "sonst",
        "undefined": "undefiniert",
        "this text": "dieser Text",
        "now": "heute",
        "what": "was",
        "old": "alt",
        "note": "Anmerkung",
        "rules": "Regeln",
        "Two transports:": "Zwei Transporte:",
        "One transport, ICE downwards and DTLS across:": (
            "Ein Transport, ICE nach unten und DTLS nach rechts:"
        ),
        "{} of {} pairs of transports": "{} von {} Paaren von Transporten",
        "{} of {} combinations of ICE, DTLS": "{} von {} Kombinationen von ICE, DTLS",
        "attribute": "Attribut",
        "type": "Typ",
        "event": "Ereignis",
        "method": "Methode",
    },
    titles={
        "w3c": ("W3C-Empfehlung 2025 mit der Berichtigung zu completed: So verhält sich frazil"),
        "rec-2025": "W3C-Empfehlung 2025, wörtlich",
        "w3c-2021": "W3C-Empfehlung vom Januar 2021",
        "w3c-2017": "Entwürfe der W3C von 2017",
        "mdn": "Referenzseiten von MDN",
        "webplatform": "WebPlatform Docs, nach den Entwürfen von 2012",
    },
    notes={
        "renamed in January 2013": "umbenannt im Januar 2013",
        "renamed in March 2013": "umbenannt im März 2013",
        "after an ICE restart it is never entered again": (
            "wird nach einem ICE-Neustart nie wieder betreten"
        ),
        "the first changes the servers, the second asks for new candidates": (
            "das erste ändert die Server, das zweite fordert neue Kandidaten"
        ),
    },
)

TEXTS: Final[Mapping[str, StateText]] = {"en": ENGLISH, "de": GERMAN}
"""The texts by language."""
