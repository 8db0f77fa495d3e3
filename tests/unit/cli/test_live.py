import asyncio
import io

import pytest
from rich.console import Console

from frazil.cli.entry import Judged, PathChanged, StateMoved, StepBegan
from frazil.cli.live import LiveTimeline
from frazil.cli.live_panel import StatePanel
from frazil.cli.scenario import Scenario
from frazil.testing import run
from frazil.trace import Reason, StateChange


def screen(width):
    return Console(
        file=io.StringIO(), force_terminal=True, width=width, height=50, color_system="standard"
    )


def moved(at, peer, machine, old, new):
    reason = Reason("cause", "rule", f"{machine} became {new}")
    return StateMoved(at, peer, StateChange(at, machine, old, new, reason))


def text_of(renderable, width=80):
    console = Console(file=io.StringIO(), width=width)
    console.print(renderable)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [40, 80, 130])
def test_a_whole_demo_is_drawn(width):
    console = screen(width)

    async def main(net):
        async with LiveTimeline(console, ("alice", "bob")) as live:
            await Scenario(net.host("machine", "127.0.0.1"), live.show).run()

    run(main)
    output = console.file.getvalue()
    assert "✔ as expected" in output
    assert "disconnected" in output
    assert "ice-transport" not in output
    assert output.endswith("\x1b[?25h")  # the cursor is visible again


def test_an_interrupted_demo_gives_the_terminal_back():
    console = screen(80)

    async def main(net):
        async with LiveTimeline(console, ("alice", "bob")) as live:
            live.show(StepBegan(0.0, "Connect", "somehow"))
            await asyncio.sleep(1)
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run(main)
    output = console.file.getvalue()
    assert "Connect" in output
    assert "stopped" in output
    assert output.endswith("\x1b[?25h")


def test_entries_wait_for_the_next_refresh():
    console = screen(80)

    async def main(net):
        async with LiveTimeline(console, ("alice",)) as live:
            live.show(moved(0.0, "alice", "connection", "new", "connecting"))
            assert "connection became connecting" not in console.file.getvalue()
            await asyncio.sleep(0.2)
            assert "connection became connecting" in console.file.getvalue()

    run(main)


def test_the_panel_shows_current_states_and_their_course():
    panel = StatePanel({"alice": "magenta"})
    panel.follow(StepBegan(0.0, "Blackout", "nothing passes"))
    panel.follow(moved(0.5, "alice", "ice-connection", "new", "disconnected"))
    panel.follow(PathChanged(0.5, blocked=True, text="cut"))
    lines = text_of(panel.view(2.0, 80)).splitlines()
    card = next(line for line in lines if "ice-connection" in line)
    assert card.split()[1:3] == ["ice-connection", "disconnected"]
    strip = next(line for line in lines if line.strip().startswith("alice ▇"))
    assert strip.count("▇") == 9  # two seconds and the current cell
    axis = next(line for line in lines if "0 s" in line and "5 s" in line)
    assert axis.index("5 s") - axis.index("0 s") == 20
    assert "Blackout" in lines[-1]
    assert lines[-1].rstrip().endswith("2.0 s")


def test_a_long_course_scrolls():
    panel = StatePanel({"alice": "magenta"})
    lines = text_of(panel.view(62.0, 80)).splitlines()
    strip = next(line for line in lines if line.strip().startswith("alice ▇"))
    assert strip.count("▇") == 80 - 11
    assert any("60 s" in line and "50 s" in line for line in lines)


def test_the_panel_ends_with_the_verdict():
    panel = StatePanel({"alice": "magenta"})
    panel.follow(Judged(1.0, "all of it", ()))
    assert text_of(panel.view(9.0, 80)).rstrip().endswith("✔ as expected  all of it")
    panel.follow(Judged(1.0, "all of it", ("one thing", "another")))
    tail = [line.strip() for line in text_of(panel.view(9.0, 80)).splitlines()[-3:]]
    assert tail == ["✘ not as expected", "one thing", "another"]
