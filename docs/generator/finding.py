"""The page about findings."""

from collections.abc import Iterator

from frazil.explain import FINDINGS
from generator.markdown import NOTICE


def finding_page() -> Iterator[str]:
    """Every finding with its fix."""
    yield NOTICE
    yield "# Findings"
    yield (
        "`pc.explain()`, `ConnectivityError.report`, warnings in the log and `frazil explain FILE` "
        "say why a connection is not what it should be. All of them name findings of this page, "
        "the likely cause first. A finding that begins with *by the way* did not keep the "
        "connection from getting further. Codes never change their meaning. `frazil explain CODE` "
        "says in a terminal what stands here."
    )
    for kind in FINDINGS.values():
        yield f"## {kind.code}"
        yield kind.meaning
        yield f"*Fix:* {kind.fix} (Logger: `frazil.{kind.layer}`.)"
