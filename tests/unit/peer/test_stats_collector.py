"""What the collector makes of slots and surveys that a test has written; whole sessions are in
the scenarios."""

import hashlib
from types import SimpleNamespace

from frazil.ice import Candidate, CandidatePair, Credentials, Generation, Traffic
from frazil.ice.received_check import ReceivedCheck
from frazil.peer.channel import DataChannel
from frazil.peer.channel_init import ChannelInit
from frazil.peer.stack import TransportStack
from frazil.peer.stats import CandidatePairStats, CandidateStats, CertificateStats, TransportStats
from frazil.peer.stats_collector import StatsCollector
from frazil.session.survey import SessionSurvey
from support.peer_pair import FakeSession, candidate, certificate


def survey(
    generations: tuple[Generation, ...] = (), pair_in_use: CandidatePair | None = None
) -> SessionSurvey:
    return SessionSurvey(Traffic(), generations, pair_in_use, 0, None, None)


class SurveyedSession(FakeSession):
    """A session of which only a survey is known."""

    def __init__(self, known: SessionSurvey) -> None:
        super().__init__("0")
        self._known = known

    def survey(self) -> SessionSurvey:
        return self._known


def collector(known: SessionSurvey | None = None) -> tuple[StatsCollector, TransportStack]:
    stack = TransportStack("0", SurveyedSession(known or survey()))
    transports, channels = SimpleNamespace(stacks=[stack]), SimpleNamespace(numbered=[], opened=0)
    return StatsCollector(transports, channels, certificate(1), bytes), stack


def generation(ufrag: str = "ours", remote_ufrag: str = "theirs") -> Generation:
    made = Generation()
    made.local = Credentials(ufrag, "p" * 22)
    made.remote = Credentials(remote_ufrag, "q" * 22)
    made.local_candidates.add(Candidate.from_line(candidate(1).line))
    made.admit(candidate(2, "192.0.2.2"), controlling=True)
    return made


def of(kind: type, stats: list) -> list:
    return [each for each in stats if isinstance(each, kind)]


def test_a_chain_of_certificates_is_linked():
    stats, stack = collector()
    stack.dtls.remote_certificates = (b"leaf", b"middle", b"root")
    found = stats.collect()
    own, leaf, middle, root = of(CertificateStats, found)
    (transport,) = of(TransportStats, found)
    assert transport.local_certificate_id == own.id
    assert transport.remote_certificate_id == leaf.id
    assert (leaf.issuer_certificate_id, middle.issuer_certificate_id) == (middle.id, root.id)
    assert root.issuer_certificate_id is own.issuer_certificate_id is None
    assert leaf.fingerprint == hashlib.sha256(b"leaf").digest().hex(":").upper()


def test_a_certificate_that_both_sides_have_is_told_once():
    stats, stack = collector()
    stack.dtls.remote_certificates = (certificate(1).der,)
    assert len(of(CertificateStats, stats.collect())) == 1


def test_equal_addresses_in_two_generations_are_different_candidates_and_pairs():
    old, new = generation("a", "b"), generation("c", "d")
    (pair,) = old.checklist
    stats, _ = collector(survey(generations=(new, old), pair_in_use=pair))
    found = stats.collect()
    candidates, pairs = of(CandidateStats, found), of(CandidatePairStats, found)
    assert {each.username_fragment for each in candidates} == {"a", "b", "c", "d"}
    assert len(candidates) == 4
    assert len(pairs) == 2
    (transport,) = of(TransportStats, found)
    assert transport.selected_candidate_pair_id == pairs[1].id


def test_a_half_known_generation_has_candidates_and_no_pair():
    half = Generation()
    half.remote = Credentials("theirs", "q" * 22)
    half.admit(candidate(2), controlling=True)
    stats, _ = collector(survey(generations=(half,)))
    found = stats.collect()
    assert [each.username_fragment for each in of(CandidateStats, found)] == ["theirs"]
    assert of(CandidatePairStats, found) == []


def test_a_candidate_keeps_its_name_when_signalling_tells_what_it_is():
    made, signalled = generation(), candidate(3, "192.0.2.3", "srflx")
    made.pair_of(ReceivedCheck(candidate(1).address, signalled.address, 1, None), controlling=True)
    stats, _ = collector(survey(generations=(made,)))
    before = of(CandidatePairStats, stats.collect())
    made.admit(signalled, controlling=True)
    after = of(CandidatePairStats, stats.collect())
    assert len(after) == 2
    assert {each.remote_candidate_id for each in after} == {
        each.remote_candidate_id for each in before
    }


def test_a_pair_that_left_the_checklist_is_not_told_as_selected():
    gone = CandidatePair(candidate(1), candidate(2, "192.0.2.2"), True)
    stats, _ = collector(survey(pair_in_use=gone))
    (transport,) = of(TransportStats, stats.collect())
    assert transport.selected_candidate_pair_id is None


def test_after_the_end_the_last_objects_are_told():
    channel = DataChannel(None, "chat", ChannelInit())
    stacks, numbered = [], [(channel, 7)]
    channels = SimpleNamespace(numbered=numbered, opened=1)
    transports = SimpleNamespace(stacks=stacks)
    stats = StatsCollector(transports, channels, certificate(1), bytes)
    before = stats.collect()
    stats.keep()
    channels.numbered = []
    assert stats.collect() == before
    assert len(before) == 2
