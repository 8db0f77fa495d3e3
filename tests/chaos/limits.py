"""What a session remembers stays within the named limits, and so does what it sends."""

from chaos.observer import Observer
from frazil.ice.config import (
    MAX_EARLY_CHECKS,
    MAX_LOCAL_PEER_REFLEXIVE,
    MAX_PAIRS,
    MAX_PENDING_GENERATIONS,
    MAX_REMOTE_CANDIDATES,
    MAX_REMOTE_PEER_REFLEXIVE,
    MAX_VALIDATED,
    IceConfig,
    most_checks,
    most_watch_checks,
)
from frazil.ice.generation import Generation
from support.scenario import Peer

_ACTIVE_GENERATIONS = 3
"""The current one, its predecessor, and the one whose pair is in use."""


def assert_bounded(peer: Peer) -> None:
    """No table of its agents, which nothing public shows, holds more than it may."""
    config = IceConfig()
    for stack in peer.pc._peer.transports.stacks:
        agent = stack.session.ice
        generations = list(agent._lineage)
        assert len(generations) <= _ACTIVE_GENERATIONS + MAX_PENDING_GENERATIONS
        for generation in generations:
            _assert_bounded(generation)
        assert len(agent._validated) <= MAX_VALIDATED
        searching = len(generations) * MAX_PAIRS
        watching = most_watch_checks(config, config.consent_timeout_s)
        assert len(agent._checker._table) <= searching + watching


def _assert_bounded(generation: Generation) -> None:
    assert len(generation.checklist) <= MAX_PAIRS
    assert len(generation.early_checks) <= MAX_EARLY_CHECKS
    signalled = sum(bool(each.line) for each in generation.remote_candidates)
    assert signalled <= MAX_REMOTE_CANDIDATES
    assert len(generation.remote_candidates) - signalled <= MAX_REMOTE_PEER_REFLEXIVE
    learned = sum(each.type == "prflx" for each in generation.local_candidates)
    assert learned <= MAX_LOCAL_PEER_REFLEXIVE


def assert_few_checks(
    peer: Peer, names: list[str], observer: Observer, *, local_addresses: int, elapsed_s: float
) -> None:
    """The peer sent no more checks than :func:`frazil.ice.config.most_checks` allows."""
    bound = most_checks(
        IceConfig(),
        generations=len(names),
        local_addresses=local_addresses,
        received=sum(observer.received[name] for name in names),
        nominations=sum(each.event == "nominate" for each in peer.pc.trace.records),
        elapsed_s=elapsed_s,
    )
    sent = sum(observer.requests[name] for name in names)
    assert sent <= bound, (peer.name, sent, bound)
