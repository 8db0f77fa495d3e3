"""getStats of this library and of Chromium about one and the same session."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from support.browser import Browser
from support.frazil_peer import FrazilPeer, frazil_peer
from support.partner import need_module
from support.signalling import Signalling

need_module("websockets")

pytestmark = pytest.mark.interop

MESSAGES = (b"\x01" * 10_000, "Eis \N{SNOWFLAKE}", b"\x02" * 20_000)
"""Small enough for the browser's socket to take as one burst: nothing may be lost here."""
PAUSE_S = 0.2
"""Longer than a packet is under way, and than Chromium shows an old report."""

Report = Mapping[str, dict[str, Any]]


def only(report: Report, kind: str) -> dict[str, Any]:
    (found,) = [each for each in report.values() if each["type"] == kind]
    return found


def transport(report: Report) -> dict[str, Any]:
    return only(report, "transport")


def pair_in_use(report: Report) -> dict[str, Any]:
    return report[transport(report)["selectedCandidatePairId"]]


async def later(python: FrazilPeer) -> Report:
    await asyncio.sleep(PAUSE_S)
    return await python.getStats()


async def test_chromium_agrees(chromium: Browser) -> None:
    async with chromium.peer() as page, frazil_peer() as python:
        python.echo()
        channel = await page.createDataChannel("echo", protocol="p")
        async with Signalling(page, python) as signalling:
            await signalling.negotiate()
            await channel.wait_for("open")
            for message in MESSAGES:
                await channel.send(message)
                assert await channel.receive() == message
            await python.wait_for("iceConnectionState", "completed")
            before = await later(python)
            await asyncio.sleep(PAUSE_S)
            theirs = {each["id"]: each for each in await page.getStats()}
            after = await later(python)
    assert_no_unknown_members(after, theirs)
    assert_channels_agree(after, theirs)
    assert_transports_agree(after, theirs)
    for stats in (transport, pair_in_use):
        first, middle, last = stats(before), stats(theirs), stats(after)
        for unit in ("packets", "bytes"):
            sent, received = f"{unit}Sent", f"{unit}Received"
            # What left, or arrived, between the two reports of ours is all that may differ.
            assert first[sent] <= middle[received] <= last[sent]
            assert first[received] <= middle[sent] <= last[received]


def assert_no_unknown_members(ours: Report, theirs: Report) -> None:
    """What this library tells, Chromium tells under the same name."""
    for kind in ("peer-connection", "data-channel", "transport"):
        assert only(ours, kind).keys() <= only(theirs, kind).keys()
    assert pair_in_use(ours).keys() <= pair_in_use(theirs).keys()
    for name in ("localCertificateId", "remoteCertificateId"):
        mine, other = ours[transport(ours)[name]], theirs[transport(theirs)[name]]
        assert mine.keys() == other.keys()


def assert_channels_agree(ours: Report, theirs: Report) -> None:
    one, two = only(ours, "data-channel"), only(theirs, "data-channel")
    for name in ("label", "protocol", "dataChannelIdentifier", "state"):
        assert one[name] == two[name]
    size = sum(len(each.encode() if isinstance(each, str) else each) for each in MESSAGES)
    for channel in (one, two):
        assert channel["messagesSent"] == channel["messagesReceived"] == len(MESSAGES)
        assert channel["bytesSent"] == channel["bytesReceived"] == size


def assert_transports_agree(ours: Report, theirs: Report) -> None:
    one, two = transport(ours), transport(theirs)
    for name in ("dtlsCipher", "dtlsState", "tlsVersion"):
        assert one[name] == two[name]
    assert (one["iceRole"], two["iceRole"]) == ("controlled", "controlling")
    assert {one["dtlsRole"], two["dtlsRole"]} == {"client", "server"}
    for mine, other in ((ours, theirs), (theirs, ours)):
        local = mine[transport(mine)["localCertificateId"]]
        remote = other[transport(other)["remoteCertificateId"]]
        for name in ("fingerprint", "fingerprintAlgorithm", "base64Certificate"):
            assert local[name] == remote[name]
    assert pair_in_use(ours)["nominated"] is pair_in_use(theirs)["nominated"] is True
