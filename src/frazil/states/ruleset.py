"""The rule sets by name, each with the functions that apply it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from types import MappingProxyType
from typing import Final, TypeVar

from frazil.states.aggregate import CONNECTION_RULES, ICE_CONNECTION_RULES, ice_connection_state
from frazil.states.enums import (
    RTCDtlsTransportState,
    RTCIceTransportState,
    RTCPeerConnectionState,
)
from frazil.states.historic import (
    MDN_ICE_RULES,
    REC_2025_CONNECTION_RULES,
    W3C_2017_CONNECTION_RULES,
    W3C_2017_ICE_RULES,
    W3C_2021_CONNECTION_RULES,
    WEBPLATFORM_ICE_RULES,
)
from frazil.states.rule import Rule, matching

S = TypeVar("S", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One text about the aggregated states, and what it makes of given transports.

    The results are sets: one state where the text is clear, none where it is undefined, several
    where it is ambiguous. A closed peer connection is ``closed`` in every text, so that case is not
    part of the rules.

    Attributes:
        name: The key in :data:`RULE_SETS`.
        title: The text, for people.
        ordered: Whether the first rule that holds wins, or all of them count.
        ice_rules: The rules over ICE transports.
        connection_rules: The rules for ``connectionState``; empty where the text has none.
        builds_on_ice_state: Whether ``connection_rules`` read the aggregated ICE state and the
            DTLS transports, rather than all ICE and DTLS transports alike.
        over_components: Whether ``ice_rules`` speak of ICE components (RTP and RTCP) instead of
            transports. A component is never closed.
    """

    name: str
    title: str
    ordered: bool
    ice_rules: Sequence[Rule[StrEnum]]
    connection_rules: Sequence[Rule[RTCPeerConnectionState]] = ()
    builds_on_ice_state: bool = False
    over_components: bool = False

    @property
    def ice_states(self) -> tuple[RTCIceTransportState, ...]:
        """The states that the inputs of ``ice_rules`` can have, as far as the text knows."""
        closed = RTCIceTransportState.CLOSED
        return tuple(s for s in RTCIceTransportState if s is not closed or not self.over_components)

    def ice_connection_state(
        self, transports: Iterable[RTCIceTransportState]
    ) -> frozenset[StrEnum]:
        """What the text calls ICE transports in these states."""
        return self._apply(self.ice_rules, frozenset(transports))

    def connection_state(
        self, transports: Iterable[tuple[RTCIceTransportState, RTCDtlsTransportState]]
    ) -> frozenset[RTCPeerConnectionState]:
        """What the text calls a connection over transports in these (ICE, DTLS) states."""
        states: set[str] = set()
        ice: list[RTCIceTransportState] = []
        for ice_state, dtls_state in transports:
            ice.append(ice_state)
            states.add(dtls_state)
        if self.builds_on_ice_state:
            states.add(ice_connection_state(closed=False, transports=ice))
        else:
            states.update(ice)
        return self._apply(self.connection_rules, frozenset(states))

    def _apply(self, rules: Sequence[Rule[S]], states: frozenset[str]) -> frozenset[S]:
        return frozenset(islice(matching(rules, states), 1 if self.ordered else None))


_SETS = (
    RuleSet(
        "w3c",
        "W3C Recommendation 2025 with the erratum on completed: what frazil does",
        ordered=True,
        ice_rules=ICE_CONNECTION_RULES,
        connection_rules=CONNECTION_RULES,
        builds_on_ice_state=True,
    ),
    RuleSet(
        "rec-2025",
        "W3C Recommendation 2025 to the letter",
        ordered=True,
        ice_rules=ICE_CONNECTION_RULES,
        connection_rules=REC_2025_CONNECTION_RULES,
        builds_on_ice_state=True,
    ),
    RuleSet(
        "w3c-2021",
        "W3C Recommendation of January 2021",
        ordered=True,
        ice_rules=ICE_CONNECTION_RULES,
        connection_rules=W3C_2021_CONNECTION_RULES,
    ),
    RuleSet(
        "w3c-2017",
        "W3C editor's drafts of 2017",
        ordered=False,
        ice_rules=W3C_2017_ICE_RULES,
        connection_rules=W3C_2017_CONNECTION_RULES,
    ),
    RuleSet(
        "mdn",
        "MDN reference pages",
        ordered=False,
        ice_rules=MDN_ICE_RULES,
        connection_rules=W3C_2017_CONNECTION_RULES,
        over_components=True,
    ),
    RuleSet(
        "webplatform",
        "WebPlatform Docs, from the drafts of 2012",
        ordered=False,
        ice_rules=WEBPLATFORM_ICE_RULES,
        over_components=True,
    ),
)

RULE_SETS: Final[Mapping[str, RuleSet]] = MappingProxyType({rules.name: rules for rules in _SETS})
"""Every rule set by name, the current one first, then backwards in time."""
