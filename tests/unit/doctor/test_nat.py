"""What the doctor says of virtual NATs, from behind them."""

import asyncio
from dataclasses import replace
from itertools import product

import pytest

from frazil.doctor import Behaviour, Level, popular_name
from frazil.stun import Attribute, ErrorCode
from frazil.testing import (
    ADDRESS_RESTRICTED_CONE,
    FULL_CONE,
    PORT_RESTRICTED_CONE,
    SYMMETRIC,
    Dependence,
    NatKind,
    StunServer,
    run,
)
from support.doctor_visit import findings, visit
from support.nat_probe import ProbeServer
from support.odd_stun_server import OddStunServer

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


LAN, NEAR, FAR = "stun:192.168.1.3", "stun:192.0.2.10", "stun:192.0.2.20"


def nat_told_by(kind, *urls):
    """What is said of a NAT, with a server on each side of it and one more outside."""

    async def main(net):
        net.stun_server("192.0.2.10")
        net.stun_server("192.0.2.20")
        home = net.nat("home", PUBLIC, kind=kind)
        lan = StunServer(net.host("lan", "192.168.1.3", behind=home), 3478)
        report = await visit(net.host("alice", "192.168.1.2", behind=home), *urls)
        lan.close()
        (nat,) = report.nats
        assert nat.mapped[0] == PUBLIC
        return nat.mapping

    return run(main)


@pytest.mark.parametrize("urls", [(LAN, NEAR, FAR), (NEAR, LAN, FAR)])
@pytest.mark.parametrize(("kind", "mapping"), [(FULL_CONE, EI), (SYMMETRIC, APD)])
def test_a_server_on_this_side_of_the_nat_is_left_out(urls, kind, mapping):
    assert nat_told_by(kind, *urls) is mapping


@pytest.mark.parametrize("urls", [(LAN, NEAR), (NEAR, LAN)])
@pytest.mark.parametrize("kind", [FULL_CONE, SYMMETRIC])
def test_servers_on_both_sides_of_the_nat_cannot_be_compared(urls, kind):
    assert nat_told_by(kind, *urls) is None


@pytest.mark.parametrize("urls", [("stun:100.64.0.9", NEAR), (NEAR, "stun:100.64.0.9")])
@pytest.mark.parametrize("kind", [FULL_CONE, SYMMETRIC])
def test_servers_beyond_different_nats_cannot_be_compared(urls, kind):
    async def main(net):
        net.stun_server("192.0.2.10")
        carrier = net.nat("carrier", "198.51.100.1", kind=kind)
        inner = StunServer(net.host("inner", "100.64.0.9", behind=carrier), 3478)
        home = net.nat("home", "100.64.0.7", kind=kind, behind=carrier)
        report = await visit(net.host("alice", "192.168.1.2", behind=home), *urls)
        inner.close()
        assert [nat.mapping for nat in report.nats] == [None]

    run(main)


@pytest.mark.parametrize(("kind", "mapping"), [(FULL_CONE, EI), (SYMMETRIC, APD)])
def test_a_second_address_that_cannot_be_reached_tells_nothing(kind, mapping):
    async def main(net):
        server = ProbeServer(net)
        server.hide_second_address()
        net.stun_server("192.0.2.10")
        net.stun_server("192.0.2.20")
        host = net.host("alice", "192.168.1.2", behind=net.nat("home", PUBLIC, kind=kind))
        report = await visit(host, "stun:192.0.2.1", NEAR, FAR)
        server.close()
        (nat,) = report.nats
        assert (nat.mapping, nat.filtering) == (mapping, None)

    run(main)


def test_a_second_address_that_cannot_be_reached_is_no_filter():
    async def main(net):
        server = ProbeServer(net)
        server.hide_second_address()
        report = await visit(net.host("alice", "198.51.100.7"), "stun:192.0.2.1")
        server.close()
        (nat,) = report.nats
        assert (nat.mapping, nat.filtering) == (EI, None)

    run(main)


@pytest.mark.parametrize(("kind", "mapping"), [(FULL_CONE, EI), (SYMMETRIC, APD)])
def test_another_port_of_the_same_address_is_no_second_address(kind, mapping):
    async def main(net):
        def answer(remote):
            other = ("192.0.2.1", 3479)
            return {Attribute.XOR_MAPPED_ADDRESS: remote, Attribute.OTHER_ADDRESS: other}

        server = OddStunServer(net.host("server", "192.0.2.1"), answer, (3478, 3479))
        net.stun_server("192.0.2.10")
        host = net.host("alice", "192.168.1.2", behind=net.nat("home", PUBLIC, kind=kind))
        report = await visit(host, "stun:192.0.2.1", NEAR)
        server.close()
        (nat,) = report.nats
        assert (nat.mapping, nat.filtering) == (mapping, None)

    run(main)


@pytest.mark.parametrize("kind", [FULL_CONE, PORT_RESTRICTED_CONE])
def test_a_server_that_answers_from_where_it_was_asked_tells_no_filter(kind):
    async def main(net):
        def answer(remote):
            other = ("192.0.2.2", 3479)
            return {Attribute.XOR_MAPPED_ADDRESS: remote, Attribute.OTHER_ADDRESS: other}

        server = OddStunServer(net.host("server", "192.0.2.1", "192.0.2.2"), answer, (3478, 3479))
        host = net.host("alice", "192.168.1.2", behind=net.nat("home", PUBLIC, kind=kind))
        report = await visit(host, "stun:192.0.2.1")
        server.close()
        (nat,) = report.nats
        assert (nat.mapping, nat.filtering) == (EI, None)

    run(main)


def test_a_second_address_that_refuses_tells_nothing():
    async def main(net):
        mapped = Attribute.XOR_MAPPED_ADDRESS
        other = {Attribute.OTHER_ADDRESS: ("192.0.2.2", 3478)}
        first = OddStunServer(net.host("first", "192.0.2.1"), lambda at: {mapped: at, **other})
        second = OddStunServer(
            net.host("second", "192.0.2.2"), lambda _: {Attribute.ERROR_CODE: ErrorCode(403, "")}
        )
        host = net.host("alice", "192.168.1.2", behind=net.nat("home", PUBLIC, kind=FULL_CONE))
        report = await visit(host, "stun:192.0.2.1")
        first.close()
        second.close()
        (nat,) = report.nats
        assert (nat.mapping, nat.filtering) == (None, None)

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
