from dataclasses import replace
from random import Random

import pytest

from frazil.testing import (
    FULL_CONE,
    NO_UDP,
    OPEN,
    PORT_RESTRICTED_CONE,
    SYMMETRIC,
    Dependence,
    Fate,
    Firewall,
    NatKind,
    PortAssignment,
    Router,
)
from frazil.testing.nat.router import Passage
from frazil.testing.realm import Realm

ALICE = ("192.168.1.2", 5000)
CAROL = ("192.168.1.3", 5000)
BOB = ("198.51.100.2", 6000)
DAVE = ("198.51.100.4", 6000)
PUBLIC = "203.0.113.5"


def make(kind=PORT_RESTRICTED_CONE, public=(PUBLIC,), firewall=OPEN, outside=None):
    return Router(
        "home",
        public,
        kind=kind,
        firewall=firewall,
        outside=outside or Realm(),
        random=Random(0),
    )


def out(router, source=ALICE, destination=BOB, now=0.0):
    return router.forward(source, destination, now, outward=True)


def back(router, destination, source=BOB, now=0.0):
    return router.forward(source, destination, now, outward=False)


def seen(router, source=ALICE, destination=BOB, now=0.0):
    """The public address of a datagram that goes out."""
    passage = out(router, source, destination, now)
    assert isinstance(passage, Passage)
    assert passage.outward
    assert passage.destination == destination
    return passage.source


# --- translation --------------------------------------------------------------------------------


def test_out_and_back():
    router = make()
    assert out(router) == ((PUBLIC, 5000), BOB, True)
    assert back(router, (PUBLIC, 5000)) == (BOB, ALICE, False)
    assert router.counters == {}


@pytest.mark.parametrize("mapping", Dependence)
def test_mapping_depends_on_what_it_says(mapping):
    router = make(NatKind(mapping=mapping))
    other_port = (BOB[0], 6001)
    ports = [seen(router, ALICE, remote)[1] for remote in (BOB, other_port, DAVE, BOB)]
    assert (
        ports
        == {
            Dependence.ENDPOINT_INDEPENDENT: [5000, 5000, 5000, 5000],
            Dependence.ADDRESS_DEPENDENT: [5000, 5000, 5001, 5000],
            Dependence.ADDRESS_AND_PORT_DEPENDENT: [5000, 5001, 5002, 5000],
        }[mapping]
    )


@pytest.mark.parametrize("filtering", Dependence)
def test_filtering_depends_on_what_it_says(filtering):
    router = make(NatKind(filtering=filtering))
    public = seen(router)
    other_port = (BOB[0], 6001)
    verdicts = [back(router, public, remote) for remote in (BOB, other_port, DAVE)]
    passed = [not isinstance(verdict, Fate) for verdict in verdicts]
    assert (
        passed
        == {
            Dependence.ENDPOINT_INDEPENDENT: [True, True, True],
            Dependence.ADDRESS_DEPENDENT: [True, True, False],
            Dependence.ADDRESS_AND_PORT_DEPENDENT: [True, False, False],
        }[filtering]
    )
    assert router.counters[Fate.FILTERED] == passed.count(False)


def test_no_binding_no_way_in():
    router = make(FULL_CONE)
    assert back(router, (PUBLIC, 5000)) is Fate.UNBOUND
    assert router.counters == {Fate.UNBOUND: 1}


def test_two_hosts_never_share_a_public_port():
    router = make()
    assert seen(router, ALICE) == (PUBLIC, 5000)
    assert seen(router, CAROL) == (PUBLIC, 5001)
    assert back(router, (PUBLIC, 5001)) == (BOB, CAROL, False)


def test_contiguous_ports_hold_for_each_host_and_destination():
    router = make(replace(SYMMETRIC, ports=PortAssignment.CONTIGUOUS))
    next_door = (ALICE[0], 5001)
    assert [seen(router, *each)[1] for each in ((ALICE, BOB), (ALICE, DAVE), (CAROL, BOB))] == [
        1024,
        1026,
        1028,
    ]
    assert [seen(router, next_door, each)[1] for each in (BOB, DAVE)] == [1025, 1027]


# --- several public addresses -------------------------------------------------------------------


def test_paired_hosts_keep_their_public_address():
    router = make(public=("203.0.113.5", "203.0.113.6"))
    hosts = [seen(router, (host, port))[0] for port in (1, 2) for host in ("a", "b", "c")]
    assert hosts == ["203.0.113.5", "203.0.113.6", "203.0.113.5"] * 2


def test_unpaired_hosts_get_the_next_address_for_each_binding():
    router = make(NatKind(paired=False), public=("203.0.113.5", "203.0.113.6"))
    assert [seen(router, ("a", port))[0] for port in (1, 2, 3, 1)] == [
        "203.0.113.5",
        "203.0.113.6",
        "203.0.113.5",
        "203.0.113.5",
    ]


# --- time and room ------------------------------------------------------------------------------


def test_bindings_end_after_the_timeout_to_the_instant():
    router = make(FULL_CONE)
    public = seen(router, now=10.0)
    assert back(router, public, now=129.9) == (BOB, ALICE, False)
    assert back(router, public, now=130.0) is Fate.UNBOUND


def test_outbound_refreshes_and_inbound_does_not():
    router = make(FULL_CONE)
    public = seen(router)
    back(router, public, now=100.0)
    assert seen(router, now=110.0) == public
    back(router, public, now=229.0)
    assert back(router, public, now=230.0) is Fate.UNBOUND


def test_inbound_refreshes_if_told_so():
    router = make(replace(FULL_CONE, refreshed_by_inbound=True))
    public = seen(router)
    for now in (100.0, 200.0, 300.0):
        assert back(router, public, now=now) == (BOB, ALICE, False)
    assert back(router, public, now=420.0) is Fate.UNBOUND


def test_only_the_endpoints_that_are_written_to_may_still_answer():
    router = make()
    public = seen(router)
    seen(router, ALICE, DAVE, now=100.0)
    assert back(router, public, BOB, now=150.0) is Fate.FILTERED
    assert back(router, public, DAVE, now=150.0) == (DAVE, ALICE, False)


def test_an_expired_port_goes_to_the_next_who_wants_it():
    router = make()
    seen(router)
    assert seen(router, CAROL, now=120.0) == (PUBLIC, 5000)
    assert seen(router, ALICE, now=120.0) == (PUBLIC, 5001)


def test_a_limit_on_bindings():
    router = make(NatKind(max_bindings=2))
    seen(router, ("a", 1))
    seen(router, ("a", 2), now=1.0)
    assert out(router, ("a", 3), now=119.0) is Fate.EXHAUSTED
    assert seen(router, ("a", 1), BOB, now=119.0) == (PUBLIC, 1)
    assert out(router, ("a", 3), now=120.0) is Fate.EXHAUSTED
    assert seen(router, ("a", 3), now=121.0) == (PUBLIC, 3)
    assert router.counters == {Fate.EXHAUSTED: 2}


def test_no_port_left():
    router = make()
    for port in range(1024, 65_536):
        seen(router, ("a", port))
    assert out(router, ("b", 5000)) is Fate.EXHAUSTED


# --- hairpin ------------------------------------------------------------------------------------


def test_hairpin_shows_the_public_address_of_the_sender():
    router = make()
    carol = seen(router, CAROL)
    alice = seen(router, ALICE)
    assert out(router, ALICE, carol) is Fate.FILTERED
    assert out(router, CAROL, alice) == (carol, ALICE, False)
    assert out(router, ALICE, carol) == (alice, CAROL, False)


def test_hairpin_is_filtered_like_anything_from_outside():
    router = make()
    carol = seen(router, CAROL)
    assert out(router, ALICE, carol) is Fate.FILTERED
    assert out(make(FULL_CONE), ALICE, (PUBLIC, 4000)) is Fate.UNBOUND


def test_hairpin_can_be_missing():
    router = make(replace(FULL_CONE, hairpin=False))
    carol = seen(router, CAROL)
    assert out(router, ALICE, carol) is Fate.NO_HAIRPIN
    assert router.counters == {Fate.NO_HAIRPIN: 1}


# --- mishaps ------------------------------------------------------------------------------------


def test_forget_loses_every_binding():
    router = make(replace(FULL_CONE, ports=PortAssignment.SEQUENTIAL))
    public = seen(router)
    router.forget()
    assert back(router, public) is Fate.UNBOUND
    assert seen(router) == (PUBLIC, 1024)


def test_change_address_moves_everything():
    outside = Realm()
    router = make(FULL_CONE, outside=outside)
    public = seen(router)
    router.change_address("203.0.113.77")
    assert router.public == ("203.0.113.77",)
    assert (outside.owner(PUBLIC), outside.owner("203.0.113.77")) == (None, router)
    assert back(router, public) is Fate.UNBOUND
    assert seen(router) == ("203.0.113.77", 5000)


@pytest.mark.parametrize(
    ("public", "complaint"),
    [
        (("203.0.113.8", "203.0.113.9"), r"other already has 203\.0\.113\.9"),
        (("203.0.113.8", "203.0.113.300"), r"203\.0\.113\.300"),
    ],
    ids=["taken", "no address"],
)
def test_change_address_to_one_that_cannot_be_changes_nothing(public, complaint):
    outside = Realm()
    router = make(FULL_CONE, outside=outside)
    binding = seen(router)
    other = Router(
        "other", ["203.0.113.9"], kind=FULL_CONE, firewall=OPEN, outside=outside, random=Random(0)
    )
    with pytest.raises(ValueError, match=complaint):
        router.change_address(*public)
    assert router.public == (PUBLIC,)
    owners = [outside.owner(f"203.0.113.{n}") for n in (5, 8, 9)]
    assert owners == [router, None, other]
    assert back(router, binding) == (BOB, ALICE, False)


@pytest.mark.parametrize("public", [(), ("2001:db8::5",), (PUBLIC, "2001:db8::5")], ids=repr)
def test_change_address_keeps_to_the_address_families(public):
    with pytest.raises(ValueError, match="other address families"):
        make().change_address(*public)


# --- firewall -----------------------------------------------------------------------------------


def test_what_is_not_translated_passes_as_it_is_and_only_in_answer():
    router = make(public=())
    for source, remote in ((ALICE, BOB), (("2001:db8::2", 5000), ("2001:db8::9", 6000))):
        assert back(router, source, remote) is Fate.UNBOUND
        assert out(router, source, remote) == (source, remote, True)
        assert back(router, source, remote) == (remote, source, False)
        assert back(router, source, (remote[0], 1)) is Fate.FILTERED
        assert back(router, source, remote, now=120.0) is Fate.UNBOUND


def test_a_symmetric_kind_maps_only_what_it_translates():
    router = make(SYMMETRIC)
    source = ("2001:db8::2", 5000)
    for remote in (("2001:db8::9", 6000), ("2001:db8::9", 6001)):
        assert out(router, source, remote) == (source, remote, True)
        assert back(router, source, remote) == (remote, source, False)


def test_firewall_knows_remote_ports_in_both_directions():
    router = make(FULL_CONE, firewall=Firewall(udp_ports={443}))
    assert out(router) is Fate.FORBIDDEN
    public = seen(router, ALICE, (BOB[0], 443))
    assert back(router, public, (DAVE[0], 443)) == ((DAVE[0], 443), ALICE, False)
    assert back(router, public, (BOB[0], 6000)) is Fate.FORBIDDEN
    assert router.counters == {Fate.FORBIDDEN: 2}


def test_firewall_can_be_changed_any_time():
    router = make(FULL_CONE)
    public = seen(router)
    router.firewall = NO_UDP
    assert (out(router), back(router, public)) == (Fate.FORBIDDEN, Fate.FORBIDDEN)
    router.firewall = OPEN
    assert back(router, public) == (BOB, ALICE, False)
