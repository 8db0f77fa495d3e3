import json

import pytest

from frazil.worker.message import (
    Accepted,
    CandidateGathered,
    CandidateSignalled,
    Closing,
    Ended,
    MessageError,
    NotReady,
    Offered,
    Ready,
    Refused,
    StateChanged,
    decode,
    encode,
)


@pytest.mark.parametrize(
    "message",
    [
        Offered(1, 2, "v=0\r\n", True),
        CandidateSignalled(3, 2, "candidate:...", "0", None, "ufrag"),
        Closing(2),
        Ready(),
        NotReady("UDP port 40000"),
        Accepted(1, "v=0 ü\r\n"),
        Refused(1, "RTCError", "no", "sdp-syntax-error", 2),
        CandidateGathered(2, "", None, 0, None),
        StateChanged(2, "connected", "completed"),
        Ended(2, "returned", "", ""),
    ],
)
def test_a_message_survives(message):
    assert decode(encode(message)) == message


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"7", "no message"),
        (b"[]", "no message"),
        (b"{}", "no message"),
        (b'{"kind": "Message"}', "no message"),
        (b'{"kind": ["Ready"]}', "no message"),
        (b'{"kind": "Closing"}', "Closing with the members $"),
        (b'{"kind": "Ready", "more": 1}', "Ready with the members more"),
        (b'{"kind": "Closing", "session": "1"}', "Closing.session is '1'"),
        (b'{"kind": "Closing", "session": null}', "Closing.session is None"),
    ],
)
def test_everything_else_is_refused(data, why):
    with pytest.raises(MessageError, match=why):
        decode(data)


def test_a_member_may_be_absent_only_as_null():
    members = json.loads(encode(CandidateGathered(2, "", None, 0, None)))
    del members["sdp_mid"]
    with pytest.raises(MessageError, match="CandidateGathered with"):
        decode(json.dumps(members).encode())
