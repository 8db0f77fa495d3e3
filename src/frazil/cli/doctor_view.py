"""What a doctor's report looks like in a terminal."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from frazil.cli.table import address, milliseconds, table
from frazil.doctor import (
    Finding,
    InterfaceReport,
    Knock,
    Level,
    NatReport,
    RelayReport,
    Report,
    StepName,
    StunReport,
    popular_name,
)

_BOLD, _RED, _YELLOW, _PLAIN = "\x1b[1m", "\x1b[31m", "\x1b[33m", "\x1b[0m"
_MARKS: Final = {Level.PROBLEM: "PROBLEM", Level.WARNING: "WARNING", Level.NOTE: "note"}
_KNOCKS: Final = {
    None: "no answer",
    Knock.ACCEPTED: "no answer (TCP gets there)",
    Knock.REFUSED: "nobody listens",
    Knock.SILENT: "no answer",
}


def describe(report: Report, findings: Sequence[Finding], width: int) -> list[str]:
    """The lines, without colours; those of prose have at most ``width`` columns."""
    return [
        *_section("Interfaces", _interfaces(report.interfaces)),
        *_section("STUN over UDP", _stun(report.stun)),
        *_section("NAT", [line for nat in report.nats for line in _nat(nat)]),
        *_section("TURN", _relays(report.relays)),
        *_section("Findings", list(_findings(findings, width))),
        "",
        summary(findings),
    ]


def paint(line: str) -> str:
    """A line with the colours that terminals know since long."""
    if line.startswith("  PROBLEM") or "FAILED" in line:
        return f"{_RED}{line}{_PLAIN}"
    if line.startswith("  WARNING"):
        return f"{_YELLOW}{line}{_PLAIN}"
    return f"{_BOLD}{line}{_PLAIN}" if line and not line.startswith(" ") else line


def summary(findings: Sequence[Finding]) -> str:
    """The verdict in one line."""
    counts = [
        (sum(each.level is level for each in findings), level.value)
        for level in (Level.PROBLEM, Level.WARNING)
    ]
    told = [f"{count} {word}{'s' * (count > 1)}" for count, word in counts if count]
    return f"Verdict: {' and '.join(told) or 'no problem found'}."


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", title, *lines] if lines else []


def _interfaces(interfaces: Sequence[InterfaceReport]) -> list[str]:
    return table(
        ("interface", "address", "kind", ""),
        (
            (each.name, each.address, each.remark, "default route" if each.is_default else "")
            for each in interfaces
        ),
    )


def _stun(reports: Sequence[StunReport]) -> list[str]:
    return table(
        ("server", "from", "round trip", "seen as"),
        ((each.url, each.local, milliseconds(each.rtt_s), _seen(each)) for each in reports),
    )


def _seen(report: StunReport) -> str:
    if report.mapped is not None:
        return address(report.mapped)
    if report.refusal is not None:
        return f"refused with error {report.refusal}"
    if report.is_answered:
        return "no usable address"
    return _KNOCKS[report.knock]


def _nat(nat: NatReport) -> Iterator[str]:
    rows = [("from", f"{nat.local}, seen as {nat.mapped[0]} by {nat.url}")]
    if nat.is_translated:
        rows.append(("mapping", nat.mapping or "unknown: needs two STUN servers beyond it"))
        rows.append(("filtering", nat.filtering or "unknown: needs a server with RFC 5780"))
        if nat.mapping is not None:
            rows.append(("known as", popular_name(nat.mapping, nat.filtering)))
        rows.append(("port", "kept" if nat.keeps_port else "changed"))
        hairpin = {True: "yes", False: "no", None: "unknown"}[nat.hairpin]
        rows.append(("hairpin", hairpin))
    else:
        rows.append(("mapping", "none: the server sees the address that this host has"))
        rows.append(("filtering", nat.filtering or "unknown: needs a server with RFC 5780"))
    if nat.packet_size is not None:
        is_least = " or more" if nat.packet_size == 1500 else ""
        rows.append(("packets", f"up to {nat.packet_size} bytes{is_least} in one piece"))
    for name, text in rows:
        yield f"  {name:<10} {text}"


def _relays(reports: Sequence[RelayReport]) -> list[str]:
    steps = tuple(StepName)
    return table(
        ("server", "from", *steps, "relayed address"),
        (
            (
                each.url,
                each.local,
                *(_step(each, name) for name in steps),
                ", ".join(map(address, each.relayed)) or "-",
            )
            for each in reports
        ),
    )


def _step(report: RelayReport, name: StepName) -> str:
    step = report.step(name)
    if step is None:
        return ""
    return milliseconds(step.took_s) if step.is_done else f"FAILED {step.code or ''}".rstrip()


def _findings(findings: Sequence[Finding], width: int) -> Iterator[str]:
    for each in findings:
        yield from textwrap.wrap(
            f"{_MARKS[each.level]} {each.code}: {each.text}",
            width,
            initial_indent="  ",
            subsequent_indent="    ",
            break_on_hyphens=False,
            break_long_words=False,
        )
        if each.fix:
            yield from textwrap.wrap(
                f"Fix: {each.fix}",
                width,
                initial_indent="    ",
                subsequent_indent="    ",
                break_on_hyphens=False,
                break_long_words=False,
            )
