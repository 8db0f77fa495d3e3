"""ICE server validation (webrtc-pc, validate an ICE server URL)."""

import pytest

from frazil.errors import InvalidAccessError, InvalidSyntaxError, NotSupportedError
from frazil.peer.ice_server import IceServer, ServerUrl
from frazil.peer.reader import MAX_URLS, read_server
from frazil.turn import RelayFamily, RelayProtocol, TurnConfig


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("stun:stun.example.org", "stun.example.org", 3478),
        ("STUN:Stun.Example.org:19302", "stun.example.org", 19302),
        (" stun:192.0.2.1:1 ", "192.0.2.1", 1),
        ("stun:[2001:DB8::1]:65535", "2001:db8::1", 65535),
        ("stun:[::1]", "::1", 3478),
        ("stun:host:", "host", 3478),
        ("stuns:host", "host", 5349),
    ],
)
def test_valid_stun_urls(url: str, host: str, port: int) -> None:
    parsed = ServerUrl.parse(url)
    assert (parsed.host, parsed.port, parsed.transport) == (host, port, None)
    assert parsed.url == url


@pytest.mark.parametrize(
    ("url", "port", "transport"),
    [
        ("turn:host", 3478, None),
        ("turn:host?transport=udp", 3478, "udp"),
        ("turns:host?transport=tcp", 5349, "tcp"),
        ("turns:host:443?", 443, None),
    ],
)
def test_valid_turn_urls(url: str, port: int, transport: str | None) -> None:
    parsed = ServerUrl.parse(url)
    assert (parsed.host, parsed.port, parsed.transport) == ("host", port, transport)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "stun",
        "stun:",
        "stun::3478",
        "host:3478",
        "http://example.org",
        "relative-url",
        "stun://example.org",
        "stun:example.org/path",
        "stun:user@example.org",
        "stun:example.org#fragment",
        "stun:example.org?transport=udp",
        "stun:example.org?",
        "stuns:example.org?x",
        "stun:example.org:abc",
        "stun:example.org:0",
        "stun:example.org:65536",
        "stun:example.org:١",
        "stun:exa mple.org",
        "stun:[::1",
        "stun:[::1]3478",
        "stun:[zz]",
        "stun:[192.0.2.1]",
        "stun:a:b:c",
        "turn:host?transport=sctp",
        "turn:host?transport=udp&x=1",
        "turn:host?other=1",
        "turn:user:pass@host",
    ],
)
def test_malformed_urls_are_syntax_errors(url: str) -> None:
    with pytest.raises(InvalidSyntaxError):
        read_server({"urls": url, "username": "u", "credential": "c"})


def test_urls_may_be_one_or_many() -> None:
    assert len(read_server({"urls": "stun:a"}).urls) == 1
    assert len(read_server({"urls": ["stun:a", "stun:b"]}).urls) == 2


def test_empty_urls_is_a_syntax_error_and_missing_a_type_error() -> None:
    with pytest.raises(InvalidSyntaxError, match="empty"):
        read_server({"urls": []})
    with pytest.raises(TypeError, match="needs urls"):
        read_server({"url": "stun:a"})
    with pytest.raises(TypeError, match="only str"):
        read_server({"urls": ["stun:a", 5]})
    with pytest.raises(NotSupportedError):
        read_server({"urls": ["stun:a"] * (MAX_URLS + 1)})


@pytest.mark.parametrize("url", ["turn:host", "turns:host"])
@pytest.mark.parametrize("given", [{}, {"username": "u"}, {"credential": "c"}])
def test_turn_without_credentials_is_an_invalid_access(url: str, given: dict[str, str]) -> None:
    with pytest.raises(InvalidAccessError, match="username and credential"):
        read_server({"urls": url, **given})


def test_syntax_is_judged_before_credentials() -> None:
    with pytest.raises(InvalidSyntaxError):
        read_server({"urls": ["turn:host", "bad"]})


@pytest.mark.parametrize("url", ["stuns:host", "turns:host?transport=udp"])
def test_schemes_that_are_not_implemented_say_so(url: str) -> None:
    with pytest.raises(NotSupportedError, match=r"cannot be used: .*(turns:|turn:)"):
        read_server({"urls": url, "username": "u", "credential": "c"})


def test_repr_keeps_the_credential_secret() -> None:
    server = IceServer((ServerUrl.parse("turn:host"),), "user", "secret")
    assert "secret" not in repr(server)


@pytest.mark.parametrize(
    ("username", "credential"), [("", "c"), ("u", ""), ("u" * 509, "c"), ("u", "\u0000")]
)
def test_credentials_that_no_server_can_accept_are_an_invalid_access(
    username: str, credential: str
) -> None:
    with pytest.raises(InvalidAccessError, match="turn:host cannot be used"):
        read_server({"urls": "turn:host", "username": username, "credential": credential})


@pytest.mark.parametrize(
    ("url", "is_stream"),
    [
        ("turn:host", False),
        ("turn:host?transport=udp", False),
        ("turn:host?transport=tcp", True),
        ("turns:host", True),
        ("turns:host?transport=tcp", True),
    ],
)
def test_tcp_leads_to_some_turn_servers(url: str, is_stream: bool) -> None:
    (parsed,) = read_server({"urls": url, "username": "u", "credential": "c"}).urls
    assert parsed.is_turn
    assert parsed.is_stream is is_stream


@pytest.mark.parametrize("url", ["turn:host", "turn:host?transport=udp"])
def test_a_turn_server_is_asked_with_its_credentials_for_both_families(url: str) -> None:
    server = read_server({"urls": url, "username": "u", "credential": "c"})
    assert server.turn_config() == TurnConfig("u", "c", family=RelayFamily.BOTH)
    assert server.turn_config(protocol=RelayProtocol.TCP).is_reliable
