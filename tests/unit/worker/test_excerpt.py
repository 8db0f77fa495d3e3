from frazil.worker.excerpt import MAX_TEXT, MAX_TRACEBACK, excerpt
from frazil.worker.link import MAX_MESSAGE
from frazil.worker.message import Ended, encode


def test_what_is_short_stays():
    assert excerpt("x" * MAX_TEXT, MAX_TEXT) == "x" * MAX_TEXT


def test_both_ends_are_kept():
    assert excerpt("begin" * 4 + "end", 8) == "begi[... 15 characters ...]nend"


def test_the_longest_texts_fit_into_a_message():
    text, traceback = [excerpt("😀" * 10**6, limit) for limit in (MAX_TEXT, MAX_TRACEBACK)]
    assert len(encode(Ended(1, "raised", text, traceback))) <= MAX_MESSAGE
