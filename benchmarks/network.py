"""A network that nothing leaves, for stacks that use whatever addresses the machine has.

Linux only. Outside of it only those stacks are measured that can be told to keep to loopback.
"""

import ctypes
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Namespaces and browsers are already tamed for the tests.
sys.path.append(str(Path(__file__).parents[1] / "tests"))

from support.namespace import End, Namespace, join

LOOPBACK = "127.0.0.1"
ADDRESS = "10.77.0.1"
_GATEWAY = "10.77.0.2"
_LOSS = """
table inet loss {{
    chain arrival {{
        type filter hook prerouting priority raw
        meta l4proto udp numgen random mod 10000 < {share} drop
    }}
}}
"""
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_NO_SUCH_NAME = b"\x81\x83"
"""The flags of a DNS response: no such name."""


class OwnNetwork:
    """The network that this process is in: one interface, a resolver that knows no name.

    The route to everywhere else ends at the other end of a cable. It is there because some stacks
    find their address by looking for it.
    """

    def __init__(self, here: Namespace, elsewhere: Namespace) -> None:
        self._here = here
        join(End(here, "cable", f"{ADDRESS}/24"), End(elsewhere, "cable", f"{_GATEWAY}/24"))
        here.run("ip", "route", "add", "default", "via", _GATEWAY)
        for resolver in _resolvers():
            if not resolver.startswith("127."):
                here.run("ip", "address", "add", f"{resolver}/32", "dev", "lo")
            threading.Thread(target=_know_no_name, args=(resolver,), daemon=True).start()

    @contextmanager
    def lossy(self, share: float) -> Iterator[None]:
        """While this lasts, datagrams are lost at random, each with this probability."""
        # A run of datagrams that the kernel has not cut yet would be lost as a whole.
        self._here.run("ip", "link", "set", "dev", "lo", "gso_max_segs", "1")
        self._here.run("nft", "-f", "-", stdin=_LOSS.format(share=round(share * 10_000)))
        try:
            yield
        finally:
            self._here.run("nft", "flush", "ruleset")
            self._here.run("ip", "link", "set", "dev", "lo", "gso_max_segs", "65535")


_own: OwnNetwork | None = None


def address() -> str:
    """The only address that the stacks use."""
    return os.environ["BENCHMARK_ADDRESS"]


def own_network() -> OwnNetwork | None:
    """The network of :func:`entered`, if there is one."""
    return _own


@contextmanager
def entered() -> Iterator[str]:
    """Everything happens in a network of our own; why not, or nothing if so.

    Processes find the address to use in the environment variable ``BENCHMARK_ADDRESS``.
    """
    global _own
    os.environ["BENCHMARK_ADDRESS"] = LOOPBACK
    try:
        here, elsewhere = _make_namespaces()
    except (OSError, AttributeError, subprocess.CalledProcessError) as error:
        yield f"no network of our own: {error}"
        return
    try:
        with here.entered():
            _own = OwnNetwork(here, elsewhere)
            os.environ["BENCHMARK_ADDRESS"] = ADDRESS
            yield ""
    finally:
        _own = None
        here.close()
        elsewhere.close()


def _make_namespaces() -> tuple[Namespace, Namespace]:
    try:
        return Namespace(), Namespace()
    except PermissionError:
        _become_root_among_ourselves()
        return Namespace(), Namespace()


def _become_root_among_ourselves() -> None:
    """Enter a user namespace, whose root may make networks, and one to come back to."""
    user, group = os.getuid(), os.getgid()
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{os.strerror(code)}, to make a user namespace")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")


def _resolvers() -> list[str]:
    """The IPv4 addresses that this machine asks for names."""
    with suppress(OSError):
        lines = Path("/etc/resolv.conf").read_text().splitlines()
        words = [line.split() for line in lines]
        return [word[1] for word in words if word[:1] == ["nameserver"] and "." in word[1]]
    return []


def _know_no_name(address: str) -> None:
    """Answer every DNS query: there is no such name."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as resolver:
        resolver.bind((address, 53))
        while True:
            query, source = resolver.recvfrom(4096)
            resolver.sendto(query[:2] + _NO_SUCH_NAME + query[4:], source)
