"""What becomes of TURN servers that do not serve: each misfortune is told, with code and text."""

import pytest

from frazil.stun import ErrorCode, Method
from frazil.testing import TurnService
from support.swallow import streams
from support.turn_stream_server import TurnStreamServer

RELAY, OTHER, NAME, OTHER_NAME = "192.0.2.7", "192.0.2.8", "relay.example", "other.example"
UDP, TCP, TLS = f"turn:{NAME}:443", f"turn:{NAME}:443?transport=tcp", f"turns:{NAME}:443"


async def served(stage, url):
    """The service of the server of ``url``."""
    stage.net.names[NAME] = [RELAY]
    if url is UDP:
        return stage.net.turn_server(RELAY, port=443).service
    host = stage.net.host("server", RELAY)
    server = await TurnStreamServer.start(host, certificate_name=NAME if url is TLS else None)
    stage.closing.append(server.close)
    return server.service


async def told(stage, url):
    """The errors that a peer with this server hears of, while it connects all the same."""
    server = {"urls": url, "username": "user", "credential": "password"}
    alice = stage.peer("alice", "198.51.100.1", configuration={"iceServers": [server]})
    stage.introduce(alice, stage.peer("bob", "198.51.100.2"))
    await stage.connect()
    assert stage.now < 1.0
    await stage.sleep(60)
    assert alice.pc.iceGatheringState == "complete"
    return [
        (each.url, each.errorCode, each.errorText)
        for each in alice.fired("pc", "icecandidateerror")
    ]


REFUSALS = {
    400: "The server finds the request malformed.",
    401: "The server does not accept the username or the password.",
    403: "The server forbids this by its policy.",
    420: "The server does not know an attribute that the request needs.",
    437: "The server has an allocation for our address and port already; use another port.",
    438: "The server asks for proof without a realm and a nonce.",
    440: "The server has no relayed address of this family.",
    441: "The allocation belongs to another username.",
    442: "The server does not relay over this transport protocol.",
    486: "The user has as many allocations as the server allows.",
    500: "The server had an error of its own.",
    508: "The server has no capacity left.",
    599: "The server refused with error 599.",
}


@pytest.mark.parametrize("url", [UDP, TCP, TLS])
@pytest.mark.parametrize("code", REFUSALS)
async def test_a_refusal_is_told(stage, url, code):
    service = await served(stage, url)
    service.refusals[Method.ALLOCATE] = ErrorCode(code, "No")
    assert await told(stage, url) == [(url, code, REFUSALS[code])]


def _wrong_password(service: TurnService) -> None:
    service.users = {"user": "another"}


def _always_stale(service: TurnService) -> None:
    service.nonce_lifetime_s = 0.0


def _silent(service: TurnService) -> None:
    service.silent = True


def _to_nowhere(service: TurnService) -> None:
    service.redirect_to = ("127.0.0.1", 443)


def _to_another_family(service: TurnService) -> None:
    service.redirect_to = ("2001:db8::1", 443)


def _to_the_dead(service: TurnService) -> None:
    service.redirect_to = (OTHER, 443)


MISFORTUNES = [
    (_wrong_password, 401, "The server does not accept the username or the password."),
    (_always_stale, 438, "The server called the nonce stale twice in a row."),
    (_silent, 701, "the server does not answer"),
    (_to_nowhere, 300, "The server redirects us to nowhere."),
    (_to_another_family, 701, "the server redirects us to another family"),
]


@pytest.mark.parametrize("url", [UDP, TCP, TLS])
@pytest.mark.parametrize(("misfortune", "code", "text"), MISFORTUNES)
async def test_a_misfortune_is_told(stage, url, misfortune, code, text):
    misfortune(await served(stage, url))
    assert await told(stage, url) == [(url, code, text)]


@pytest.mark.parametrize(
    ("url", "text"),
    [
        (UDP, "the server does not answer"),
        (TCP, f"{NAME} does not answer"),
        (TLS, f"{NAME} does not answer"),
    ],
)
@pytest.mark.parametrize("is_redirected", [False, True])
async def test_nobody_there_is_told(stage, url, text, is_redirected):
    if is_redirected:
        _to_the_dead(await served(stage, url))
    else:
        stage.net.names[NAME] = [RELAY]
    assert await told(stage, url) == [(url, 701, text)]


@pytest.mark.parametrize("url", [TCP, TLS])
async def test_a_refused_connection_is_told(stage, url):
    stage.net.names[NAME] = [RELAY]
    stage.net.host("server", RELAY)
    ((found, code, text),) = await told(stage, url)
    assert (found, code) == (url, 701)
    assert text.startswith(f"{NAME} cannot be connected: ")


@pytest.mark.parametrize("url", [UDP, TCP, TLS])
async def test_an_unknown_name_is_told(stage, url):
    ((found, code, text),) = await told(stage, url)
    assert (found, code) == (url, 701)
    assert text.startswith(f"{NAME} cannot be resolved: ")


@pytest.mark.parametrize("url", [UDP, TCP])
async def test_a_server_of_another_family_is_told(stage, url):
    stage.net.names[NAME] = ["2001:db8::7"]
    assert await told(stage, url) == [(url, 701, "no local address can reach it")]


# --- redirections over streams ----------------------------------------------------------------


async def redirected(stage, *, domain, certificate):
    """The errors and relays of a peer whose TLS server sends it to another."""
    service = await served(stage, TLS)
    service.redirect_to, service.redirect_domain = (OTHER, 443), domain
    server = await TurnStreamServer.start(
        stage.net.host("other", OTHER), certificate_name=certificate
    )
    stage.closing.append(server.close)
    found = await told(stage, TLS)
    relays = [c for c in stage.peers[0].candidates if c and c.type == "relay"]
    return found, [(c.address, c.relayProtocol, c.url) for c in relays]


@pytest.mark.parametrize(("domain", "certificate"), [(None, NAME), (OTHER_NAME, OTHER_NAME)])
async def test_a_redirection_is_followed_to_who_has_the_right_name(stage, domain, certificate):
    """RFC 8489 10: without an ALTERNATE-DOMAIN the name is that of the first server."""
    found = await redirected(stage, domain=domain, certificate=certificate)
    assert found == ([], [(OTHER, "tls", TLS)])


@pytest.mark.parametrize(
    ("domain", "certificate"), [(None, OTHER_NAME), (OTHER_NAME, NAME), ("a" * 70, NAME)]
)
async def test_a_redirection_to_who_has_another_name_is_not_followed(stage, domain, certificate):
    found, relays = await redirected(stage, domain=domain, certificate=certificate)
    assert [error[:2] for error in found] == [(TLS, 701)]
    assert relays == []


async def test_a_redirection_over_tcp_is_followed(stage):
    service = await served(stage, TCP)
    service.redirect_to = (OTHER, 443)
    server = await TurnStreamServer.start(stage.net.host("other", OTHER))
    stage.closing.append(server.close)
    assert await told(stage, TCP) == []
    assert len(server.service.allocations) == 1
    (stream,) = streams(stage.peers[0].host)
    assert stream.remote == (OTHER, 443)


@pytest.mark.parametrize("cause", [_wrong_password, _to_nowhere])
async def test_a_stream_that_gave_no_relay_is_closed(stage, cause):
    service = await served(stage, TCP)
    cause(service)
    assert len(await told(stage, TCP)) == 1
    assert streams(stage.peers[0].host) == []
