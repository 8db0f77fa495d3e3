"""Private networks for the peers of a test: network namespaces, a wire between two, its failure.

The namespaces are anonymous. Nothing has a name, so nothing can be left behind: the kernel takes a
namespace away, with its interfaces and its packet filter, when its last process and file
descriptor are gone, whatever became of the test run. Rights over the network are needed, not those
of root: ``unshare --user --map-root-user --net`` in front of pytest gives them to anyone.
"""

import ctypes
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, Self

_CLONE_NEWNET = 0x40000000
_CARRIER_TIMEOUT_S = 5.0
_libc = ctypes.CDLL(None, use_errno=True)


def _open_current() -> int:
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _check(result: int) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


class Namespace:
    """A network of its own, at first with nothing but a loopback interface.

    Raises:
        PermissionError: this process may not make network namespaces.
    """

    def __init__(self) -> None:
        home = _open_current()
        try:
            # Who may leave a network need not have the right to come back: that is found out here,
            # while it does no harm.
            _check(_libc.setns(home, _CLONE_NEWNET))
            _check(_libc.unshare(_CLONE_NEWNET))
            self._fd = _open_current()
            _check(_libc.setns(home, _CLONE_NEWNET))
        finally:
            os.close(home)
        self.run("ip", "link", "set", "lo", "up")

    @classmethod
    def current(cls) -> Self:
        """The network that the calling thread is in."""
        namespace = cls.__new__(cls)
        namespace._fd = _open_current()
        return namespace

    @property
    def path(self) -> str:
        """A path under which other programs find this namespace while it is open."""
        return f"/proc/{os.getpid()}/fd/{self._fd}"

    @contextmanager
    def entered(self) -> Iterator[None]:
        """The calling thread is inside: sockets, processes and threads made here belong here."""
        home = _open_current()
        try:
            _check(_libc.setns(self._fd, _CLONE_NEWNET))
            try:
                yield
            finally:
                _check(_libc.setns(home, _CLONE_NEWNET))
        finally:
            os.close(home)

    def run(self, *command: str, stdin: str = "") -> str:
        """Run a program inside to its end; its standard output.

        Raises:
            CalledProcessError: it failed; the exception's notes hold what it complained about.
        """
        with self.entered():
            done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        try:
            done.check_returncode()
        except subprocess.CalledProcessError as error:
            error.add_note(done.stderr)
            raise
        return done.stdout

    def close(self) -> None:
        """Let go of the namespace. It lasts as long as processes or sockets inside do."""
        os.close(self._fd)


class End(NamedTuple):
    """Where an Ethernet cable ends."""

    namespace: Namespace
    interface: str
    """The name of the new interface."""
    address: str
    """Its address, with the length of the prefix."""


def join(one: End, other: End) -> None:
    """Lay a cable; it has a carrier on return.

    Raises:
        TimeoutError: It gets none.
    """
    one.namespace.run(
        *("ip", "link", "add", one.interface, "type", "veth"),
        *("peer", "name", other.interface, "netns", other.namespace.path),
    )
    for namespace, interface, address in (one, other):
        # A link-local address would come seconds later, when the kernel has checked it for
        # duplicates: a change of networks in the middle of a test.
        namespace.run("ip", "link", "set", interface, "addrgenmode", "none")
        namespace.run("ip", "address", "add", address, "dev", interface)
        namespace.run("ip", "link", "set", interface, "up")
    # The kernel tells of a carrier up to a second late, unless it is asked; Chromium would not
    # ask, and gathers nothing until it is told.
    deadline = time.monotonic() + _CARRIER_TIMEOUT_S
    for namespace, interface, _ in (one, other):
        while " state UP " not in namespace.run("ip", "link", "show", interface):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{interface} has no carrier")


class Wire:
    """Two namespaces, ``near`` and ``far``, on one Ethernet cable.

    Each is the other's default route, and neither forwards: what is meant for anywhere else ends
    at the other end.
    """

    near_ip = "10.77.0.1"
    far_ip = "10.77.0.2"

    def __init__(self) -> None:
        self.near = Namespace()
        self.far = Namespace()
        join(
            End(self.near, "wire", f"{self.near_ip}/24"), End(self.far, "wire", f"{self.far_ip}/24")
        )
        self.near.run("ip", "route", "add", "default", "via", self.far_ip)
        self.far.run("ip", "route", "add", "default", "via", self.near_ip)

    def close(self) -> None:
        """Let go of both ends."""
        self.near.close()
        self.far.close()

    def blackout(self, *towards: Namespace) -> None:
        """Lose every packet, from now on, that arrives in these namespaces (default: in both).

        Packets vanish where they arrive: dropped where they are sent, they would be an error that
        the sender sees.
        """
        for namespace in towards or (self.near, self.far):
            namespace.run("nft", "-f", "-", stdin=_BLACKOUT)

    def block_udp(self) -> None:
        """Lose every datagram from now on, as a strict firewall does."""
        for namespace in (self.near, self.far):
            namespace.run("nft", "-f", "-", stdin=_NO_UDP)

    def lose(self, part: float) -> None:
        """Lose this part of all datagrams from now on, by chance, wherever they arrive."""
        for namespace in (self.near, self.far):
            namespace.run("nft", "-f", "-", stdin=_LOSS % (part * 1000))

    def heal(self) -> None:
        """Undo every blackout, block and loss."""
        for namespace in (self.near, self.far):
            namespace.run("nft", "flush", "ruleset")


_BLACKOUT = """
table inet blackout {
    chain arrival {
        type filter hook prerouting priority raw
        iifname "wire" drop
    }
}
"""

_NO_UDP = """
table inet firewall {
    chain arrival {
        type filter hook prerouting priority raw
        iifname "wire" meta l4proto udp drop
    }
}
"""

_LOSS = """
table inet radio {
    chain arrival {
        type filter hook prerouting priority raw
        meta l4proto udp numgen random mod 1000 < %d drop
    }
}
"""
