import random
from dataclasses import replace

import pytest

from frazil.ice.admission import Admission
from frazil.ice.candidate import Candidate, CandidateProtocol, CandidateType
from frazil.ice.config import (
    MAX_PAIRS,
    MAX_PENDING_GENERATIONS,
    MAX_REMOTE_CANDIDATES,
    MAX_REMOTE_PEER_REFLEXIVE,
)
from frazil.ice.credential import Credentials
from frazil.ice.generation import Generation
from frazil.ice.lineage import Lineage
from frazil.ice.received_check import ReceivedCheck
from frazil.types import Address

HOST: Address = ("10.0.0.1", 1000)
HOST_2: Address = ("10.0.0.2", 1000)


def line(host: str = "192.0.2.1", port: int = 5, kind: str = "host", **options) -> Candidate:
    transport = options.get("transport", "udp")
    tail = " tcptype passive" if transport == "tcp" else ""
    component = options.get("component", 1)
    return Candidate.from_line(
        f"candidate:1 {component} {transport} 100 {host} {port} typ {kind}{tail}"
    )


def host(address: Address) -> Candidate:
    return line(address[0], address[1])


def credentials(seed: int) -> Credentials:
    return Credentials.generate(random.Random(seed).randbytes)


def active(*hosts: Address) -> Generation:
    generation = Generation()
    generation.local, generation.remote = credentials(1), credentials(2)
    for address in hosts or (HOST,):
        generation.local_candidates.add(host(address))
    return generation


def check(remote: Address, local: Address = HOST) -> ReceivedCheck:
    return ReceivedCheck(local, remote, 1845501695, None)


# --- signalled candidates ---------------------------------------------------------------------


def test_a_candidate_forms_a_pair_with_each_host():
    generation = active(HOST, HOST_2)
    assert generation.admit(line(), True) is Admission.TAKEN
    assert {pair.local.base for pair in generation.checklist} == {HOST, HOST_2}


def test_reflexive_candidates_form_no_pairs_of_their_own():
    """RFC 8445 6.1.2.4: they send from their base, so the pair would be redundant."""
    generation = active()
    reflexive = replace(line("203.0.113.7", 5, "srflx"), base=HOST)
    generation.local_candidates.add(reflexive)
    generation.admit(line(), True)
    assert len(generation.checklist) == 1


def test_candidates_before_the_credentials_form_pairs_later():
    generation = active()
    generation.local = None
    generation.admit(line(), True)
    assert len(generation.checklist) == 0
    generation.local = credentials(1)
    generation.form_pairs(True)
    assert len(generation.checklist) == 1


@pytest.mark.parametrize(
    "candidate",
    [
        line(port=0),
        line("224.0.0.1"),
        line("0.0.0.0"),
        line("2001:db8::1"),
        line("3f8a2b1c.local"),
        line(transport="tcp", port=9),
        line(component=2),
    ],
)
def test_candidates_that_cannot_be_reached_are_known_but_not_paired(candidate):
    generation = active()
    assert generation.admit(candidate, True) is Admission.TAKEN
    assert list(generation.remote_candidates) == [candidate]
    assert len(generation.checklist) == 0


def test_the_same_candidate_again_is_known():
    generation = active()
    generation.admit(line(), True)
    assert generation.admit(line(), True) is Admission.KNOWN
    assert len(generation.remote_candidates) == len(generation.checklist) == 1


def test_tcp_and_udp_of_one_port_are_two_candidates():
    generation = active()
    assert generation.admit(line(transport="tcp"), True) is Admission.TAKEN
    assert generation.admit(line(), True) is Admission.TAKEN
    assert len(generation.checklist) == 1
    assert generation.remote_candidates.find(("192.0.2.1", 5), CandidateProtocol.UDP) == line()


def test_sixty_candidates_are_ten_too_many():
    generation = active()
    admissions = [generation.admit(line(port=1 + n), True) for n in range(60)]
    assert admissions.count(Admission.TAKEN) == MAX_REMOTE_CANDIDATES == 50
    assert admissions[50:] == [Admission.TOO_MANY] * 10


def test_pairs_are_bounded():
    generation = active(*[(f"10.0.1.{n}", 1000) for n in range(10)])
    for n in range(50):
        generation.admit(line(port=1 + n), True)
    assert len(generation.checklist) == MAX_PAIRS


def test_candidates_after_their_end_count_as_well():
    """The peer may have lost a relay and found another."""
    generation = active()
    generation.remote_candidates.ended = True
    assert generation.admit(line(), True) is Admission.TAKEN
    assert len(generation.checklist) == 1


# --- candidates learned from checks -----------------------------------------------------------


def test_a_check_from_nowhere_teaches_a_candidate():
    generation = active(HOST, HOST_2)
    pair = generation.pair_of(check(("203.0.113.9", 7)), True)
    assert pair.remote.type is CandidateType.PEER_REFLEXIVE
    assert pair.remote.priority == 1845501695
    assert pair.key == (HOST, ("203.0.113.9", 7))
    assert len(generation.checklist) == 1  # with no other local candidate (RFC 8445 7.3.1.3)
    assert generation.pair_of(check(("203.0.113.9", 7)), True) is pair


def test_hosts_that_come_later_are_not_paired_with_it():
    generation = active()
    generation.pair_of(check(("203.0.113.9", 7)), True)
    generation.local_candidates.add(host(HOST_2))
    generation.pair_local(host(HOST_2), True)
    assert len(generation.checklist) == 1


def test_signalling_it_later_names_it():
    generation = active(HOST, HOST_2)
    pair = generation.pair_of(check(("192.0.2.1", 5)), True)
    before = pair.priority
    assert generation.admit(line(), True) is Admission.TAKEN
    assert pair.remote == line()
    assert pair.priority != before
    assert len(generation.remote_candidates) == 1
    assert len(generation.checklist) == 2  # now with the other host, too


def test_learned_candidates_are_bounded_and_leave_room_for_signalled_ones():
    generation = active()
    learned = [generation.pair_of(check(("203.0.113.9", 1 + n)), True) for n in range(100)]
    assert sum(pair is not None for pair in learned) == MAX_REMOTE_PEER_REFLEXIVE
    assert generation.admit(line(), True) is Admission.TAKEN


def test_a_priority_out_of_range_is_brought_into_it():
    generation = active()
    odd = ReceivedCheck(HOST, ("203.0.113.9", 7), 2**32 - 1, None)
    assert generation.pair_of(odd, True).remote.priority == 2**31 - 1
    zero = ReceivedCheck(HOST, ("203.0.113.9", 8), 0, None)
    assert generation.pair_of(zero, True).remote.priority == 1


def test_a_check_where_we_have_no_candidate():
    assert active().pair_of(check(("203.0.113.9", 7), local=("10.9.9.9", 9)), True) is None


def test_a_lost_base_takes_its_candidates_and_pairs_along():
    generation = active(HOST, HOST_2)
    generation.admit(line(), True)
    gone = generation.remove_base(HOST)
    assert [pair.local.base for pair in gone] == [HOST]
    assert [pair.local.base for pair in generation.checklist] == [HOST_2]
    assert [c.base for c in generation.local_candidates] == [HOST_2]


def test_a_lost_base_takes_what_was_agreed_on_along():
    generation = active(HOST, HOST_2)
    generation.admit(line(), True)
    first, second = generation.checklist
    generation.agreement.reach(second, 1.0)
    generation.remove_base(first.local.base)
    assert generation.agreement.pair is second
    generation.remove_base(second.local.base)
    assert generation.agreement.pair is None


def test_a_role_switch_starts_the_count_of_nominations_over():
    generation = active()
    generation.agreement.believe(7)
    generation.rank(False)
    assert generation.agreement.number == 0


# --- lineage ----------------------------------------------------------------------------------


def test_two_halves_make_a_generation():
    lineage = Lineage()
    first = lineage.set_local(credentials(1), None)
    assert not first.is_active
    assert lineage.current is None
    assert lineage.set_remote(credentials(2), None) is first
    assert lineage.current is first
    assert lineage.set_local(credentials(1), None) is None
    assert lineage.set_remote(credentials(2), None) is None


def test_what_the_peer_says_after_us_answers_us():
    offered, answered = Lineage(), Lineage()
    offered.set_local(credentials(1), None)
    ours = offered.set_remote(credentials(2), None)
    answered.set_remote(credentials(2), None)
    theirs = answered.set_local(credentials(1), None)
    assert ours.is_answered
    assert not theirs.is_answered


def test_a_new_half_leaves_the_current_generation_in_force():
    lineage = Lineage()
    lineage.set_local(credentials(1), None)
    first = lineage.set_remote(credentials(2), None)
    second = lineage.set_remote(credentials(3), None)
    assert lineage.current is first
    assert lineage.by_remote_ufrag(None) is second
    assert lineage.rollback() is second
    assert lineage.rollback() is None
    assert lineage.current is first


def test_generations_are_found_by_ufrag():
    lineage = Lineage()
    first = lineage.set_local(credentials(1), None)
    lineage.set_remote(credentials(2), None)
    assert lineage.by_local_ufrag(credentials(1).ufrag) is first
    assert lineage.by_remote_ufrag(credentials(2).ufrag) is first
    assert lineage.by_local_ufrag(credentials(2).ufrag) is None
    assert lineage.by_remote_ufrag("nobody") is None


def test_the_predecessor_and_the_one_in_use_are_kept():
    lineage = Lineage()
    used = lineage.set_local(credentials(0), None)
    lineage.set_remote(credentials(100), None)
    for seed in range(1, 10):
        lineage.set_local(credentials(seed), used)
        lineage.set_remote(credentials(100 + seed), used)
    kept = [generation.local for generation in lineage]
    assert kept == [credentials(0), credentials(8), credentials(9)]


def test_halves_are_bounded():
    lineage = Lineage()
    for seed in range(50):
        lineage.set_local(credentials(seed), None)
    assert len(lineage) == MAX_PENDING_GENERATIONS
    assert lineage.by_local_ufrag(credentials(49).ufrag) is not None


def test_what_matters_is_the_newest_the_one_that_is_checked_and_the_one_in_use():
    lineage = Lineage()
    assert lineage.relevant(None) == ()
    used = lineage.set_local(credentials(1), None)
    assert lineage.relevant(None) == (used,)
    lineage.set_remote(credentials(2), None)
    current = lineage.set_local(credentials(3), used)
    lineage.set_remote(credentials(4), used)
    half = lineage.set_local(credentials(5), used)
    assert lineage.relevant(used) == (half, current, used)
    assert lineage.relevant(current) == (half, current)
