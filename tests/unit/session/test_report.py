from frazil.session.event import RemoteCloseCause, RemoteClosed
from frazil.session.report import Report


def test_a_goodbye_is_told_once_whoever_brings_it():
    report = Report()
    report.add_goodbye(RemoteCloseCause.SCTP_ABORT)
    report.add_goodbye(RemoteCloseCause.CLOSE_NOTIFY)
    assert report.events == [RemoteClosed(RemoteCloseCause.SCTP_ABORT)]
    report.events.clear()
    report.add_goodbye(RemoteCloseCause.CLOSE_NOTIFY)
    assert report.events == []
