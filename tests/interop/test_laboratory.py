"""The networks, the processes and the event loop in which interop tests run."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.laboratory import Laboratory
from support.namespace import Namespace, Wire
from support.process import ConfinedProcess

pytestmark = pytest.mark.interop


@pytest.fixture
def wire() -> Iterator[Wire]:
    wire = Wire()
    yield wire
    wire.close()


@contextlib.contextmanager
def bound(namespace: Namespace, ip: str) -> Iterator[socket.socket]:
    with namespace.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((ip, 4000))
        sock.settimeout(0.2)
        yield sock


def arrives(sender: socket.socket, receiver: socket.socket) -> bool:
    sender.sendto(b"x", receiver.getsockname())
    try:
        return receiver.recv(10) == b"x"
    except TimeoutError:
        return False


def test_blackout_has_directions(wire: Wire) -> None:
    with bound(wire.near, wire.near_ip) as near, bound(wire.far, wire.far_ip) as far:
        assert (arrives(near, far), arrives(far, near)) == (True, True)
        wire.blackout(wire.near)
        assert (arrives(near, far), arrives(far, near)) == (True, False)
        wire.heal()
        assert (arrives(near, far), arrives(far, near)) == (True, True)
        wire.blackout()
        assert (arrives(near, far), arrives(far, near)) == (False, False)
        wire.heal()
        assert (arrives(near, far), arrives(far, near)) == (True, True)


def test_a_namespace_sees_no_network_of_the_machine() -> None:
    outside = socket.if_nameindex()
    namespace = Namespace()
    with namespace.entered():
        assert [name for _, name in socket.if_nameindex()] == ["lo"]
    assert socket.if_nameindex() == outside
    namespace.close()


def test_a_failing_command_says_why(wire: Wire) -> None:
    with pytest.raises(Exception, match="non-zero exit status") as caught:
        wire.near.run("ip", "link", "set", "nonesuch", "up")
    assert "nonesuch" in caught.value.__notes__[0]


def inhabitants(namespace: Namespace) -> list[str]:
    """The names of the programs whose network this is."""
    identity = Path(namespace.path).stat()
    names = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it may end meanwhile
            if process.joinpath("ns/net").stat() == identity:
                names.append(process.joinpath("comm").read_text().strip())
    return sorted(names)


def test_stopped_process_leaves_no_descendant(wire: Wire, tmp_path: Path) -> None:
    # The child of the child leaves parent and session, as a daemon does.
    script = "(setsid sleep 77 &) ; echo ready; sleep 78"
    process = ConfinedProcess(wire.far, tmp_path, "sh", "-c", script)
    while process.output != "ready\n":
        time.sleep(0.01)
    assert "sleep" in inhabitants(wire.far)
    assert not process.has_ended
    process.stop()
    assert process.has_ended
    assert inhabitants(wire.far) == []


def test_process_that_has_ended_can_be_stopped(wire: Wire, tmp_path: Path) -> None:
    process = ConfinedProcess(wire.far, tmp_path, "true")
    while not process.has_ended:
        time.sleep(0.01)
    process.stop()


def test_left_task_fails_the_scenario(laboratory: Laboratory) -> None:
    tasks = []

    async def scenario() -> None:
        tasks.append(asyncio.create_task(asyncio.sleep(60), name="stray"))

    with pytest.raises(AssertionError, match="stray"):
        laboratory.run(scenario())
    assert tasks[0].cancelled()


def test_unheard_error_fails_the_scenario(laboratory: Laboratory) -> None:
    async def scenario() -> None:
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await asyncio.sleep(0)

    with pytest.raises(AssertionError, match="division by zero"):
        laboratory.run(scenario())


def test_scenario_that_fails_leaves_the_wire_healed(laboratory: Laboratory) -> None:
    async def scenario() -> None:
        laboratory.wire.blackout()
        raise RuntimeError("as planned")

    with pytest.raises(RuntimeError, match="as planned"):
        laboratory.run(scenario())
    assert laboratory.wire.near.run("nft", "list", "ruleset") == ""
