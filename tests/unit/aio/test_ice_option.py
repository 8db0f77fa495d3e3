"""What the user may decide about gathering, and what is refused at once."""

import dataclasses
import ssl

import pytest

import frazil
from frazil import AddressMapMode, IceOptions, IpHandlingPolicy
from frazil.ice import IcePolicy, Renomination


def test_options_are_public_keyword_only_and_frozen():
    assert "IceOptions" in frazil.__all__
    with pytest.raises(TypeError):
        IceOptions(True)
    with pytest.raises(dataclasses.FrozenInstanceError):
        IceOptions().include_loopback = True


@pytest.mark.parametrize("name", ["include_loopback", "lite", "allow_privileged_ports"])
def test_switches_are_off_and_bools(name):
    assert getattr(IceOptions(), name) is False
    with pytest.raises(TypeError, match=f"{name} must be a bool, not 1"):
        IceOptions(**{name: 1})


def test_renomination_is_one_of_three_words():
    assert IceOptions().policy.renomination is Renomination.PRIORITY
    assert IceOptions(renomination="rtt").policy.renomination is Renomination.RTT
    with pytest.raises(ValueError, match="renomination must be one of off, priority, rtt"):
        IceOptions(renomination="latency")


def test_a_filter_is_callable():
    with pytest.raises(TypeError, match="remote_candidate_filter must be callable, not 'all'"):
        IceOptions(remote_candidate_filter="all")


def test_the_policy_is_what_the_agent_needs():
    assert IceOptions().policy == IcePolicy()
    options = {"lite": True, "allow_privileged_ports": True, "remote_candidate_filter": bool}
    assert IceOptions(**options).policy == IcePolicy(**options)


def test_the_tls_context_is_one():
    context = ssl.create_default_context()
    assert IceOptions().tls_context is None
    assert IceOptions(tls_context=context).tls_context is context
    with pytest.raises(TypeError, match=r"tls_context must be an ssl\.SSLContext, not 'ca\.pem'"):
        IceOptions(tls_context="ca.pem")


def test_unverified_tls_believes_anybody():
    context = frazil.unverified_tls()
    assert (context.check_hostname, context.verify_mode) == (False, ssl.CERT_NONE)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"interfaces": "eth0"}, TypeError, "interfaces must be a sequence of texts"),
        ({"interfaces": [1]}, TypeError, "interfaces must hold texts only"),
        ({"interfaces": []}, ValueError, "interfaces is empty"),
        ({"addresses": ["10.0.0.0/8", "!eth0"]}, ValueError, "eth0"),
        ({"addresses": "10.0.0.0/8"}, TypeError, "addresses must be a sequence of texts"),
        ({"families": []}, ValueError, "families must hold 4, 6 or both"),
        ({"families": [4, 5]}, ValueError, r"families must hold 4, 6 or both, not \[4, 5\]"),
        ({"families": 4}, TypeError, "must be a collection such as"),
        ({"ip_handling": "public"}, ValueError, "ip_handling must be one of default, default_pub"),
        ({"ports": (40000, 40100)}, TypeError, "ports must be a range"),
        ({"ports": range(0)}, ValueError, "ports from 1 to 65535"),
        ({"ports": range(10)}, ValueError, "ports from 1 to 65535"),
        ({"ports": range(65_000, 65_537)}, ValueError, "ports from 1 to 65535"),
        ({"ports": range(5, -1, -1)}, ValueError, "ports from 1 to 65535"),
        ({"address_map": {"10.0.0.5": "nowhere"}}, ValueError, "nowhere"),
        ({"address_map_mode": "both"}, ValueError, "must be one of replace, add, not 'both'"),
    ],
)
def test_nonsense_is_refused_at_once(options, error, message):
    with pytest.raises(error, match=message):
        IceOptions(**options)


def test_policies_are_given_by_name_or_as_members():
    named = IceOptions(ip_handling="default_public_interface_only", address_map_mode="add")
    assert named.ip_handling is IpHandlingPolicy.DEFAULT_ROUTE
    assert named.address_map_mode is AddressMapMode.ADD
    assert IceOptions(ip_handling=IpHandlingPolicy.NO_UDP).ip_handling is IpHandlingPolicy.NO_UDP
