"""A connection of this process, as it is now."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from frazil.dashboard.encoding import MEANINGS, record_json
from frazil.dashboard.feed import Mark, forgotten_changes, read
from frazil.dashboard.identity import id_of
from frazil.dashboard.row import CONNECTION, Row, path_of
from frazil.record import Json
from frazil.w3c.census import Entry
from frazil.w3c.peerconnection import RTCPeerConnection

T = TypeVar("T")

ANSWER_LIMIT_S: Final = 2.0
"""How long the event loop of a connection may take to look at it."""
_PAIR_FIELDS: Final = {
    "state": "state",
    "nominated": "nominated",
    "rtt_s": "currentRoundTripTime",
    "requests_sent": "requestsSent",
    "responses_received": "responsesReceived",
    "requests_received": "requestsReceived",
    "bytes_sent": "bytesSent",
    "bytes_received": "bytesReceived",
}
_CHANNEL_FIELDS: Final = {
    "label": "label",
    "stream": "dataChannelIdentifier",
    "state": "state",
    "messages_sent": "messagesSent",
    "bytes_sent": "bytesSent",
    "messages_received": "messagesReceived",
    "bytes_received": "bytesReceived",
}
_TRANSPORT_FIELDS: Final = {
    "role": "iceRole",
    "dtls_role": "dtlsRole",
    "tls_version": "tlsVersion",
    "cipher": "dtlsCipher",
    "bytes_sent": "bytesSent",
    "bytes_received": "bytesReceived",
    "packets_sent": "packetsSent",
    "packets_received": "packetsReceived",
    "selected_changes": "selectedCandidatePairChanges",
}
Stat = dict[str, Any]


def row_of(entry: Entry[RTCPeerConnection], connection: RTCPeerConnection) -> Row:
    """The line of a connection in the list; from any thread."""
    changes = connection.stateHistory
    last = next((each for each in reversed(changes) if each.machine == CONNECTION), None)
    pair, rtt_s = path_of(connection.trace.records)
    return Row(
        id=id_of(entry.number),
        name=f"connection {entry.number}",
        state=str(connection.connectionState),
        since=None if last is None else entry.epoch + last.at,
        why="" if last is None else last.reason.text,
        pair=pair,
        rtt_s=rtt_s,
    )


async def view_of(
    entry: Entry[RTCPeerConnection], connection: RTCPeerConnection, mark: Mark
) -> dict[str, Json]:
    """Everything that the page of a connection shows, the records only since ``mark``.

    Raises:
        TimeoutError: The event loop that the connection lives in does not answer.
    """
    return await _in_loop(entry.loop, lambda: _view(entry, connection, mark))


async def _view(
    entry: Entry[RTCPeerConnection], connection: RTCPeerConnection, mark: Mark
) -> dict[str, Json]:
    report = await connection.getStats()
    trace = connection.trace
    records, next_mark = read(trace, mark)
    if mark == Mark():
        records = [*forgotten_changes(connection.stateHistory, trace), *records]
    told = [record_json(*each) for each in records]
    view: dict[str, Json] = {
        "id": id_of(entry.number),
        "name": f"connection {entry.number}",
        "is_live": True,
        "now": entry.loop.time(),
        "epoch": entry.epoch,
        "mark": list(next_mark) if next_mark.number else None,
        "forgotten": trace.forgotten,
        "counters": dict(trace.counters),
        "findings": list[Json](connection.explain().to_json()),  # type: ignore[arg-type]
        "records": list[Json](told),
        "pairs": [_pair(each, report) for each in report.of_type("candidate-pair")],
        "channels": [_members(each, _CHANNEL_FIELDS) for each in report.of_type("data-channel")],
        "transports": [_members(each, _TRANSPORT_FIELDS) for each in report.of_type("transport")],
    }
    if mark == Mark():
        view["meanings"] = MEANINGS
    return view


def _pair(stat: Stat, report: Any) -> Json:
    transport = report[stat["transportId"]]
    return {
        "local": _candidate(report[stat["localCandidateId"]]),
        "remote": _candidate(report[stat["remoteCandidateId"]]),
        "is_in_use": transport.get("selectedCandidatePairId") == stat["id"],
        **_members(stat, _PAIR_FIELDS),
    }


def _candidate(stat: Stat) -> Json:
    address = stat["address"] or "hidden"
    host = f"[{address}]" if ":" in address else address
    return {
        "type": stat["candidateType"],
        "protocol": stat["protocol"],
        "address": f"{host}:{stat['port']}",
    }


def _members(stat: Stat, fields: dict[str, str]) -> dict[str, Json]:
    return {name: stat.get(member) for name, member in fields.items()}


async def _in_loop(loop: asyncio.AbstractEventLoop, work: Callable[[], Awaitable[T]]) -> T:
    """What ``work`` gives, done where a connection lives."""

    async def run() -> T:
        return await work()

    if loop is asyncio.get_running_loop():
        return await run()
    if not loop.is_running():
        raise TimeoutError
    async with asyncio.timeout(ANSWER_LIMIT_S):
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(run(), loop))
