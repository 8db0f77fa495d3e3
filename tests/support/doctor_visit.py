"""A doctor's look at the network of a virtual host."""

import ssl
from pathlib import Path

from frazil.doctor import Examination, Finding, Options, Report, Surrounding, judge
from frazil.peer.reader import read_server
from frazil.testing import VirtualHost

NOWHERE = Surrounding(Path("/no/such/folder"), {})
"""A file system and an environment without a sign of a container."""


async def visit(
    host: VirtualHost,
    *urls: str,
    user: str = "user",
    password: str = "password",
    tls_context: ssl.SSLContext | None = None,
) -> Report:
    """The report about a host and the servers with these URLs."""
    servers = [read_server({"urls": url, "username": user, "credential": password}) for url in urls]
    return await Examination(host, Options(servers, tls_context), surrounding=NOWHERE).run()


WALL_CLOCK_S = 1_700_000_000.0


def findings(report: Report) -> list[Finding]:
    """What a doctor makes of it in November 2023."""
    return judge(report, wall_clock_s=WALL_CLOCK_S)
