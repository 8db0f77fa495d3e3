"""What a remote can make us keep or do: one limit for each resource, and who proves that it holds.

The values are a promise to who runs a server. A change of one belongs here as well.
"""

import ast
from importlib import import_module
from pathlib import Path

import pytest

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
TESTS = Path(__file__).parent
LIMITS = [
    # resource, constant, value, the test that shows it at work
    ("ice.config.MAX_PAIRS", 100, "ice/test_generation.py::test_pairs_are_bounded"),
    (
        "ice.config.MAX_REMOTE_CANDIDATES",
        50,
        "ice/test_generation.py::test_sixty_candidates_are_ten_too_many",
    ),
    (
        "ice.config.MAX_REMOTE_PEER_REFLEXIVE",
        10,
        "ice/test_agent_security.py::test_an_authentic_flood_from_many_addresses_is_bounded",
    ),
    (
        "ice.config.MAX_LOCAL_PEER_REFLEXIVE",
        10,
        "ice/test_local_candidates.py::test_what_the_peer_sees_is_learned_once_and_within_bounds",
    ),
    (
        "ice.config.MAX_EARLY_CHECKS",
        16,
        "ice/test_agent_security.py::test_an_authentic_flood_before_the_answer_is_bounded",
    ),
    (
        "ice.config.MAX_VALIDATED",
        256,
        "ice/test_agent_security.py::test_an_authentic_flood_from_many_addresses_is_bounded",
    ),
    (
        "ice.config.MAX_PENDING_GENERATIONS",
        4,
        "ice/test_agent_restart.py::test_unanswered_offers_are_bounded",
    ),
    (
        "ice.config.MAX_REPEATS",
        4,
        "ice/test_agent_security.py::"
        "test_an_authentic_flood_on_one_pair_makes_us_repeat_one_check_a_few_times",
    ),
    (
        "ice.config.MAX_ROLE_CONFLICTS",
        16,
        "ice/test_assessor.py::test_a_peer_that_answers_487_for_ever_is_given_up",
    ),
    ("ice.config.MAX_STANDBY_CHECKS", 4, "ice/test_renomination.py::test_measuring_is_bounded"),
    (
        "ice.config.MAX_PACING_S",
        0.5,
        "ice/test_pacing.py::test_a_peer_cannot_bring_us_to_a_standstill",
    ),
    ("ice.config.MAX_SERVERS", 32, "ice/test_gatherer.py::test_servers_are_bounded"),
    (
        "ice.admission.FIRST_UNPRIVILEGED_PORT",
        1024,
        "ice/test_admission.py::test_ports_of_system_services",
    ),
    ("stun.message.MAX_MESSAGE_SIZE", 1500, "stun/test_message.py::test_size_is_limited"),
    ("stun.message.MAX_ATTRIBUTES", 32, "stun/test_message.py::test_attributes_are_limited"),
    ("turn.config.MAX_PERMISSIONS", 100, "turn/test_permission.py::test_there_are_only_so_many"),
    ("turn.config.MAX_CHANNELS", 100, "turn/test_channel.py::test_there_are_only_so_many"),
    ("turn.config.MAX_HELD", 16, "turn/test_permission.py::test_only_so_many_datagrams_wait"),
    (
        "session.config.MAX_RELAY_SERVERS",
        32,
        "session/test_relay_set.py::test_only_so_many_servers_are_asked",
    ),
    (
        "session.config.MAX_MISSING_RELAYS",
        64,
        "session/test_vacancy.py::test_only_so_many_losses_are_remembered",
    ),
    (
        "session.config.MAX_EARLY_DATAGRAMS",
        4,
        "session/test_session.py::test_only_so_many_datagrams_are_kept_before_the_answer",
    ),
    (
        "session.config.MAX_EARLY_PACKETS",
        10,
        "session/test_encapsulation.py::test_only_so_many_packets_are_kept_before_the_answer",
    ),
    (
        "session.plain_transport.MAX_QUEUED_DATAGRAMS",
        1024,
        "w3c/test_lone_ice_transport.py::test_more_than_one_flush_can_take_is_lost_and_counted",
    ),
    (
        "dtls.record.MAX_HANDSHAKE_MESSAGE_SIZE",
        16384,
        "dtls/test_record.py::test_plaintext_handshake_fragments_are_bounded",
    ),
    (
        "dtls.record.MAX_FRAGMENTS",
        64,
        "dtls/test_record.py::test_plaintext_handshake_fragments_are_bounded",
    ),
    ("sctp.tsn.MAX_RANGES", 1024, "sctp/test_tsn.py::test_ranges_are_bounded"),
    (
        "datachannel.channel_set.MAX_CHANNELS",
        4096,
        "datachannel/test_channel_set.py::test_the_number_of_channels_a_peer_can_open_is_bounded",
    ),
    (
        "datachannel.held.MAX_HELD_MESSAGES",
        32,
        "datachannel/test_held.py::test_the_number_is_bounded_over_all_streams",
    ),
    (
        "datachannel.held.MAX_HELD_SIZE",
        256 * 1024,
        "datachannel/test_held.py::test_the_size_is_bounded_over_all_streams",
    ),
    (
        "datachannel.held.MAX_WAITING_MESSAGES",
        32 * 1024,
        "datachannel/test_next_channel.py::test_a_channel_too_large_to_wait_is_refused",
    ),
    (
        "datachannel.held.MAX_WAITING_SIZE",
        5 * 1024 * 1024,
        "datachannel/test_next_channel.py::test_a_channel_too_large_to_wait_is_refused",
    ),
    (
        "aio.transmitter.MAX_REFUSED",
        1024,
        "aio/test_transmitter.py::test_refused_paths_are_forgotten_when_they_are_too_many",
    ),
    (
        "w3c.inbox.MAX_UNREAD",
        16 * 1024 * 1024,
        "w3c/test_datachannel.py::test_channels_that_nobody_reads_share_their_room",
    ),
    ("mdns.message.MAX_ENTRIES", 128, "mdns/test_message.py::test_only_so_many_entries_are_read"),
    (
        "mdns.message.MAX_NAME_PARTS",
        2048,
        "mdns/test_message.py::test_nobody_has_us_read_a_long_name_over_and_over",
    ),
    (
        "mdns.resolver.MAX_LOOKUPS",
        256,
        "mdns/test_endpoint.py::test_there_are_not_too_many_lookups",
    ),
    (
        "aio.naming.MAX_LOOKUPS_AT_ONCE",
        8,
        "aio/test_naming.py::test_one_peer_leaves_look_ups_for_those_of_others",
    ),
    (
        "aio.naming.MAX_AWAITED_NAMES",
        100,
        "aio/test_naming.py::"
        "test_a_peer_that_brings_other_names_again_and_again_has_few_of_them_wait",
    ),
    ("sdp.grammar.MAX_BYTES", 128 * 1024, "sdp/test_grammar.py::test_the_size_limit_counts_bytes"),
    ("sdp.grammar.MAX_LINES", 2000, "sdp/test_grammar.py::test_the_line_limit"),
    ("sdp.grammar.MAX_MEDIA_SECTIONS", 64, "sdp/test_grammar.py::test_the_section_limit"),
    ("sdp.attribute.MAX_CANDIDATES", 100, "sdp/test_attribute.py::test_candidates_are_limited"),
    (
        "peer.description.MAX_CANDIDATES",
        100,
        "peer/test_remote_candidate.py::test_candidates_are_bounded",
    ),
    (
        "peer.lone_transport.MAX_EARLY",
        101,
        "w3c/test_lone_ice_transport.py::"
        "test_so_many_candidates_wait_for_start_as_one_generation_may_have",
    ),
    (
        "peer.reader.MAX_ICE_SERVERS",
        32,
        "peer/test_configuration.py::test_server_errors_come_through",
    ),
    (
        "worker.link.MAX_MESSAGE",
        1024 * 1024,
        "worker/test_link.py::test_what_the_other_end_would_not_take_is_not_sent",
    ),
    ("worker.excerpt.MAX_TEXT", 4096, "worker/test_excerpt.py::test_what_is_short_stays"),
    (
        "worker.excerpt.MAX_TRACEBACK",
        64 * 1024,
        "worker/test_attendance.py::test_the_handler_raises_all_that_a_peer_has_written",
    ),
]


@pytest.mark.parametrize(("constant", "value", "proof"), LIMITS)
def test_each_limit_has_its_value_and_a_test(constant: str, value: float, proof: str) -> None:
    module, _, name = f"frazil.{constant}".rpartition(".")
    assert getattr(import_module(module), name) == value
    path, _, test = proof.partition("::")
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    assert test in {each.name for each in ast.walk(tree) if isinstance(each, _FUNCTIONS)}


def test_no_bound_of_the_agent_is_forgotten() -> None:
    config = import_module("frazil.ice.config")
    listed = {constant.rpartition(".")[2] for constant, _, _ in LIMITS}
    assert {name for name in vars(config) if name.startswith("MAX_")} <= listed
