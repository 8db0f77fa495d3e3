from frazil.session.event import RemoteCloseCause, RemoteClosed
from frazil.session.report import Report


def test_a_goodbye_is_told_once_whoever_brings_it():
    report = Report()
    report.add_goodbye(RemoteCloseCause.SCTP_ABORT)
    report.add_goodbye(RemoteCloseCause.CLOSE_NOTIFY)
    assert report.fetch() == [RemoteClosed(RemoteCloseCause.SCTP_ABORT)]
    report.add_goodbye(RemoteCloseCause.CLOSE_NOTIFY)
    assert report.fetch() == []


def test_the_list_stays_the_same_and_what_was_fetched_is_not_touched():
    report = Report()
    events = report.events
    report.add_goodbye(RemoteCloseCause.CLOSE_NOTIFY)
    fetched = report.fetch()
    events.append(RemoteClosed(RemoteCloseCause.SCTP_ABORT))
    assert report.events is events
    assert fetched == [RemoteClosed(RemoteCloseCause.CLOSE_NOTIFY)]
