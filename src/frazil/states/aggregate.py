"""The three states of a peer connection that derive from its transports (webrtc-pc).

Pure and total: they remember nothing, and every combination of inputs has exactly one result.
The transports that count are the ones the current transceivers and the SCTP transport refer to.
A transport that bundling, a rollback or a removal discards leaves the set at once, and a new
m-section adds one in ``new``; so an aggregate may jump between any two values.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from frazil.states.enums import (
    RTCDtlsTransportState,
    RTCIceConnectionState,
    RTCIceGathererState,
    RTCIceGatheringState,
    RTCIceTransportState,
    RTCPeerConnectionState,
)
from frazil.states.rule import Rule, matching

_CLOSED: Final = RTCIceConnectionState.CLOSED


_Ice = RTCIceTransportState
_Dtls = RTCDtlsTransportState
_Gatherer = RTCIceGathererState

ICE_CONNECTION_RULES: Final[tuple[Rule[RTCIceConnectionState], ...]] = (
    Rule(RTCIceConnectionState.FAILED, any_of=frozenset({_Ice.FAILED})),
    Rule(RTCIceConnectionState.DISCONNECTED, any_of=frozenset({_Ice.DISCONNECTED})),
    Rule(RTCIceConnectionState.NEW, all_of=frozenset({_Ice.NEW, _Ice.CLOSED})),
    Rule(RTCIceConnectionState.CHECKING, any_of=frozenset({_Ice.NEW, _Ice.CHECKING})),
    Rule(RTCIceConnectionState.COMPLETED, all_of=frozenset({_Ice.COMPLETED, _Ice.CLOSED})),
    Rule(
        RTCIceConnectionState.CONNECTED,
        all_of=frozenset({_Ice.CONNECTED, _Ice.COMPLETED, _Ice.CLOSED}),
    ),
)
"""webrtc-pc RTCIceConnectionState over the ICE transports; the first rule that holds wins."""

CONNECTION_RULES: Final[tuple[Rule[RTCPeerConnectionState], ...]] = (
    Rule(RTCPeerConnectionState.FAILED, any_of=frozenset({_Ice.FAILED, _Dtls.FAILED})),
    Rule(RTCPeerConnectionState.DISCONNECTED, any_of=frozenset({_Ice.DISCONNECTED})),
    Rule(RTCPeerConnectionState.NEW, all_of=frozenset({_Ice.NEW, _Dtls.NEW, _Dtls.CLOSED})),
    Rule(
        RTCPeerConnectionState.CONNECTED,
        # The Recommendation forgot `completed` here; see connection_state.
        all_of=frozenset({_Ice.CONNECTED, _Ice.COMPLETED, _Dtls.CONNECTED, _Dtls.CLOSED}),
    ),
    Rule(RTCPeerConnectionState.CONNECTING),
)
"""webrtc-pc RTCPeerConnectionState over iceConnectionState and the DTLS transports; first wins."""

ICE_GATHERING_RULES: Final[tuple[Rule[RTCIceGatheringState], ...]] = (
    Rule(RTCIceGatheringState.GATHERING, any_of=frozenset({_Gatherer.GATHERING})),
    Rule(
        RTCIceGatheringState.COMPLETE,
        any_of=frozenset({_Gatherer.COMPLETE}),
        all_of=frozenset({_Gatherer.COMPLETE}),
    ),
    Rule(RTCIceGatheringState.NEW),
)
"""webrtc-pc RTCIceGatheringState over the gatherers; the first rule that holds wins."""

_NO_DTLS: Final = (_Dtls.NEW,)
_RESULTS: Final = 256
"""What is remembered for each table; few connections have more than one transport."""


def ice_connection_state(
    closed: bool, transports: Iterable[RTCIceTransportState]
) -> RTCIceConnectionState:
    """The ``iceConnectionState`` of a peer connection (webrtc-pc RTCIceConnectionState).

    The first row that applies:

    ============  ====================================================
    closed        the peer connection is closed
    failed        any transport is failed
    disconnected  any is disconnected
    new           all are new or closed, or there are none
    checking      any is new or checking
    completed     all are completed or closed
    connected     all are connected, completed or closed
    ============  ====================================================

    Args:
        closed: Whether ``close()`` was called on the peer connection.
        transports: The state of each ICE transport in use, in any order.
    """
    if closed:
        return _CLOSED
    return _ice_connection(tuple(transports))


@lru_cache(maxsize=_RESULTS)
def _ice_connection(states: tuple[str, ...]) -> RTCIceConnectionState:
    return next(matching(ICE_CONNECTION_RULES, frozenset(states)))


def connection_state(
    ice: RTCIceConnectionState, dtls: Iterable[RTCDtlsTransportState]
) -> RTCPeerConnectionState:
    """The ``connectionState`` of a peer connection (webrtc-pc RTCPeerConnectionState).

    The first row that applies:

    ============  ====================================================
    closed        ``ice`` is closed
    failed        ``ice`` is failed, or any DTLS transport is failed
    disconnected  ``ice`` is disconnected
    new           ``ice`` is new and all DTLS are new or closed
    connected     ``ice`` is connected or completed, and all DTLS are connected or closed
    connecting    everything else
    ============  ====================================================

    Erratum: the Recommendation of 2025 asks for ``ice`` to be exactly ``connected``, which would
    put a peer connection back to ``connecting`` when its ICE completes. The text before 2023, the
    browsers and this function let ``completed`` count as well.

    Args:
        ice: The result of :func:`ice_connection_state`.
        dtls: The state of each DTLS transport in use, in any order. Each ICE transport carries one;
            where there is none yet, DTLS counts as ``new``.
    """
    if ice is _CLOSED:
        return RTCPeerConnectionState.CLOSED
    return _connection(ice, tuple(dtls) or _NO_DTLS)


@lru_cache(maxsize=_RESULTS)
def _connection(ice: str, dtls: tuple[str, ...]) -> RTCPeerConnectionState:
    return next(matching(CONNECTION_RULES, {ice, *dtls}))


def ice_gathering_state(gatherers: Iterable[RTCIceGathererState]) -> RTCIceGatheringState:
    """The ``iceGatheringState`` of a peer connection (webrtc-pc RTCIceGatheringState).

    The first row that applies:

    =========  ====================================================
    gathering  any gatherer is gathering
    complete   there is at least one, and all are complete
    new        otherwise
    =========  ====================================================

    Closing the peer connection changes nothing here.

    Args:
        gatherers: The gathering state of each ICE transport in use, in any order.
    """
    return _ice_gathering(tuple(gatherers))


@lru_cache(maxsize=_RESULTS)
def _ice_gathering(states: tuple[str, ...]) -> RTCIceGatheringState:
    return next(matching(ICE_GATHERING_RULES, frozenset(states)))
