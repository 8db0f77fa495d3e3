"""What the user may decide about gathering, and what is refused at once."""

import dataclasses
import ssl

import pytest

import frazil
from frazil import IceOptions
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
    with pytest.raises(ValueError, match="'off', 'priority', 'rtt'"):
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
