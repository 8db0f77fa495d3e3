"""A recording, played with other timers: would the connection have fared better?

The calls come at their recorded instants. Of the recorded timers those that are early now do
nothing, and a deadline that no recorded call serves in time is served when it is due. Until the
first difference the result is exact. After it, it is a guess: the peer would have reacted too.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, NamedTuple

from frazil.record.replay import Player, Recording
from frazil.record.value import RecordingError
from frazil.session.config import SessionConfig
from frazil.trace import EVENTS

_LATENESS_S: Final = 0.1
"""How late a timer of a busy program may be; a deadline is served only if nobody did by then."""
_OUTLOOK: Final = "next_deadline_at"
_MAX_TASKS: Final = 10_000
"""Tasks that may be due at one instant, before a recording counts as damaged."""
_TRUTHS: Final = {"true": True, "1": True, "false": False, "0": False}

Decision = list[Any]
"""A trace record: instant, layer, event, transport, facts."""


class Outcome(NamedTuple):
    """What came of other timers.

    Attributes:
        recorded: The first decision that is not the same, as it was; ``None`` if there was none.
        instead: What came in its place; ``None`` if nothing did.
        states_recorded: The values of ``connectionState`` and their instants, as they were.
        states: The same with the other timers.
    """

    recorded: Decision | None
    instead: Decision | None
    states_recorded: list[tuple[float, str]]
    states: list[tuple[float, str]]

    @property
    def is_same(self) -> bool:
        """Whether the timers made no difference."""
        return self.recorded is None and self.instead is None


def what_if(lines: Iterable[str], settings: Sequence[str]) -> Outcome:
    """Play a recording with other settings.

    Args:
        lines: The recording.
        settings: Each ``name=value``, with any field of ``SessionConfig`` and what it holds; one
            that is on or off is ``true`` or ``false``. A ``_s`` at the end may be left out. The
            group, as in ``sctp.mtu``, is needed only where two have a field of that name.

    Raises:
        RecordingError: It is no recording, there is no such setting or more than one, or it cannot
            have this value.
    """
    recording = Recording(lines)
    session = recording.setup.session
    for setting in settings:
        session = _apply(session, setting)
    recording.setup = replace(recording.setup, session=session)
    before = [decision for line in recording.lines for decision in line.step.decisions]
    after = _play(recording)
    same = 0
    while same < min(len(before), len(after)) and _outlook_apart(before[same]) == _outlook_apart(
        after[same]
    ):
        same += 1
    return Outcome(
        before[same] if same < len(before) else None,  # type: ignore[arg-type]  # a list
        after[same] if same < len(after) else None,
        _states(before),
        _states(after),
    )


def _play(recording: Recording) -> list[Decision]:
    """Every decision with the settings that the recording has now."""
    player = Player(recording)
    decisions: list[Decision] = []
    now = 0.0
    for _, step, _ in recording.lines:
        at = step.now
        if at is not None and at > now:
            _serve(player, now, at - _LATENESS_S, decisions)
            now = at
        decisions += player.play(step).get("trace", [])
    return decisions


def _serve(player: Player, now: float, until: float, decisions: list[Decision]) -> None:
    """Let the deadlines pass that are over before ``until``."""
    if until <= now:
        return
    _run_tasks(player, now, decisions)
    while (at := player.connection.transports.next_timeout()) is not None and at < until:
        now = max(at, now)
        for name in ("handle_timeout", "poll_transmits"):
            decisions += player.call(f"transports.{name}", {"now": now})
        player.call("transports.poll_requests", {})
        _run_tasks(player, now, decisions)


def _run_tasks(player: Player, now: float, decisions: list[Decision]) -> None:
    for _ in range(_MAX_TASKS):
        if not player.connection.tasks.waiting:
            return
        decisions += player.call("connection.run_task", {"now": now})
    raise RecordingError("the recording leads to tasks without end")


def _outlook_apart(decision: Any) -> Decision:
    """A decision without what it says of deadlines to come: those differ on purpose."""
    _, layer, event, *_ = decision
    kind = EVENTS.get(layer, {}).get(event)
    if kind is None or _OUTLOOK not in kind.facts:
        return list(decision)
    place = 4 + kind.facts.index(_OUTLOOK)
    return [*decision[:place], *decision[place + 1 :]]


def _apply(session: SessionConfig, setting: str) -> SessionConfig:
    """The settings with one of them changed, wherever it stands."""
    name, _, text = setting.partition("=")
    endings = (f".{name}", f".{name}_s")
    found = [each for each in _names(session) if f".{each}".endswith(endings)]
    if not found:
        raise RecordingError(f"there is no setting {name}")
    if len(found) > 1:
        raise RecordingError(f"{name} can be {' or '.join(found)}")
    try:
        changed: SessionConfig = _changed(session, found[0], text)
    except (TypeError, ValueError) as error:
        raise RecordingError(f"{setting} cannot be: {error}") from None
    return changed


def _names(group: Any) -> Iterator[str]:
    """Every setting of a group, those of an inner group behind its name: ``ice.patience_s``."""
    for field in fields(group):
        value = getattr(group, field.name)
        if is_dataclass(value):
            yield from (f"{field.name}.{name}" for name in _names(value))
        else:
            yield field.name


def _changed(group: Any, name: str, text: str) -> Any:
    """The group with the setting of this name changed."""
    own, _, inner = name.partition(".")
    if inner:
        return replace(group, **{own: _changed(getattr(group, own), inner, text)})
    kind: Any = next(field.type for field in fields(group) if field.name == own)
    return replace(group, **{own: _READERS[kind](text)})


def _truth(text: str) -> bool:
    truth = _TRUTHS.get(text.lower())
    if truth is None:
        raise ValueError("it is true or false")
    return truth


_READERS: Final[dict[Any, Callable[[str], Any]]] = {
    bool: _truth,
    int: int,
    float: float,
    int | None: lambda text: None if text.lower() == "none" else int(text),
}
"""By the annotation of a setting: how its new value is read."""


def _states(decisions: Iterable[Any]) -> list[tuple[float, str]]:
    """The values of connectionState with their instants."""
    return [
        (decision[0], decision[6])
        for decision in decisions
        if decision[2] == "state-changed" and decision[4] == "connection"
    ]
