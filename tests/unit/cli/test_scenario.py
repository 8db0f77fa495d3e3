import pytest

from frazil.cli import scenario
from frazil.cli.entry import (
    Judged,
    MessageArrived,
    MessageSent,
    Noted,
    PathChanged,
    StateMoved,
    StepBegan,
)
from frazil.cli.expectation import EXPECTED
from frazil.cli.scenario import Scenario
from frazil.testing import Conditions, run


def play(expected=EXPECTED, prepare=lambda net, machine: None, seed=0):
    """The entries of one run in virtual time; the verdict is the last."""
    entries = []

    async def main(net):
        machine = net.host("machine", "127.0.0.1", "::1", "10.0.0.1")
        prepare(net, machine)
        verdict = await Scenario(machine, entries.append, expected).run()
        assert entries[-1] is verdict
        return entries

    return run(main, seed=seed)


def states(entries, peer, machine):
    return [
        entry.change.new
        for entry in entries
        if isinstance(entry, StateMoved) and (entry.peer, entry.change.machine) == (peer, machine)
    ]


def test_everything_is_as_expected():
    entries = play()
    assert entries[-1].ok
    assert entries[-1].summary.startswith("48 states and ")


@pytest.mark.parametrize("peer", ["alice", "bob"])
def test_the_timeline_shows_each_state_in_its_order(peer):
    entries = play()
    assert states(entries, peer, "ice-connection") == [
        *("checking", "connected", "completed"),
        *("disconnected", "connected", "completed"),
        *("connected", "completed"),
        "closed",
    ]
    assert states(entries, peer, "connection") == [
        *("connecting", "connected", "disconnected", "connected", "closed"),
    ]


def test_the_timeline_is_in_the_order_of_time():
    instants = [entry.at for entry in play()]
    assert instants == sorted(instants)
    assert 9 < instants[-1] < 20


def test_every_state_has_a_reason():
    changes = [entry.change for entry in play() if isinstance(entry, StateMoved)]
    assert all(change.reason.text and change.reason.rule for change in changes)


def test_the_blackout_is_seen_after_five_seconds_of_silence():
    entries = play()
    cut, healed = (entry for entry in entries if isinstance(entry, PathChanged))
    assert (cut.blocked, healed.blocked) == (True, False)
    assert healed.at - cut.at == pytest.approx(6)
    (lost,) = (
        entry
        for entry in entries
        if isinstance(entry, StateMoved)
        and (entry.peer, entry.change.machine) == ("alice", "connection")
        and entry.change.new == "disconnected"
    )
    heard = [entry.at for entry in entries if isinstance(entry, MessageArrived)]
    last_heard_at = max(at for at in heard if at < cut.at)
    assert lost.at - last_heard_at == pytest.approx(5, abs=0.1)


def test_a_message_sent_in_the_blackout_arrives_after_it():
    entries = play()
    _, healed = (entry for entry in entries if isinstance(entry, PathChanged))
    (sent,) = (e for e in entries if isinstance(e, MessageSent) and e.text == "Hello?")
    (arrived,) = (e for e in entries if isinstance(e, MessageArrived) and e.text == "Hello?")
    assert sent.at < healed.at < arrived.at < healed.at + 1
    assert arrived.after_s == pytest.approx(arrived.at - sent.at)


def test_the_restart_does_not_interrupt_the_stream():
    (note,) = (e.text for e in play() if isinstance(e, Noted) and "streamed" in e.text)
    assert note.endswith("none took longer than 1 ms")


def test_the_steps_are_told():
    titles = [entry.title for entry in play() if isinstance(entry, StepBegan)]
    assert titles == ["Connect", "Talk", "Blackout", "Recovery", "ICE restart", "Close"]


def test_a_lossy_path_makes_no_difference():
    def prepare(net, machine):
        net.connect(machine, machine, Conditions(delay_s=0.03, jitter_s=0.01, loss=0.05))

    assert play(prepare=prepare, seed=5)[-1].differences == ()


def test_other_states_than_expected_are_named():
    bob = {**EXPECTED["bob"], "connectionState": ("new", "connected")}
    verdict = play({**EXPECTED, "bob": bob})[-1]
    assert not verdict.ok
    assert verdict.differences == (
        "bob's connectionState was new, connecting, connected, disconnected, connected; "
        "expected new, connected",
    )


def test_a_step_that_takes_too_long_ends_the_story():
    verdict = play(prepare=lambda net, machine: net.block())[-1]
    assert isinstance(verdict, Judged)
    assert verdict.differences[0] == "the step 'Connect' took more than 20 s"
    assert any(
        "alice's iceConnectionState was new, checking" in line for line in verdict.differences
    )


def test_a_stalled_stream_is_a_difference(monkeypatch):
    monkeypatch.setattr(scenario, "MAX_DELAY_S", 0.0005)
    assert play()[-1].differences == ("the ICE restart delayed a message by 0.001 s",)
