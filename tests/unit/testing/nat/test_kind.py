import math

import pytest

from frazil.testing import (
    ADDRESS_RESTRICTED_CONE,
    FULL_CONE,
    PORT_RESTRICTED_CONE,
    SYMMETRIC,
    SYMMETRIC_RANDOM,
    Dependence,
    NatKind,
    PortAssignment,
)

EI, AD, APD = Dependence

NAMED = {
    "full cone": (FULL_CONE, EI, EI, PortAssignment.PRESERVING),
    "address-restricted": (ADDRESS_RESTRICTED_CONE, EI, AD, PortAssignment.PRESERVING),
    "port-restricted": (PORT_RESTRICTED_CONE, EI, APD, PortAssignment.PRESERVING),
    "symmetric": (SYMMETRIC, APD, APD, PortAssignment.SEQUENTIAL),
    "symmetric random": (SYMMETRIC_RANDOM, APD, APD, PortAssignment.RANDOM),
}


@pytest.mark.parametrize(("kind", "mapping", "filtering", "ports"), NAMED.values(), ids=NAMED)
def test_popular_names(kind, mapping, filtering, ports):
    assert kind == NatKind(mapping=mapping, filtering=filtering, ports=ports)


def test_defaults_are_those_of_rfc_4787():
    kind = NatKind()
    assert (kind.timeout_s, kind.refreshed_by_inbound) == (120.0, False)
    assert (kind.hairpin, kind.paired, kind.max_bindings) == (True, True, math.inf)


@pytest.mark.parametrize(
    "wrong",
    [{"timeout_s": 0}, {"timeout_s": math.nan}, {"tcp_timeout_s": -1}, {"max_bindings": 0}],
    ids=repr,
)
def test_impossible_values_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        NatKind(**wrong)


def test_dependence_looks_at_nothing_or_the_address_or_the_port_as_well():
    remote = ("192.0.2.1", 3478)
    assert [each.part(remote) for each in Dependence] == [(), ("192.0.2.1",), remote]
