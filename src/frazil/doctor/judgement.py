"""What the observations mean, and what to do: from a report to findings."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from frazil.aio.network import Interface, usable
from frazil.doctor.behaviour import Behaviour
from frazil.doctor.finding import Finding, Level
from frazil.doctor.report import Knock, NatReport, RelayReport, Report, Step, StepName, StunReport

_PROBLEM, _WARNING, _NOTE = Level.PROBLEM, Level.WARNING, Level.NOTE
_RANK: Final = {level: rank for rank, level in enumerate(Level)}

_LARGEST_SENT: Final = 1280
"""Bytes of the IP packets that every path should carry (RFC 8200 5), and WebRTC counts on."""

_UNAUTHENTICATED: Final = 401
_EARLIEST_END: Final = re.compile("[1-9][0-9]{9}")
"""A time since 2001, in seconds since 1970; other numbers are names."""

_TURN_FIXES: Final = {
    300: "Name that server, or change the redirection in the configuration of this one.",
    401: (
        "Check --user and --password, and the realm of the server; of time-limited credentials "
        "also the clocks and the shared secret."
    ),
    403: "Look for denied or missing peer addresses in the configuration of the server.",
    438: "Let the server keep its nonces longer than a round trip.",
    441: "Use the same username for the whole session.",
    442: "Allow UDP relays on the server.",
    486: "Close sessions that are still there, or raise the quota of this user.",
    508: "Give the server more relay ports, or wait until some are free.",
}


def judge(report: Report, *, wall_clock_s: float) -> list[Finding]:
    """The findings, the worst first.

    Args:
        report: What was observed.
        wall_clock_s: Seconds since 1970: time-limited credentials name their end.
    """
    silent = _silent(report)
    found = [
        *_about_host(report),
        *_about_names(report),
        *_about_udp(report, silent),
        *_about_relays(report, silent, wall_clock_s),
        *_about_nats(report),
    ]
    return sorted(dict.fromkeys(found), key=lambda finding: _RANK[finding.level])


# --- the host ---------------------------------------------------------------------------------


def _about_host(report: Report) -> Iterator[Finding]:
    useful = [each for each in report.interfaces if each.remark not in ("loopback", "link-local")]
    if not useful:
        text = "This host has no address but its own: nobody else can reach it."
        yield Finding(_PROBLEM, "FZ-NO-NETWORK", text, "Connect it to a network.")
    elif not any(each.is_default for each in useful):
        text = "This host has no default route: only neighbours can be reached."
        yield Finding(_WARNING, "FZ-NO-ROUTE", text, "Give it a default gateway.")
    for hint in report.hints:
        yield Finding(_NOTE, "FZ-CONTAINER", hint)
    if not report.servers:
        text = "No server was named, so nothing outside this host was contacted."
        fix = "Name the STUN and TURN servers of your application: --ice-servers stun:HOST."
        yield Finding(_NOTE, "FZ-NO-SERVER", text, fix)


def _about_names(report: Report) -> Iterator[Finding]:
    interfaces = usable(Interface(each.name, each.address) for each in report.interfaces)
    families = {each.family == 6 for each in interfaces if not each.is_loopback}
    for server in report.servers:
        if server.problem:
            text = f"The name in {server.url} cannot be looked up: {server.problem}."
            yield Finding(_PROBLEM, "FZ-NAME", text, "Check the spelling and the name server.")
        elif not any((":" in each[0]) in families for each in server.addresses):
            if any(_is_local(each[0]) for each in server.addresses):
                continue
            kind = "IPv6" if ":" in server.addresses[0][0] else "IPv4"
            text = f"{server.url} has {kind} addresses only, and this host has none."
            fix = f"Give this host {kind}, or the server an address of the other family."
            yield Finding(_PROBLEM, "FZ-FAMILY", text, fix)


def _is_local(address: str) -> bool:
    return address == "::1" or address.startswith("127.")


# --- UDP --------------------------------------------------------------------------------------


def _silent(report: Report) -> set[str]:
    """The servers that were asked over UDP and said nothing, not even about a relay."""
    heard = {each.url for each in report.stun if each.is_answered}
    heard |= {each.url for each in report.relays if each.is_answered}
    return {each.url for each in report.stun} - heard


def _about_udp(report: Report, silent: set[str]) -> Iterator[Finding]:
    by_url: dict[str, list[StunReport]] = {}
    for each in report.stun:
        by_url.setdefault(each.url, []).append(each)
    if silent and len(silent) == len(by_url) and _tcp_works(report):
        yield Finding(
            _PROBLEM,
            "FZ-UDP-BLOCKED",
            "UDP does not get through: servers that can be reached over TCP do not answer over "
            "UDP.",
            "Let UDP out of this network, or add a TURN server over TCP or TLS, best on port 443: "
            "turns:HOST:443.",
        )
        return
    tried_as_turn = {each.url for each in report.relays}
    for url, asked in by_url.items():
        if url in silent:
            yield _silence(url, asked)
        elif url not in tried_as_turn and not any(each.mapped for each in asked):
            yield _uselessness(url, asked)


def _tcp_works(report: Report) -> bool:
    """Whether TCP gets where UDP does not: one silent host says nothing of another."""
    asked = {each.server[0] for each in report.stun}
    return any(each.knock is Knock.ACCEPTED for each in report.stun) or any(
        step.is_done and (len(asked) > 1 or each.server[0] in asked)
        for each in report.relays
        if (step := each.step(StepName.CONNECT))
    )


def _silence(url: str, asked: list[StunReport]) -> Finding:
    knocks = {each.knock for each in asked}
    if Knock.ACCEPTED in knocks:
        text = f"{url} can be reached over TCP, but does not answer over UDP."
        fix = "Open the UDP port of the server in its firewall, and let it listen there."
        return Finding(_PROBLEM, "FZ-SERVER-UDP", text, fix)
    if Knock.REFUSED in knocks:
        text = f"The host of {url} is there, but nothing answers at this port."
        fix = "Check the port, and whether the server runs."
        return Finding(_PROBLEM, "FZ-PORT-CLOSED", text, fix)
    text = f"{url} does not answer, neither over UDP nor over TCP."
    fix = "Check the address, the server, and the firewalls between."
    return Finding(_PROBLEM, "FZ-SERVER-SILENT", text, fix)


def _uselessness(url: str, asked: list[StunReport]) -> Finding:
    code = next((each.refusal for each in asked if each.refusal is not None), None)
    if code is not None:
        text = f"{url} refuses to tell this host its address: error {code}."
        fix = (
            "Let the server answer requests without credentials (no secure-stun of coturn), and "
            "from this network; or name another."
        )
        return Finding(_PROBLEM, "FZ-STUN-REFUSED", text, fix)
    text = f"{url} answers, but gives no address at which this host could be reached."
    fix = "Let the server give XOR-MAPPED-ADDRESS (RFC 8489 14.2), or name another."
    if all(":" in each.local for each in asked if each.is_answered):
        fix += (
            " If NAT64 leads there, it sees an IPv4 address, which is of no use over IPv6: name a "
            "STUN server that has IPv6, or a TURN server."
        )
    return Finding(_PROBLEM, "FZ-STUN-NO-ADDRESS", text, fix)


# --- relays -----------------------------------------------------------------------------------


def _about_relays(report: Report, silent: set[str], wall_clock_s: float) -> Iterator[Finding]:
    by_url: dict[str, list[RelayReport]] = {}
    for each in report.relays:
        if each.url not in silent:
            by_url.setdefault(each.url, []).append(each)
    for url, tried in by_url.items():
        best = max(tried, key=lambda each: sum(step.is_done for step in each.steps))
        for step in best.steps:
            if not step.is_done:
                yield _expired(best, step, wall_clock_s) or _failed_step(url, step)


def _expired(relay: RelayReport, step: Step, wall_clock_s: float) -> Finding | None:
    """The credentials are of yesterday (draft-uberti-behave-turn-rest), if that is what it is."""
    end = relay.username.partition(":")[0]
    if step.code != _UNAUTHENTICATED or not _EARLIEST_END.fullmatch(end):
        return None
    since_s = wall_clock_s - int(end)
    if since_s <= 0:
        return None
    ago = f"{since_s / 60:.0f} minutes" if since_s < 7200 else f"{since_s / 3600:.0f} hours"
    text = f"The credentials for {relay.url} ended {ago} ago by the clock of this host."
    fix = "Get fresh ones from whoever hands them out, or set the clock right."
    return Finding(_PROBLEM, "FZ-TURN-EXPIRED", text, fix)


def _failed_step(url: str, step: Step) -> Finding:
    said = step.text.rstrip(".")
    said = said[:1].lower() + said[1:]
    if step.name is StepName.CONNECT:
        return _failed_connect(url, step, said)
    fix = _TURN_FIXES.get(step.code or 0, "")
    if step.name is StepName.ALLOCATE:
        fix = fix or "Look into the log of the server for this moment."
        code = f"FZ-TURN-{step.code}" if step.code is not None else "FZ-TURN-SILENT"
        return Finding(_PROBLEM, code, f"{url} gives no relay: {said}.", fix)
    if step.name is StepName.CHANNEL:
        return Finding(_WARNING, "FZ-TURN-CHANNEL", f"{url}: {said}.", fix)
    if step.name is StepName.PERMISSION:
        text = (
            f"{url} does not let a relay write to its own address, so data was not tried: {said}."
        )
        fix = fix or "Check which peer addresses the server allows."
        return Finding(_WARNING, "FZ-TURN-PERMISSION", text, fix)
    if step.name is StepName.DATA:
        text = f"{url} allocates a relay, but {said}."
        fix = (
            "Open the relay ports of the server for UDP in its firewall, and tell it its public "
            "address if it is behind a NAT (external-ip of coturn)."
        )
        return Finding(_PROBLEM, "FZ-TURN-DATA", text, fix)
    text = f"{url} does not renew a relay: {said}; sessions end after its lifetime."
    fix = fix or "Use credentials that outlast a session, and look into the log of the server."
    return Finding(_PROBLEM, "FZ-TURN-REFRESH", text, fix)


def _failed_connect(url: str, step: Step, said: str) -> Finding:
    if step.is_certificate:
        text = f"The certificate of {url} is not trusted: {said}."
        fix = (
            "Use a certificate of a public authority for the name in the URL, or name your own "
            "authority with --ca FILE."
        )
        return Finding(_PROBLEM, "FZ-TLS-CERTIFICATE", text, fix)
    text = f"{url} cannot be connected: {said}."
    fix = "Check the port, whether the server runs, and the firewalls between."
    return Finding(_PROBLEM, "FZ-TCP", text, fix)


# --- NATs -------------------------------------------------------------------------------------


def _about_nats(report: Report) -> Iterator[Finding]:
    for nat in report.nats:
        if nat.packet_size is not None and nat.packet_size < _LARGEST_SENT:
            yield _narrow(nat, nat.packet_size)
        if nat.mapping not in (None, Behaviour.ENDPOINT_INDEPENDENT):
            yield _symmetric(nat, report.relays)
        elif nat.mapping is None:
            text = f"Whether the NAT in front of {nat.local} is symmetric could not be found out."
            fix = (
                "Name two STUN servers at different addresses, both beyond the NAT, or one that "
                "knows RFC 5780."
            )
            yield Finding(_NOTE, "FZ-NAT-UNKNOWN", text, fix)


def _narrow(nat: NatReport, packet_size: int) -> Finding:
    text = (
        f"From {nat.local} only packets of up to {packet_size} bytes get through in one piece: "
        "handshakes and data of others, and of relays, may be cut or lost."
    )
    fix = "Raise the MTU of the tunnel or link on the way; 1280 bytes are enough."
    return Finding(_WARNING, "FZ-MTU", text, fix)


def _symmetric(nat: NatReport, relays: Sequence[RelayReport]) -> Finding:
    text = (
        f"The NAT in front of {nat.local} is symmetric: every destination sees another port, so "
        "peers behind an ordinary NAT cannot be reached directly."
    )
    if any(each.is_usable for each in relays):
        return Finding(_NOTE, "FZ-NAT-SYMMETRIC", text, "The relay that works serves those.")
    if any(each.relayed and each.step(StepName.DATA) is None for each in relays):
        fix = "The relay that was allocated should serve those, though data was not tried."
        return Finding(_NOTE, "FZ-NAT-SYMMETRIC", text, fix)
    fix = "Add a TURN server to the configuration."
    return Finding(_WARNING, "FZ-NAT-SYMMETRIC", text, fix)
