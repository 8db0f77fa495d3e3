"""Timers and limits of the ICE agent, in one place.

Every duration is in seconds. The limits bound what a remote can make the agent remember or send.
"""

from dataclasses import dataclass

from frazil.setting import check_types

KEEPALIVE_S = 15.0
"""Tr of RFC 8445 11: what lies on the way is refreshed this often where no check does it."""
MAX_PACING_S = 0.5
"""The slowest pace of checks that a peer can ask for (the default of RFC 5245 16.2)."""

MAX_PAIRS = 100
"""Candidate pairs in one checklist (RFC 8445 6.1.2.5)."""
MAX_REMOTE_CANDIDATES = 50
"""Signalled remote candidates per generation."""
MAX_REMOTE_PEER_REFLEXIVE = 10
"""Remote candidates learned from checks, per generation at a time; the oldest that is of no use
gives way."""
MAX_LOCAL_PEER_REFLEXIVE = 10
"""Local candidates learned from responses, likewise."""
MAX_SERVERS = 32
"""STUN servers asked in one generation."""
MAX_EARLY_CHECKS = 16
"""Pairs whose checks are remembered while the remote credentials are still unknown."""
MAX_VALIDATED = 256
"""Address pairs from which authentic STUN came and DTLS is therefore accepted."""
MAX_PENDING_GENERATIONS = 4
"""Generations known by one half only: offers that were not answered yet."""
MAX_REPEATS = 4
"""Times that checks of the peer make us repeat a check that is in flight."""
REPEAT_DELAY_S = 0.01
"""From such a check of the peer until we repeat ours: its answer may be close behind."""
MAX_ROLE_CONFLICTS = 16
"""Times that a 487 of the peer makes us switch roles and check again."""
MAX_STANDBY_CHECKS = 4
"""Other pairs that are asked at once: while the selected one is silent, or to measure them."""
SCOUT_INTERVAL_S = 0.25
"""Between two checks of addresses from which unauthenticated payload came, whoever sent it."""


@dataclass(frozen=True, slots=True)
class IceConfig:
    """The timers of one agent.

    Attributes:
        pacing_s: Ta, between two ordinary checks, at least 0.005. The peer is told, and the larger
            of its value and ours holds (RFC 8445 14.2).
        check_rto_s: First retransmission of a check, later if the path is slow (RFC 8445 14.3).
        check_sends: Rc, transmissions of one check (RFC 8489 6.2.1).
        recheck_sends: The same while the selected pair is silent, so that the outcome is known
            before consent expires, and for the nomination of another pair.
        check_last_wait: Rm, the wait after the last transmission, in multiples of the RTO.
        patience_s: The PAC timer: no ``failed`` for want of a pair earlier than this (RFC 8863),
            unless this host has no candidate. A path that worked and was lost fails with its
            consent if no other pair is left to check.
        consent_interval_s: Between consent checks, times a random 0.8 to 1.2 (RFC 7675 5.1).
        consent_timeout_s: Without an authenticated response for so long, nothing may be sent.
        disconnected_after_s: Silence of the selected pair after which it counts as lost. Where
            answers take long that comes later, but so long before consent to send expires.
        lite_disconnected_after_s: The same for a lite agent, which cannot ask: two checks of the
            peer, due every 6 s at most (RFC 7675 5.1), did not come.
        probe_after_s: Silence after payload after which the pair is asked whether it lives. After a
            check it is longer: as long as the peer's next one may take, at most 0.7 of
            ``consent_interval_s``.
        probe_interval_s: Between questions once one of them is late.
        recovery_interval_s: Between questions on a pair that counts as lost.
        measurement_interval_s: Between measurements of the pairs that are not in use, where the
            quickest is wanted.
        gathering_rto_s: First retransmission towards a STUN server (RFC 8445 14.3).
        gathering_sends: Transmissions towards a STUN server.
        gathering_last_wait: Wait after the last of them, in multiples of the RTO.

    Raises:
        TypeError: A value has the wrong type.
        ValueError: The timers do not fit each other; the message says which.
    """

    pacing_s: float = 0.02
    check_rto_s: float = 0.5
    check_sends: int = 7
    recheck_sends: int = 5
    check_last_wait: int = 16
    patience_s: float = 39.5
    consent_interval_s: float = 5.0
    consent_timeout_s: float = 30.0
    disconnected_after_s: float = 5.0
    lite_disconnected_after_s: float = 12.5
    probe_after_s: float = 2.5
    probe_interval_s: float = 0.2
    recovery_interval_s: float = 0.5
    measurement_interval_s: float = 5.0
    gathering_rto_s: float = 0.5
    gathering_sends: int = 3
    gathering_last_wait: int = 3

    def __post_init__(self) -> None:
        check_types(self)
        if self.pacing_s < 0.005:
            raise ValueError("pacing_s must be at least 0.005 (RFC 8445 14.2)")
        if not 0 < self.probe_after_s < self.disconnected_after_s < self.consent_timeout_s:
            raise ValueError(
                "the timers must satisfy 0 < probe_after_s < disconnected_after_s "
                "< consent_timeout_s"
            )
        if not 0 < self.lite_disconnected_after_s <= self.consent_timeout_s:
            raise ValueError(
                "the timers must satisfy 0 < lite_disconnected_after_s <= consent_timeout_s"
            )

    @property
    def consent_renewable_s(self) -> float:
        """A pair that answered within so long can take over unasked, in seconds.

        It is asked then, and its answer, if one comes, comes before consent to send expires.
        """
        return self.consent_timeout_s - self.disconnected_after_s


def most_checks(
    config: IceConfig,
    *,
    generations: int,
    local_addresses: int,
    received: int,
    nominations: int,
    elapsed_s: float,
) -> float:
    """What the limits mean for the network: the most checks that one agent sends.

    Args:
        config: Its timers.
        generations: How many sets of credentials it has had.
        local_addresses: The sockets and relays that it can send from.
        received: The authentic checks of the peer that arrived; each triggers one of ours.
        nominations: One for each better pair that turned out to work, and one more after each that
            was in vain.
        elapsed_s: How long it has been running.

    Returns:
        Transmissions, repetitions included.
    """
    searched = generations * (local_addresses * MAX_REMOTE_CANDIDATES + MAX_ROLE_CONFLICTS)
    sends = config.check_sends + MAX_REPEATS
    return sends * (searched + received + nominations) + most_watch_checks(config, elapsed_s)


def most_watch_checks(config: IceConfig, elapsed_s: float) -> float:
    """The most checks in ``elapsed_s`` by which one agent watches the pair in use.

    One for each ``probe_after_s`` while the pair talks, one for each ``probe_interval_s`` while it
    is late, and one with :data:`MAX_STANDBY_CHECKS` others for each ``recovery_interval_s`` once it
    is lost. Payload that nobody answers makes the first of these come sooner, and not more often.
    Payload from an unknown address adds two, one there and one on the pair in use, for each
    :data:`SCOUT_INTERVAL_S`, however much of it comes and from wherever, and none while the pair in
    use talks. Where the quickest pair is wanted, :data:`MAX_STANDBY_CHECKS` come for each
    ``measurement_interval_s``.
    """
    late, lost = 1 / config.probe_interval_s, (1 + MAX_STANDBY_CHECKS) / config.recovery_interval_s
    watching = max(late, lost, 1 / config.probe_after_s)
    measuring = MAX_STANDBY_CHECKS / config.measurement_interval_s
    return 3 + MAX_STANDBY_CHECKS + elapsed_s * (watching + measuring + 2 / SCOUT_INTERVAL_S)
