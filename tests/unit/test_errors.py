import pytest

from frazil import OperationError, RTCError
from frazil.errors import RTCErrorDetail

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
