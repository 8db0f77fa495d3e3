"""What the doctor says of virtual NATs, from behind them."""

import asyncio
from dataclasses import replace
from itertools import product

import pytest

from frazil.doctor import Behaviour, Level, popular_name
from frazil.testing import (
    ADDRESS_RESTRICTED_CONE,
    FULL_CONE,
    PORT_RESTRICTED_CONE,
    SYMMETRIC,
    Dependence,
    NatKind,
    run,
)
from support.doctor_visit import findings, visit
from support.nat_probe import ProbeServer

EI, AD, APD = Behaviour
PUBLIC = "203.0.113.5"


def nat_report(kind):
    """What is found out with a server that knows RFC 5780."""

    async def main(net):
        server = ProbeServer(net)
        home = net.nat("home", PUBLIC, kind=kind)
        host = net.host("alice", "192.168.1.2", behind=home)
        report = await visit(host, "stun:192.0.2.1")
        server.close()
        return report

    return run(main)


@pytest.mark.parametrize(("mapping", "filtering"), list(product(Dependence, Dependence)))
def test_all_nine_kinds_in_the_words_of_rfc_4787(mapping, filtering):
    report = nat_report(NatKind(mapping=mapping, filtering=filtering))
    (nat,) = report.nats
    assert (nat.mapping, nat.filtering) == (Behaviour(mapping), Behaviour(filtering))
    assert nat.is_translated
    assert nat.mapped[0] == PUBLIC


POPULAR = {
    "full cone": FULL_CONE,
    "address-restricted cone": ADDRESS_RESTRICTED_CONE,
    "port-restricted cone": PORT_RESTRICTED_CONE,
    "symmetric": SYMMETRIC,
}


@pytest.mark.parametrize("name", POPULAR)
def test_the_four_popular_names(name):
    (nat,) = nat_report(POPULAR[name]).nats
    assert popular_name(nat.mapping, nat.filtering) == name


def test_a_cone_whose_filter_is_unknown_has_a_name_too():
    assert popular_name(EI, None) == "cone"


@pytest.mark.parametrize("hairpin", [True, False])
@pytest.mark.parametrize("kind", [FULL_CONE, PORT_RESTRICTED_CONE])
def test_hairpin(kind, hairpin):
    (nat,) = nat_report(replace(kind, hairpin=hairpin)).nats
    assert nat.hairpin is hairpin


def test_a_symmetric_nat_is_a_warning_that_asks_for_turn():
    (finding,) = findings(nat_report(SYMMETRIC))
    assert (finding.level, finding.code) == (Level.WARNING, "FZ-NAT-SYMMETRIC")
    assert "192.168.1.2" in finding.text
    assert "TURN" in finding.fix


def test_an_ordinary_nat_is_nothing_to_talk_about():
    assert findings(nat_report(PORT_RESTRICTED_CONE)) == []


def test_no_nat_but_a_firewall():
    async def main(net):
        server = ProbeServer(net)
        office = net.firewall("office")
        report = await visit(net.host("alice", "198.51.100.7", behind=office), "stun:192.0.2.1")
        server.close()
        (nat,) = report.nats
        assert not nat.is_translated
        assert (nat.mapping, nat.filtering, nat.hairpin) == (EI, APD, None)

    run(main)


@pytest.mark.parametrize(("kind", "mapping"), [(FULL_CONE, EI), (SYMMETRIC, APD)])
def test_two_plain_servers_tell_the_mapping(kind, mapping):
    async def main(net):
        net.stun_server("192.0.2.10")
        net.stun_server("192.0.2.20")
        host = net.host("alice", "192.168.1.2", behind=net.nat("home", PUBLIC, kind=kind))
        report = await visit(host, "stun:192.0.2.10", "stun:192.0.2.20")
        (nat,) = report.nats
        assert (nat.mapping, nat.filtering) == (mapping, None)

    run(main)


def test_one_plain_server_cannot_tell_and_the_doctor_says_so():
    async def main(net):
        net.stun_server("192.0.2.10")
        host = net.host("alice", "192.168.1.2", behind=net.nat("home", PUBLIC, kind=SYMMETRIC))
        report = await visit(host, "stun:192.0.2.10")
        assert report.nats[0].mapping is None
        (finding,) = findings(report)
        assert (finding.level, finding.code) == (Level.NOTE, "FZ-NAT-UNKNOWN")

    run(main)


@pytest.mark.parametrize("after_s", [2, 6.003])
def test_an_address_that_goes_away_costs_no_more_than_what_was_to_be_told_of_it(after_s):
    """While a silent server is waited for, or between two questions about the NAT."""

    async def main(net):
        server = ProbeServer(net)
        host = net.host("alice", "198.51.100.7", "198.51.100.8")
        asyncio.get_running_loop().call_later(after_s, host.remove_interface, "198.51.100.7")
        report = await visit(host, "stun:192.0.2.1", "stun:192.0.2.20")
        server.close()
        assert [each.local for each in report.nats] == ["198.51.100.8"]
        assert [each.is_answered for each in report.stun] == [True, True, False, False]

    run(main)
