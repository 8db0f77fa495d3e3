"""What a session does by itself, without a worker."""

from contextvars import ContextVar, copy_context

from frazil.worker.message import EndCause, StateChanged
from frazil.worker.session import WorkerSession

USER = ContextVar("user", default="nobody")


def test_listeners_run_in_the_context_of_whoever_asked_for_the_session():
    def ask():
        USER.set("ann")
        return WorkerSession(1, 0, courier=None)

    session, heard = copy_context().run(ask), []
    for kind in ("connectionstatechange", "iceconnectionstatechange", "close"):
        session.on(kind, lambda *_, kind=kind: heard.append((kind, USER.get())))
    session.state_changed(StateChanged(1, connection="connecting", ice="checking"))
    session.end(EndCause.RETURNED, None)
    assert heard == [
        ("iceconnectionstatechange", "ann"),
        ("connectionstatechange", "ann"),
        ("close", "ann"),
    ]
    assert USER.get() == "nobody"
