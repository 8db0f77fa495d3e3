"""What other texts say about the same states: W3C in 2017, 2021 and 2025, MDN, WebPlatform Docs.

Programs and answers on the web were written against all of them. As tables next to the current
one (:mod:`frazil.states.aggregate`) they can be compared cell by cell.

The texts after 2018 are lists in which the first match wins. The older ones are unordered: several
sentences may apply to the same transports (ambiguous), or none (undefined).
"""

from typing import Final

from frazil.states.aggregate import CONNECTION_RULES
from frazil.states.enums import (
    RTCDtlsTransportState,
    RTCIceConnectionState,
    RTCIceTransportState,
    RTCPeerConnectionState,
)
from frazil.states.renaming import RTCIceState, current_ice_state
from frazil.states.rule import Rule

_Ice = RTCIceTransportState
_Dtls = RTCDtlsTransportState
_Connection = RTCPeerConnectionState

REC_2025_CONNECTION_RULES: Final[tuple[Rule[RTCPeerConnectionState], ...]] = tuple(
    Rule(_Connection.CONNECTED, all_of=rule.all_of - {_Ice.COMPLETED})
    if rule.state is _Connection.CONNECTED
    else rule
    for rule in CONNECTION_RULES
)
"""The Recommendation of 2025 to the letter: ``completed`` does not count as connected."""

W3C_2021_CONNECTION_RULES: Final[tuple[Rule[RTCPeerConnectionState], ...]] = (
    Rule(_Connection.FAILED, any_of=frozenset({_Ice.FAILED, _Dtls.FAILED})),
    Rule(_Connection.DISCONNECTED, any_of=frozenset({_Ice.DISCONNECTED})),
    Rule(_Connection.NEW, all_of=frozenset({_Ice.NEW, _Ice.CLOSED, _Dtls.NEW, _Dtls.CLOSED})),
    Rule(_Connection.CONNECTING, any_of=frozenset({_Ice.CHECKING, _Dtls.CONNECTING})),
    Rule(
        _Connection.CONNECTED,
        all_of=frozenset({_Ice.CONNECTED, _Ice.COMPLETED, _Ice.CLOSED})
        | frozenset({_Dtls.CONNECTED, _Dtls.CLOSED}),
    ),
)
"""The Recommendation of January 2021. Some mixtures of ``new`` and connected match no row."""

_WORKING: Final = frozenset({_Ice.CONNECTED, _Ice.COMPLETED})
_UNSETTLED_2017: Final = frozenset({_Ice.CHECKING, _Ice.FAILED, _Ice.DISCONNECTED})

W3C_2017_ICE_RULES: Final[tuple[Rule[RTCIceConnectionState], ...]] = (
    Rule(RTCIceConnectionState.NEW, any_of=frozenset({_Ice.NEW}), none_of=_UNSETTLED_2017),
    Rule(RTCIceConnectionState.NEW, all_of=frozenset({_Ice.CLOSED})),
    Rule(
        RTCIceConnectionState.CHECKING,
        any_of=frozenset({_Ice.CHECKING}),
        none_of=frozenset({_Ice.FAILED, _Ice.DISCONNECTED}),
    ),
    Rule(
        RTCIceConnectionState.CONNECTED,
        any_of=frozenset({_Ice.CONNECTED}),
        all_of=_WORKING | {_Ice.CLOSED},
    ),
    Rule(
        RTCIceConnectionState.COMPLETED,
        any_of=frozenset({_Ice.COMPLETED}),
        all_of=frozenset({_Ice.COMPLETED, _Ice.CLOSED}),
    ),
    Rule(RTCIceConnectionState.FAILED, any_of=frozenset({_Ice.FAILED})),
    Rule(
        RTCIceConnectionState.DISCONNECTED,
        any_of=frozenset({_Ice.DISCONNECTED}),
        none_of=frozenset({_Ice.FAILED}),
    ),
)
"""The editor's drafts of 2017: a single transport in ``new`` outweighs connected ones."""

_CONNECTING_2017: Final = frozenset({_Ice.CHECKING, _Dtls.CONNECTING})

W3C_2017_CONNECTION_RULES: Final[tuple[Rule[RTCPeerConnectionState], ...]] = (
    Rule(
        _Connection.NEW,
        any_of=frozenset({_Ice.NEW, _Dtls.NEW}),
        none_of=_UNSETTLED_2017 | _CONNECTING_2017,
    ),
    Rule(_Connection.NEW, all_of=frozenset({_Ice.CLOSED, _Dtls.CLOSED})),
    Rule(
        _Connection.CONNECTING,
        any_of=_CONNECTING_2017,
        none_of=frozenset({_Ice.FAILED, _Dtls.FAILED}),
    ),
    Rule(
        _Connection.CONNECTED,
        any_of=_WORKING | {_Dtls.CONNECTED},
        all_of=_WORKING | {_Ice.CLOSED, _Dtls.CONNECTED, _Dtls.CLOSED},
    ),
    Rule(
        _Connection.DISCONNECTED,
        any_of=frozenset({_Ice.DISCONNECTED}),
        none_of=_CONNECTING_2017 | {_Ice.FAILED, _Dtls.FAILED},
    ),
    Rule(_Connection.FAILED, any_of=frozenset({_Ice.FAILED, _Dtls.FAILED})),
)
"""The editor's drafts of 2017, which MDN still restates: work in progress hides a disconnection."""

WEBPLATFORM_ICE_RULES: Final[tuple[Rule[RTCIceState], ...]] = (
    Rule(RTCIceState.STARTING, all_of=frozenset({_Ice.NEW})),
    Rule(RTCIceState.CHECKING, any_of=frozenset({_Ice.CHECKING})),
    # Connected asks that the checks still go on: once all components are completed, they do not.
    Rule(RTCIceState.CONNECTED, any_of=frozenset({_Ice.CONNECTED}), all_of=_WORKING),
    Rule(
        RTCIceState.COMPLETED,
        any_of=frozenset({_Ice.COMPLETED}),
        all_of=frozenset({_Ice.COMPLETED}),
    ),
    Rule(RTCIceState.FAILED, any_of=frozenset({_Ice.FAILED})),
    Rule(RTCIceState.DISCONNECTED, any_of=frozenset({_Ice.DISCONNECTED})),
)
"""``iceState`` in WebPlatform Docs (the drafts of 2012), over components; none is ever closed."""


def _mdn(rule: Rule[RTCIceState]) -> Rule[RTCIceConnectionState]:
    return Rule(current_ice_state(rule.state), rule.any_of, rule.all_of, rule.none_of)


MDN_ICE_RULES: Final[tuple[Rule[RTCIceConnectionState], ...]] = tuple(
    map(_mdn, WEBPLATFORM_ICE_RULES)
)
"""``iceConnectionState`` on MDN: the sentences of 2012 about components, under today's names."""
