"""A recording without the addresses of those who talked.

Much that leaves the core is computed from addresses, candidate foundations for example. So only
what went in gets pseudonyms, and the core does the rest again. Where the application handed back a
description of the core, be it a result or what the connection showed, the one of now takes its
place. The new recording is true to itself, and is refused if the pseudonyms led to other decisions.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from frazil.explain.trace_file import records_of
from frazil.peer.description import Description
from frazil.record.proof import PASSWORD, places
from frazil.record.pseudonym import Pseudonyms, without_foundations
from frazil.record.replay import Line, Player, Recording
from frazil.record.step import Step
from frazil.record.value import RecordingError, decode_bytes, encode_bytes
from frazil.stun import Attribute, PasswordAlgorithm, long_term_key, short_term_key

_ICE_PASSWORD: Final = re.compile(r"a=ice-pwd:([\w+/]+)")
_CREDENTIALS: Final = re.compile(
    rf'"username": "(u+)", "(?:credential|password)": "({PASSWORD}\d+)"'
)
_KEPT: Final = ("configured", "rejected")
"""What stays of the records that the application causes."""


def without_addresses(lines: Iterable[str]) -> list[str]:
    """The recording with a pseudonym for every IP address; names of servers stay.

    Of what the application did only the configuration is left, and which methods failed.

    Raises:
        RecordingError: It is no recording, or does not go the same way with other addresses.
    """
    texts = list(lines)
    recording = Recording(texts)
    disguise = _Disguise(texts, recording.lines)
    header = json.dumps(disguise.value(json.loads(texts[0])) | {"keeps_addresses": False})
    player = Player(Recording([header]))
    found = {1: header}
    for number, step, line in recording.lines:
        again = player.play(disguise.step(step))
        if again.get("trace") != disguise.computed(line.get("trace")):
            raise RecordingError(f"line {number}: with other addresses it decides otherwise")
        disguise.note_result(line.get("result"), again.get("result"))
        if any(each.event == "description-applied" for each in records_of(again)):
            disguise.note_local(player.connection.local_description)
        found[number] = json.dumps(again)
    for number, line in recording.told.items():
        if any(each.event in _KEPT for each in records_of(line)):
            found[number] = json.dumps(disguise.value(line))
    return [found[number] for number in sorted(found)]


class _Disguise:
    """Puts pseudonyms into what goes into the core."""

    def __init__(self, texts: list[str], lines: list[Line]) -> None:
        """Find the passwords with which the messages in a recording are signed."""
        self._pseudonyms = Pseudonyms()
        self._results: dict[str, str] = {}  # texts that the core gave, and as it gives them now
        self._local: dict[str, str] = {}  # our descriptions now, by their texts without foundations
        self._credentials = {found for text in texts for found in _CREDENTIALS.findall(text)}
        passwords = {each for text in texts for each in _ICE_PASSWORD.findall(text)}
        self._keys = [short_term_key(password) for password in sorted(passwords)]
        for line in lines:
            self._learn_addresses(line.step.arguments)

    def _learn_addresses(self, value: Any) -> None:
        """Know every address that went in."""
        if isinstance(value, str):
            self._pseudonyms.learn(value)
        elif isinstance(value, list | dict):
            for each in value.values() if isinstance(value, dict) else value:
                self._learn_addresses(each)

    def value(self, value: Any) -> Any:
        """The same with pseudonyms in all texts."""
        return _mapped(value, self._text)

    def _text(self, text: str) -> str:
        found = self._results.get(text) or self._pseudonyms.text(text)
        return self._local.get(without_foundations(found), found)

    def computed(self, value: Any) -> Any:
        """What the core makes of what it was told, with the pseudonyms of what that was."""
        return _mapped(value, self._pseudonyms.computed_text)

    def note_result(self, recorded: Any, replayed: Any) -> None:
        """Know what has become of the descriptions and errors that came of a call."""
        self._results.update(zip(_results(recorded), _results(replayed), strict=False))

    def note_local(self, description: Description | None) -> None:
        """Know our description as it is now: the application may hand back what it has read.

        No line tells what that was, but without their foundations both are the same.
        """
        if description is not None:
            self._local[without_foundations(description.sdp)] = description.sdp

    def step(self, step: Step) -> Step:
        """A call with pseudonyms in its arguments, and the same random numbers and outcomes."""
        arguments = self.value(step.arguments)
        for datagram in arguments.get("datagrams", ()):
            datagram[0] = encode_bytes(self._datagram(decode_bytes(datagram[0])))
        return Step(step.call, arguments, step.random, step.dtls)

    def _datagram(self, data: bytes) -> bytes:
        if data and data[0] < 4:
            self._learn(data)
        return self._pseudonyms.datagram(data, self._keys)

    def _learn(self, message: bytes) -> None:
        """Derive the keys that hold in a realm that a TURN server names."""
        for place in places(message):
            if place.type != Attribute.REALM:
                continue
            realm = message[place.start : place.stop].decode(errors="replace")
            for username, password in sorted(self._credentials):
                for algorithm in PasswordAlgorithm:
                    key = long_term_key(username, realm, password, algorithm)
                    if key not in self._keys:
                        self._keys.append(key)


def _results(value: Any) -> Iterator[str]:
    """The texts of all descriptions and errors in a result, in order."""
    if isinstance(value, list):
        for each in value:
            yield from _results(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            if name in ("sdp", "text") and isinstance(each, str):
                yield each
            else:
                yield from _results(each)


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """The same with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_mapped(each, change) for each in value]
    if isinstance(value, dict):
        return {name: _mapped(each, change) for name, each in value.items()}
    return value
