"""A box on the way that forgets streams, so that they fall silent and do not end."""

from frazil.testing import Fate, VirtualHost
from frazil.testing.tcp.stream import VirtualStream


def streams(host: VirtualHost) -> list[VirtualStream]:
    """The ends of streams that ``host`` has."""
    return [end for end in host.tcp.open_ends() if isinstance(end, VirtualStream)]


def swallow(*hosts: VirtualHost) -> None:
    """Let nothing pass any more on the streams that these have now."""
    for host in hosts:
        for end in streams(host):
            end._ship = end._sender._ship = lambda data, report: report(Fate.LOST)
