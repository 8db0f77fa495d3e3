"""The laboratory and the partners in it.

A test that is a coroutine runs at the near end of the laboratory's wire; the browsers are at the
far end. What a machine lacks is skipped, with the package that would help as the reason; with
``FRAZIL_REQUIRE_PARTNERS=1`` in the environment it is a failure.
"""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.coturn import Coturn
from support.internet import Home, Internet
from support.laboratory import Laboratory
from support.node import STACKS, NodeStack
from support.partner import lacking, need_module, need_program
from support.pion import build_pion

if TYPE_CHECKING:  # needs a module that may not be there
    from support.browser import Browser
    from support.peer_host import PeerHost

_PROGRAMS = {"ip": "iproute2", "nft": "nftables", "setpriv": "util-linux", "unshare": "util-linux"}


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine test in the laboratory."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    laboratory = pyfuncitem.funcargs["laboratory"]
    assert isinstance(laboratory, Laboratory)
    laboratory.run(pyfuncitem.obj(**arguments))
    return True


@pytest.fixture(scope="session", autouse=True)
def laboratory() -> Iterator[Laboratory]:
    """The event loop and the two networks of this session."""
    for program, package in _PROGRAMS.items():
        need_program(program, package)
    try:
        laboratory = Laboratory()
    except PermissionError:
        lacking("no right to make networks: unshare --user --map-root-user --net pytest ...")
    with laboratory:
        yield laboratory


@pytest.fixture(scope="session")
def chromium(laboratory: Laboratory) -> "Iterator[Browser]":
    """Chromium, running."""
    need_module("websockets")
    from support.chromium import Chromium

    yield from _running(laboratory, Chromium(laboratory.wire.far))


@pytest.fixture(scope="session")
def firefox(laboratory: Laboratory) -> "Iterator[Browser]":
    """Firefox ESR, running."""
    need_module("websockets")
    from support.firefox import Firefox

    yield from _running(laboratory, Firefox(laboratory.wire.far))


@pytest.fixture(params=["chromium", "firefox"])
def browser(request: pytest.FixtureRequest) -> "Browser":
    """Each of the browsers, running."""
    browser: Browser = request.getfixturevalue(request.param)
    return browser


def _running(laboratory: Laboratory, browser: "Browser") -> "Iterator[Browser]":
    need_program(browser.program, browser.package)
    laboratory.host(browser.start())
    yield browser
    laboratory.host(browser.stop())


@pytest.fixture(scope="session")
def built_internet(laboratory: Laboratory) -> Iterator[Internet]:
    """Two homes and a place for servers, whatever a test has made of them."""
    with Internet() as internet:
        yield internet


@pytest.fixture
def internet(built_internet: Internet) -> Iterator[Internet]:
    """The same, with two port-restricted cones for routers, and undamaged."""
    built_internet.reset()
    yield built_internet
    built_internet.reset()


@pytest.fixture(scope="session")
def public_coturn(
    built_internet: Internet, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Coturn]:
    """coturn in the middle of the Internet; TLS is on port 443."""
    need_program(Coturn.program, Coturn.package)
    place, ip = built_internet.namespace, built_internet.server_ip
    home = tmp_path_factory.mktemp("coturn")
    coturn = Coturn(place, ip, home, "--lt-cred-mech", "--user=user:password", tls_port=443)
    try:
        coturn.wait(place)
        yield coturn
    finally:
        coturn.stop()


@pytest.fixture(scope="session")
def first_host(
    laboratory: Laboratory, built_internet: Internet, public_coturn: Coturn
) -> "Iterator[PeerHost]":
    """A process with peers of this library in the first home."""
    yield from _hosting(laboratory, built_internet.first, public_coturn)


@pytest.fixture(scope="session")
def second_host(
    laboratory: Laboratory, built_internet: Internet, public_coturn: Coturn
) -> "Iterator[PeerHost]":
    """A process with peers of this library in the second home."""
    yield from _hosting(laboratory, built_internet.second, public_coturn)


def _hosting(laboratory: Laboratory, home: Home, coturn: Coturn) -> "Iterator[PeerHost]":
    need_module("websockets")
    from support.peer_host import PeerHost

    host = PeerHost.of_frazil(home.host, coturn.certificate)
    laboratory.host(host.start())
    yield host
    laboratory.host(host.stop())


@pytest.fixture(scope="session")
def pion_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that hosts peers of Pion's."""
    return build_pion(tmp_path_factory.mktemp("pion"))


@pytest.fixture(scope="module")
def pion(laboratory: Laboratory, pion_program: Path) -> "Iterator[PeerHost]":
    """A process with peers of Pion's at the far end of the wire."""
    from support.peer_host import PeerHost

    host = PeerHost(laboratory.wire.far, str(pion_program))
    laboratory.host(host.start())
    yield host
    laboratory.host(host.stop())


@pytest.fixture(scope="module", params=STACKS, ids=str)
def node_stack(request: pytest.FixtureRequest) -> NodeStack:
    """Each of the stacks for Node.js."""
    stack: NodeStack = request.param
    return stack


@pytest.fixture(scope="module")
def node(laboratory: Laboratory, node_stack: NodeStack) -> "Iterator[PeerHost]":
    """A process with peers of this stack at the far end of the wire."""
    need_module("websockets")
    from support.peer_host import PeerHost

    host = PeerHost(laboratory.wire.far, *node_stack.command)
    laboratory.host(host.start())
    yield host
    laboratory.host(host.stop())
