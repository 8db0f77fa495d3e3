"""The page about states: meanings, transitions, aggregates, and what other texts say of them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import combinations_with_replacement, product
from typing import NamedTuple, TypeVar

from frazil.cli.block import Block, Diagram, Heading, Paragraph, Table
from frazil.cli.state_text import StateText
from frazil.datachannel.state import TRANSITIONS as CHANNEL_TRANSITIONS
from frazil.dtls.state import TRANSITIONS as DTLS_TRANSITIONS
from frazil.dtls.state import Cause as DtlsCause
from frazil.ice.state import TRANSITIONS as ICE_TRANSITIONS
from frazil.peer.signaling import TRANSITIONS as SIGNALING_TRANSITIONS
from frazil.states.aggregate import (
    CONNECTION_RULES,
    ICE_CONNECTION_RULES,
    ICE_GATHERING_RULES,
    connection_state,
    ice_connection_state,
)
from frazil.states.enums import (
    RTCDataChannelState,
    RTCDtlsTransportState,
    RTCIceTransportState,
    RTCPeerConnectionState,
    RTCSignalingState,
)
from frazil.states.renaming import OLD_NAMES, RTCIceState, current_ice_state
from frazil.states.rule import Rule
from frazil.states.ruleset import RULE_SETS, RuleSet

_Ice = RTCIceTransportState
_Dtls = RTCDtlsTransportState
_Row = TypeVar("_Row", bound=StrEnum)
_Column = TypeVar("_Column", bound=StrEnum)


class _Move(NamedTuple):
    """One row of a table of transitions."""

    old: StrEnum
    cause: str
    new: StrEnum
    rule: str


class StatePage:
    """The page in one language.

    Args:
        text: Its sentences.
    """

    def __init__(self, text: StateText) -> None:
        self._text = text

    def everything(self) -> Iterator[Block]:
        """The whole page."""
        yield Heading(1, self._text.title)
        yield Paragraph(self._text.introduction)
        yield from self.current()
        yield from self._signaling()
        yield from self._dtls()
        yield from self._channel()
        yield from self._other_texts()
        yield from self._old_names()

    def current(self) -> Iterator[Block]:
        """The rules that hold."""
        yield from self._ice_transport()
        yield from self._ice_connection()
        yield from self._connection()
        yield from self._gathering()

    def other(self, rules: RuleSet) -> Iterator[Block]:
        """The rules of one other text, and where they differ."""
        yield Heading(3, f"{self.title(rules)} (`{rules.name}`)")
        if rules.ice_rules is not ICE_CONNECTION_RULES:
            yield Paragraph("iceConnectionState" if rules.connection_rules else "iceState")
            yield self._rules(rules.ice_rules, numbered=rules.ordered)
            yield self._ice_differences(rules)
        if rules.connection_rules:
            yield Paragraph("connectionState")
            yield self._rules(rules.connection_rules, numbered=rules.ordered)
            yield self._connection_differences(rules)

    def derived(self, transports: Sequence[tuple[_Ice, _Dtls]]) -> Iterator[Block]:
        """What every rule set makes of transports in these states."""
        told = ", ".join(f"{ice}/{dtls}" for ice, dtls in transports)
        yield Paragraph(self._text.assumed.format(told))
        rows = []
        for rules in RULE_SETS.values():
            ice = rules.ice_connection_state(ice for ice, _ in transports)
            connection = self._verdict(rules.connection_state(transports))
            rows.append(
                (rules.name, self._verdict(ice), connection if rules.connection_rules else "-")
            )
        yield self._table(("rules", "iceConnectionState", "connectionState"), rows)

    def title(self, rules: RuleSet) -> str:
        """What a rule set is called."""
        return self._text.titles.get(rules.name, rules.title)

    # --- the chapters -------------------------------------------------------------------------

    def _ice_transport(self) -> Iterator[Block]:
        meanings = self._text.ice_meanings
        yield Heading(2, self._text.ice_title)
        yield self._table(("state", "meaning"), ((_code(each), meanings[each]) for each in _Ice))
        yield Paragraph(self._text.ice_edges)
        yield from self._moves(
            _Ice.NEW,
            [
                _Move(old, cause, edge.to, edge.rule)
                for (old, cause), edge in ICE_TRANSITIONS.items()
                if edge.to is not _Ice.CLOSED
            ],
        )

    def _ice_connection(self) -> Iterator[Block]:
        yield Heading(2, "iceConnectionState")
        yield Paragraph(self._text.ice_connection)
        yield self._rules(ICE_CONNECTION_RULES)
        yield Paragraph(self._text.word("Two transports:"))
        yield _matrix(_Ice, _Ice, lambda one, two: ice_connection_state(False, (one, two)))

    def _connection(self) -> Iterator[Block]:
        meanings = self._text.connection_meanings
        yield Heading(2, "connectionState")
        yield self._table(
            ("state", "meaning"),
            ((_code(state), meanings[state]) for state in RTCPeerConnectionState),
        )
        yield Paragraph(self._text.connection)
        yield self._rules(CONNECTION_RULES)
        yield Paragraph(self._text.word("One transport, ICE downwards and DTLS across:"))
        yield _matrix(_Ice, _Dtls, _connection_now)

    def _gathering(self) -> Iterator[Block]:
        yield Heading(2, "iceGatheringState")
        yield Paragraph(self._text.gathering)
        yield self._rules(ICE_GATHERING_RULES)

    def _signaling(self) -> Iterator[Block]:
        yield Heading(2, "signalingState")
        yield Paragraph(self._text.signaling)
        yield from self._moves(
            RTCSignalingState.STABLE,
            [
                _Move(old, f"{side} {kind}", edge.to, edge.rule)
                for (old, side, kind), edge in SIGNALING_TRANSITIONS.items()
            ],
        )

    def _dtls(self) -> Iterator[Block]:
        yield Heading(2, self._text.dtls_title)
        yield Paragraph(self._text.dtls)
        yield from self._moves(
            _Dtls.NEW,
            [
                _Move(old, cause, edge.to, edge.rule)
                for (old, cause), edge in DTLS_TRANSITIONS.items()
                if cause is not DtlsCause.CLOSE
            ],
        )

    def _channel(self) -> Iterator[Block]:
        yield Heading(2, self._text.channel_title)
        yield Paragraph(self._text.channel)
        yield from self._moves(
            RTCDataChannelState.CONNECTING,
            [
                _Move(old, cause, edge.to, edge.rule)
                for (old, cause), edge in CHANNEL_TRANSITIONS.items()
            ],
        )

    def _other_texts(self) -> Iterator[Block]:
        yield Heading(2, self._text.others_title)
        yield Paragraph(self._text.others)
        for rules in list(RULE_SETS.values())[1:]:
            yield from self.other(rules)

    def _old_names(self) -> Iterator[Block]:
        word, notes = self._text.word, self._text.notes
        yield Heading(2, self._text.old_title)
        yield Paragraph(self._text.old)
        yield self._table(
            ("what", "old", "now", "note"),
            (
                (word(name.kind), _code(name.old), _code(name.new), notes.get(name.note, name.note))
                for name in OLD_NAMES
            ),
        )

    # --- tables -------------------------------------------------------------------------------

    def _moves(self, first: StrEnum, moves: Sequence[_Move]) -> Iterator[Block]:
        yield _diagram(first, moves)
        yield self._table(
            ("from", "cause", "to", "rule"),
            ((_code(each.old), each.cause, _code(each.new), each.rule) for each in moves),
        )

    def _ice_differences(self, rules: RuleSet) -> Table:
        pairs = list(combinations_with_replacement(rules.ice_states, 2))
        rows = [
            (f"{_code(one)}, {_code(two)}", self._verdict(theirs), _code(ours))
            for one, two in pairs
            if _renamed(theirs := rules.ice_connection_state((one, two)))
            != {ours := ice_connection_state(False, (one, two))}
        ]
        title = self._text.word("{} of {} pairs of transports").format(len(rows), len(pairs))
        return self._table((title, "this text", "now"), rows)

    def _connection_differences(self, rules: RuleSet) -> Table:
        cells = list(product(_Ice, _Dtls))
        rows = [
            (f"{_code(ice)}, {_code(dtls)}", self._verdict(theirs), _code(ours))
            for ice, dtls in cells
            if (theirs := rules.connection_state(((ice, dtls),)))
            != {ours := _connection_now(ice, dtls)}
        ]
        title = self._text.word("{} of {} combinations of ICE, DTLS")
        return self._table((title.format(len(rows), len(cells)), "this text", "now"), rows)

    def _verdict(self, states: Iterable[StrEnum]) -> str:
        told = sorted(map(_code, states))
        return f" {self._text.word('or')} ".join(told) or self._text.word("undefined")

    def _rules(self, rules: Sequence[Rule[StrEnum]], *, numbered: bool = True) -> Table:
        if not numbered:
            return self._table(
                ("state", "if"), ((_code(rule.state), self._sentence(rule)) for rule in rules)
            )
        return self._table(
            ("", "state", "if"),
            (
                (str(row), _code(rule.state), self._sentence(rule))
                for row, rule in enumerate(rules, 1)
            ),
        )

    def _sentence(self, rule: Rule[StrEnum]) -> str:
        word = self._text.word
        phrases = [
            f"{word(quantity)} {self._listed(states)}"
            for quantity, states in (
                ("any", rule.any_of),
                ("all", rule.all_of),
                ("none", rule.none_of),
            )
            if states
        ]
        return ", ".join(phrases) or word("otherwise")

    def _listed(self, states: Iterable[str]) -> str:
        *head, last = sorted(str(state) for state in states)
        return f"{', '.join(head)} {self._text.word('or')} {last}" if head else last

    def _table(self, head: Sequence[str], rows: Iterable[tuple[str, ...]]) -> Table:
        return Table(tuple(map(self._text.word, head)), tuple(rows))


def _connection_now(ice: _Ice, dtls: _Dtls) -> RTCPeerConnectionState:
    return connection_state(ice_connection_state(False, (ice,)), (dtls,))


def _diagram(first: StrEnum, moves: Iterable[_Move]) -> Diagram:
    labels: dict[tuple[StrEnum, StrEnum], list[str]] = {}
    for each in moves:
        labels.setdefault((each.old, each.new), []).append(each.cause)
    lines = (f"    {old} --> {new}: {', '.join(causes)}" for (old, new), causes in labels.items())
    return Diagram(("stateDiagram-v2", f"    [*] --> {first}", *lines))


def _matrix(
    rows: type[_Row], columns: type[_Column], cell: Callable[[_Row, _Column], StrEnum]
) -> Table:
    return Table(
        ("", *map(_code, columns)),
        tuple((_code(row), *(str(cell(row, column)) for column in columns)) for row in rows),
    )


def _renamed(states: Iterable[StrEnum]) -> set[str]:
    return {
        current_ice_state(state) if isinstance(state, RTCIceState) else state for state in states
    }


def _code(text: str) -> str:
    return f"`{text}`"
