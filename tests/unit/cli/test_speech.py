import asyncio
from collections import deque

import pytest

from frazil.cli.entry import MessageArrived, MessageSent
from frazil.cli.speech import Speech
from frazil.testing import run


class End:
    """One end of a channel that takes two seconds and keeps the order."""

    def __init__(self, garble):
        self._garble = garble
        self._under_way = deque()

    def on(self, event, listener):
        assert event == "message"
        self._listener = listener

    def send(self, text):
        for each in self._garble(text):
            self._under_way.append(each)
            asyncio.get_running_loop().call_later(2, self._arrive)

    def _arrive(self):
        self._listener(self._under_way.popleft())


def speak(script, garble=lambda text: [text]):
    async def main(net):
        shown = []
        speech = Speech("alice", "bob", shown.append, 0.0)
        end = End(garble)
        speech.connect(end, end)
        await script(speech, shown)

    run(main)


def test_a_message_is_shown_when_it_leaves_and_when_it_arrives():
    async def script(speech, shown):
        speech.say("hello")
        assert shown == [MessageSent(0.0, "alice", "hello")]
        await speech.all_heard()
        assert shown[1:] == [MessageArrived(2.0, "bob", "hello", 2.0)]
        assert (speech.said, speech.heard) == (["hello"], ["hello"])
        assert list(speech.differences()) == []

    speak(script)


def test_muted_messages_are_not_shown_but_count():
    async def script(speech, shown):
        speech.say("a", muted=True)
        speech.say("b")
        await speech.all_heard()
        assert [entry.text for entry in shown] == ["b", "b"]
        assert speech.heard == ["a", "b"]

    speak(script)


def test_the_longest_delay_is_that_of_messages_from_the_first_on():
    async def script(speech, shown):
        speech.say("a")
        await speech.all_heard()
        assert speech.longest_delay_s(0) == 2.0
        assert speech.longest_delay_s(1) == 0.0

    speak(script)


def test_a_lost_message_is_a_difference():
    async def script(speech, shown):
        speech.say("a")
        speech.say("b")
        await asyncio.sleep(5)
        assert list(speech.differences()) == ["bob got 1 of the 2 messages of alice"]

    speak(script, lambda text: [text] if text == "a" else [])


def test_a_message_that_arrives_twice_is_a_difference():
    async def script(speech, shown):
        speech.say("a")
        speech.say("b")
        await asyncio.sleep(5)
        assert list(speech.differences()) == ["message 2 of alice was 'b'; bob got 'a'"]

    speak(script, lambda text: [text, text])


def test_nobody_speaks_without_a_channel():
    async def main(net):
        with pytest.raises(RuntimeError, match="alice cannot speak before"):
            Speech("alice", "bob", print, 0.0).say("x")

    run(main)
