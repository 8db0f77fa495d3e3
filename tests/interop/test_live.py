"""What becomes of a live session when its network changes: this library's, and Chromium's.

``make live-events`` tries every event on every pair of ends and writes the figures down in
``docs/reference/live-events.md``.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from support.internet import Home, Internet
from support.laboratory import Laboratory
from support.live_event import Change, LiveEvent, Outcome, experience
from support.live_page import Figures, Implementation
from support.nat_rule import NatKind
from support.partner import need_module, need_program

if TYPE_CHECKING:  # needs a module that may not be there
    from support.browser import Browser
    from support.peer_host import PeerHost

pytestmark = pytest.mark.interop

_PAGE: Final = os.environ.get("FRAZIL_LIVE_EVENTS")
"""The file to write the figures to; then all combinations are tried."""

OURS, CHROMIUM, PION = Implementation
BACK_S: Final = 0.7
"""So long Chromium takes to follow a peer that has another address."""
MIXED_BACK_S: Final = 1.2
"""The same for a session in which both ends have to follow, each in its own manner."""

CASES = {
    LiveEvent.BLACKHOLE: [(OURS, OURS), (OURS, CHROMIUM)],
    LiveEvent.FORGETTING: [(OURS, OURS), (OURS, CHROMIUM), (CHROMIUM, OURS), (OURS, PION)],
    LiveEvent.NEW_PUBLIC_ADDRESS: [(OURS, OURS), (OURS, CHROMIUM), (CHROMIUM, OURS), (OURS, PION)],
    LiveEvent.NEW_HOST_ADDRESS: [(OURS, OURS), (OURS, CHROMIUM), (CHROMIUM, OURS)],
    LiveEvent.END: [(OURS, CHROMIUM)],
}
_ALL = [(OURS, OURS), (OURS, CHROMIUM), (CHROMIUM, OURS), (OURS, PION), (CHROMIUM, CHROMIUM)]


@pytest.fixture(scope="module")
def figures() -> Iterator[Figures]:
    figures = Figures()
    yield figures
    if _PAGE:
        Path(_PAGE).write_text(figures.page(), encoding="utf-8")


@pytest.fixture(scope="module")
def first_chromium(laboratory: Laboratory, built_internet: Internet) -> "Iterator[Browser]":
    yield from _chromium(laboratory, built_internet.first)


@pytest.fixture(scope="module")
def second_chromium(laboratory: Laboratory, built_internet: Internet) -> "Iterator[Browser]":
    yield from _chromium(laboratory, built_internet.second)


def _chromium(laboratory: Laboratory, home: Home) -> "Iterator[Browser]":
    need_module("websockets")
    from support.chromium import Chromium

    need_program(Chromium.program, Chromium.package)
    chromium = Chromium(home.host)
    laboratory.host(chromium.start())
    yield chromium
    laboratory.host(chromium.stop())


@pytest.fixture(scope="module")
def second_pion(
    laboratory: Laboratory, built_internet: Internet, pion_program: Path
) -> "Iterator[PeerHost]":
    need_module("websockets")
    from support.peer_host import PeerHost

    pion = PeerHost(built_internet.second.host, str(pion_program))
    laboratory.host(pion.start())
    yield pion
    laboratory.host(pion.stop())


@pytest.fixture
def ends(
    request: pytest.FixtureRequest, pairing: tuple[Implementation, Implementation]
) -> "list[PeerHost | Browser]":
    kinds = {OURS: "host", CHROMIUM: "chromium", PION: "pion"}
    return [
        request.getfixturevalue(f"{place}_{kinds[end]}")
        for place, end in zip(("first", "second"), pairing, strict=True)
    ]


@pytest.mark.parametrize(
    ("event", "pairing"),
    [
        pytest.param(event, pairing, id=f"{event}: {pairing[0]}, {pairing[1]}")
        for event, pairings in CASES.items()
        for pairing in (_ALL if _PAGE else pairings)
    ],
)
async def test_session(
    internet: Internet,
    ends: "list[PeerHost | Browser]",
    figures: Figures,
    event: LiveEvent,
    pairing: tuple[Implementation, Implementation],
) -> None:
    for home in (internet.first, internet.second):
        home.become(NatKind.FULL_CONE)
    servers = {"iceServers": [{"urls": f"stun:{internet.server_ip}"}]}
    async with ends[0].peer(servers) as first, ends[1].peer(servers) as second:
        outcome = await experience(event, internet, first, second)
        figures.note(event, pairing, outcome)
        if pairing[0] is OURS:
            assert_lawful(event, outcome.first, is_struck=True)
        if pairing[1] is OURS:
            assert_lawful(event, outcome.second)
        if OURS in pairing:
            assert_in_time(event, pairing, outcome)


def assert_lawful(
    event: LiveEvent, changes: tuple[Change, ...], *, is_struck: bool = False
) -> None:
    """The states of an end of ours follow the rules, whoever is at the other end."""
    if event is LiveEvent.NEW_HOST_ADDRESS and is_struck:
        # Between two addresses it has none: that is known at once, and over as soon.
        assert [state for _, state in changes] == ["disconnected", "connected"]
        assert changes[-1].after_s < BACK_S
        return
    if event is not LiveEvent.END:
        assert changes == ()
        return
    # Consent runs out before the patience of RFC 8863 does, if the session is young.
    assert [state for _, state in changes if state != "connecting"] == ["disconnected", "failed"]
    assert 4.5 < changes[0].after_s < 6.0
    assert 29.0 < changes[-1].after_s < 40.0


def assert_in_time(
    event: LiveEvent, pairing: tuple[Implementation, Implementation], outcome: Outcome
) -> None:
    """The session is back soon."""
    if event is LiveEvent.END:
        assert outcome.back_s is None
        return
    if event is LiveEvent.NEW_HOST_ADDRESS and PION in pairing:
        return  # Pion of this age stays with the pair it has until an ICE restart
    assert outcome.back_s is not None
    if pairing == (OURS, OURS):
        assert outcome.back_s < BACK_S
    elif event is LiveEvent.BLACKHOLE:
        assert outcome.back_s < 3.5  # Chromium's timeout has doubled several times by then
    else:
        assert outcome.back_s < MIXED_BACK_S
