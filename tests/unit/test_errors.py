"""The exceptions: their members, and that they arrive whole from another process."""

import copy
import pickle

import pytest

from frazil import ConnectivityError, OperationError, RTCError, RTCPeerConnection
from frazil.errors import RTCErrorDetail
from frazil.testing import run
from frazil.worker import HandlerError

WAYS = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda error: pickle.loads(pickle.dumps(error)),
}

NUMBERS = {
    "sdpLineNumber": "sdp_line_number",
    "sctpCauseCode": "sctp_cause_code",
    "receivedAlert": "received_alert",
    "sentAlert": "sent_alert",
}


@pytest.mark.parametrize(("member", "argument"), NUMBERS.items())
def test_an_rtc_error_has_the_members_of_the_standard(member: str, argument: str) -> None:
    error = RTCError("lost", RTCErrorDetail.SCTP_FAILURE)
    assert isinstance(error, OperationError)
    assert (error.name, error.errorDetail, str(error)) == ("OperationError", "sctp-failure", "lost")
    assert getattr(error, member) is None
    zero = RTCError("lost", RTCErrorDetail.SCTP_FAILURE, **{argument: 0})
    assert getattr(zero, member) == 0
    assert [name for name in NUMBERS if getattr(zero, name) is not None] == [member]


class OwnError(RTCError):
    """What an application made of it."""


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(
    "error",
    [
        OperationError("no"),
        RTCError("no", RTCErrorDetail.SDP_SYNTAX_ERROR, sdp_line_number=3),
        OwnError("lost", RTCErrorDetail.DTLS_FAILURE, received_alert=40, sent_alert=20),
        ConnectivityError("no"),
        HandlerError("no", "line 1\nline 2"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_copy_has_all_its_members(error, way):
    error.add_note("the third attempt")
    copied = way(error)
    assert type(copied) is type(error)
    assert (copied.args, str(copied)) == (error.args, str(error))
    assert vars(copied) == vars(error)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_copy_has_its_report(way):
    async def main(net):
        async with RTCPeerConnection(network=net.host("alice", "10.0.0.1")) as pc:
            pc.createDataChannel("chat")
            await pc.setLocalDescription()
            with pytest.raises(ConnectivityError) as caught:
                await pc.wait_connected(timeout=3)
            return caught.value

    error = run(main)
    copied = way(error)
    assert error.report.findings[0].evidence
    assert copied.report.to_json() == error.report.to_json()
    assert str(copied) == str(error)
