from types import SimpleNamespace

import pytest

from frazil.errors import (
    InvalidModificationError,
    InvalidStateError,
    InvalidSyntaxError,
    NotSupportedError,
)
from frazil.ice import AgentTraits
from frazil.peer.configuration import BundlePolicy, Configuration, IceTransportPolicy
from frazil.peer.event import ChecksExpected
from frazil.peer.reader import MAX_ICE_SERVERS, read_configuration
from support.peer_pair import Peer, certificate


@pytest.mark.parametrize(
    "members", [{"iceServers": [{"urls": "stun:a"}]}, {"iceTransportPolicy": "relay"}]
)
def test_a_lite_agent_has_host_candidates_only(members: dict) -> None:
    configuration = read_configuration(members)
    configuration.check_traits(AgentTraits())
    with pytest.raises(NotSupportedError, match="a lite ICE agent"):
        configuration.check_traits(AgentTraits(is_lite=True))
    Configuration().check_traits(AgentTraits(is_lite=True))


@pytest.mark.parametrize("value", [None, {}, {"iceServers": None}, SimpleNamespace(iceServers=())])
def test_everything_has_a_default(value: object) -> None:
    assert read_configuration(value) == Configuration()


def test_members_are_read_from_mappings_and_objects() -> None:
    members = {
        "iceServers": [{"urls": "stun:a"}],
        "iceTransportPolicy": "relay",
        "bundlePolicy": "max-bundle",
        "rtcpMuxPolicy": "require",
        "certificates": [certificate(1)],
        "iceCandidatePoolSize": 3,
        "sdpSemantics": "unified-plan",
    }
    read = read_configuration(members)
    assert read == read_configuration(SimpleNamespace(**members))
    assert read.ice_servers[0].urls[0].host == "a"
    assert read.ice_transport_policy is IceTransportPolicy.RELAY
    assert read.bundle_policy is BundlePolicy.MAX_BUNDLE
    assert read.certificates == (certificate(1),)
    assert read.ice_candidate_pool_size == 3
    assert read_configuration(read) is read


@pytest.mark.parametrize(
    "members",
    [
        {"iceServers": "stun:a"},
        {"iceServers": {"urls": "stun:a"}},
        {"iceServers": ["stun:a"]},
        {"iceTransportPolicy": "none"},
        {"iceTransportPolicy": 5},
        {"bundlePolicy": "MAX-BUNDLE"},
        {"rtcpMuxPolicy": "negotiate"},
        {"certificates": ["x"]},
        {"iceCandidatePoolSize": 256},
        {"iceCandidatePoolSize": -1},
        {"iceCandidatePoolSize": 1.0},
    ],
)
def test_wrong_types_and_values_are_type_errors(members: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        read_configuration(members)


def test_enum_errors_list_the_values() -> None:
    with pytest.raises(TypeError, match="must be one of 'relay', 'all', not 'none'"):
        read_configuration({"iceTransportPolicy": "none"})


def test_server_errors_come_through() -> None:
    with pytest.raises(InvalidSyntaxError):
        read_configuration({"iceServers": [{"urls": "x"}]})
    servers = [{"urls": "stun:a"}]
    read_configuration({"iceServers": servers * MAX_ICE_SERVERS})
    with pytest.raises(NotSupportedError):
        read_configuration({"iceServers": servers * (MAX_ICE_SERVERS + 1)})


@pytest.mark.parametrize(
    ("before", "after", "member"),
    [
        ({"bundlePolicy": "max-bundle"}, {}, "bundlePolicy"),
        ({}, {"bundlePolicy": "max-compat"}, "bundlePolicy"),
        ({}, {"certificates": [certificate(1)]}, "certificates"),
        ({"certificates": [certificate(1)]}, {"certificates": [certificate(2)]}, "certificates"),
    ],
)
def test_what_must_stay(before: dict, after: dict, member: str) -> None:
    peer = Peer(configuration=read_configuration(before))
    with pytest.raises(InvalidModificationError, match=member):
        peer.pc.set_configuration(read_configuration(after), 0.0)
    assert peer.pc.configuration == read_configuration(before)


def test_pool_size_freezes_with_the_first_local_description() -> None:
    peer = Peer()
    peer.pc.set_configuration(Configuration(ice_candidate_pool_size=2), 0.0)
    peer.set_local()
    with pytest.raises(InvalidModificationError, match="iceCandidatePoolSize"):
        peer.pc.set_configuration(Configuration(ice_candidate_pool_size=1), 0.0)


def test_new_servers_hold_from_the_next_gathering_on() -> None:
    peer = Peer()
    peer.channel()
    peer.pc.set_configuration(read_configuration({"iceServers": [{"urls": "stun:b"}]}), 0.0)
    peer.set_local()
    request, expected = peer.pc.transports.poll_requests()
    assert [server.urls[0].host for server in request.servers] == ["b"]
    assert request.policy is IceTransportPolicy.ALL
    assert expected == ChecksExpected("0", peer.ufrag())


def test_the_first_entry_that_has_a_url_gives_its_fresh_credentials() -> None:
    peer = Peer()
    peer.channel()
    peer.set_local()
    url = "turn:a"
    entries = [{"urls": url, "username": "u", "credential": each} for each in ("first", "last")]
    peer.pc.set_configuration(read_configuration({"iceServers": entries}), 0.0)
    ((configs,),) = peer.session.called("set_turn_credentials")
    assert configs[url].password == "first"


def test_closed_connection_keeps_its_configuration() -> None:
    peer = Peer()
    peer.pc.close(0.0)
    with pytest.raises(InvalidStateError):
        peer.pc.set_configuration(Configuration(), 0.0)
    assert peer.pc.configuration == Configuration()
