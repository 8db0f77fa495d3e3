import pytest

from frazil.sctp import AssociationCloseCause, AssociationState, SctpConfig
from frazil.sctp.cause import CauseCode, encode_cause
from frazil.sctp.chunk import (
    BEGIN,
    REFLECTED_TAG,
    WHOLE,
    ChunkType,
    ForwardTsn,
    encode_chunk,
    encode_data,
    encode_forward_tsn,
    encode_i_data,
    encode_sack,
)
from frazil.sctp.packet import Header, encode_packet
from frazil.sctp.tlv import encode_tlv
from support.sctp_pair import Pair, chunks_of

PLAIN = SctpConfig(interleaving=False)


class Victim:
    """One established side, and packets that its peer never sent."""

    def __init__(self, config=PLAIN):
        self.pair = Pair(config, config).connect()
        self.side = self.pair.b
        self.link = self.side.association._link
        self.tsn = self.side.association._inbound.cumulative_tsn + 1 & 0xFFFFFFFF

    def receive(self, *chunks, tag=None):
        """The chunks it sends in answer to a packet with these."""
        tag = self.link.local_tag if tag is None else tag
        packet = encode_packet(Header(5000, 5000, tag), b"".join(chunks))
        association = self.side.association
        association.receive([packet], self.pair.now)
        sent = association.poll_packets(self.pair.now)
        self.side.events += association.poll_events()
        return [chunk for answer in sent for chunk in chunks_of(answer)]

    @property
    def is_alive(self):
        return self.side.state is AssociationState.ESTABLISHED

    @property
    def counters(self):
        return self.side.trace.counters


@pytest.fixture
def victim():
    return Victim()


def test_abort_tells_cause_and_reason(victim):
    abort = encode_chunk(ChunkType.ABORT, encode_cause(CauseCode.USER_INITIATED_ABORT, b"bye"))
    assert victim.receive(abort) == []
    closed = victim.side.closed
    assert closed.cause is AssociationCloseCause.ABORTED_BY_REMOTE
    assert (closed.code, closed.text) == (12, "user initiated abort: bye")
    assert victim.side.state is AssociationState.CLOSED


def test_abort_with_the_reflected_tag(victim):
    abort = encode_chunk(ChunkType.ABORT, flags=REFLECTED_TAG)
    victim.receive(abort, tag=victim.link.remote_tag)
    assert victim.side.closed.cause is AssociationCloseCause.ABORTED_BY_REMOTE


@pytest.mark.parametrize(
    ("flags", "tag"),
    [(0, "remote"), (0, "other"), (REFLECTED_TAG, "local"), (REFLECTED_TAG, "other")],
)
def test_abort_with_a_wrong_tag_is_dropped(victim, flags, tag):
    tags = {"remote": victim.link.remote_tag, "local": victim.link.local_tag, "other": 1}
    victim.receive(encode_chunk(ChunkType.ABORT, flags=flags), tag=tags[tag])
    assert victim.is_alive
    assert victim.counters == {"sctp-tag": 1}


def test_nothing_after_abort_is_looked_at(victim):
    data = encode_data(WHOLE, victim.tsn, 0, 0, 51, b"x")
    victim.receive(encode_chunk(ChunkType.ABORT), data)
    assert victim.side.messages == []


@pytest.mark.parametrize("type_", [0x3F, 0x7F, 0xBF, 0xFF])
def test_the_high_bits_of_unknown_chunks_decide(victim, type_):
    unknown = bytes([type_, 0, 0, 6]) + b"??\0\0"
    data = encode_data(WHOLE, victim.tsn, 0, 0, 51, b"x")
    answers = [answer for answer in victim.receive(unknown, data) if answer[0] == ChunkType.ERROR]
    reported = bool(type_ & 0x40)
    assert bool(answers) is reported
    if reported:
        cause = encode_cause(CauseCode.UNRECOGNIZED_CHUNK_TYPE, unknown[:6])
        assert answers == [(ChunkType.ERROR, 0, cause)]
    assert bool(victim.side.messages) is bool(type_ & 0x80)
    assert victim.counters == {"sctp-unknown-chunk": 1}


def test_data_without_user_data_ends_the_association(victim):
    ((type_, _, value),) = victim.receive(encode_data(WHOLE, victim.tsn, 0, 0, 51, b""))
    assert type_ == ChunkType.ABORT
    assert value[:2] == b"\0\x09"
    assert victim.side.closed.cause is AssociationCloseCause.PROTOCOL_VIOLATION
    assert victim.side.closed.code == CauseCode.NO_USER_DATA


def test_a_message_beyond_the_window_ends_the_association():
    victim = Victim(SctpConfig(interleaving=False, receive_window=4096))
    for number in range(10):
        flags = BEGIN if number == 0 else 0
        tsn = victim.tsn + number & 0xFFFFFFFF
        victim.receive(encode_data(flags, tsn, 0, 0, 51, bytes(1000)))
    assert victim.side.closed.code == CauseCode.OUT_OF_RESOURCE
    assert victim.side.association._inbound.reassembly.buffered == 0


def test_invalid_stream_is_reported():
    victim = Victim(SctpConfig(interleaving=False, inbound_streams=10))
    answers = victim.receive(encode_data(WHOLE, victim.tsn, 10, 0, 51, b"x"))
    error = (ChunkType.ERROR, 0, bytes.fromhex("0001 0008 000a 0000"))
    assert error in answers
    assert victim.is_alive
    assert victim.side.messages == []


@pytest.mark.parametrize("interleaving", [False, True])
def test_the_wrong_kind_of_data_ends_the_association(interleaving):
    victim = Victim(SctpConfig(interleaving=interleaving))
    encode = encode_data if interleaving else encode_i_data
    ((type_, _, _),) = victim.receive(encode(WHOLE, victim.tsn, 0, 0, 51, b"x"))
    assert type_ == ChunkType.ABORT
    assert victim.side.closed.code == CauseCode.PROTOCOL_VIOLATION


@pytest.mark.parametrize("interleaving", [False, True])
def test_the_wrong_kind_of_forward_tsn_ends_the_association(interleaving):
    victim = Victim(SctpConfig(interleaving=interleaving))
    forward = ForwardTsn(victim.tsn, ())
    victim.receive(encode_forward_tsn(forward, interleaving=not interleaving))
    assert victim.side.closed.code == CauseCode.PROTOCOL_VIOLATION


def test_forward_tsn_is_answered_by_a_sack(victim):
    forward = encode_forward_tsn(ForwardTsn(victim.tsn, ()), interleaving=False)
    ((type_, _, value),) = victim.receive(forward)
    assert type_ == ChunkType.SACK
    assert int.from_bytes(value[:4], "big") == victim.tsn
    ((type_, _, again),) = victim.receive(forward)
    assert (type_, again) == (ChunkType.SACK, value)


def test_outdated_sack_is_counted(victim):
    tsn = victim.side.association._outbound.last_tsn
    victim.receive(encode_sack(tsn - 1 & 0xFFFFFFFF, 0, [], []))
    victim.receive(encode_sack(tsn + 1 & 0xFFFFFFFF, 0, [], []))
    assert victim.counters == {"sctp-sack-outdated": 2}


def test_a_sack_of_nothing_new_is_a_sign_of_life(victim):
    victim.link.errors = 5
    tsn = victim.side.association._outbound.last_tsn
    victim.receive(encode_sack(tsn & 0xFFFFFFFF, 0, [], []))
    assert victim.link.errors == 0


def test_error_is_recorded(victim):
    error = encode_cause(CauseCode.UNRECOGNIZED_CHUNK_TYPE, b"\x42\0\0\4")
    assert victim.receive(encode_chunk(ChunkType.ERROR, error)) == []
    record = victim.side.trace.records[-1]
    assert record.event == "error-received"
    assert record.facts == {"code": 6, "text": "unrecognized chunk type"}
    assert victim.is_alive


def test_reports_of_errors_do_not_displace_the_trace(victim):
    before = victim.side.trace.records
    errors = [encode_tlv(code, b"") for code in range(4, 284)]
    victim.receive(*[encode_chunk(ChunkType.ERROR, each) for each in [*errors, b""]])
    records = victim.side.trace.records[len(before) :]
    codes = [each.facts["code"] for each in records]
    assert len(codes) == len(set(codes))
    assert set(codes) == {None, *[code for code in CauseCode if code > CauseCode.STALE_COOKIE]}
    assert sum(each.count for each in records) == 281
    assert victim.side.trace.forgotten == 0


def test_duplicates_and_cut_off_data_are_counted(victim):
    data = encode_data(WHOLE, victim.tsn, 0, 0, 51, b"x")
    victim.receive(data, data)
    assert victim.counters == {"sctp-duplicate": 1}
    victim.receive(b"\0\3\0\x08" + bytes(4))
    assert victim.counters == {"sctp-duplicate": 1, "sctp-malformed": 1}
    assert victim.side.messages == [(0, 51, b"x")]


def test_data_without_room_is_counted():
    victim = Victim(SctpConfig(interleaving=False, receive_window=4096))
    for number in range(1, 8):
        tsn = victim.tsn + number & 0xFFFFFFFF
        victim.receive(encode_data(WHOLE, tsn, 0, number, 51, bytes(1000)))
    assert victim.counters == {"sctp-no-room": 3}
    assert victim.is_alive


@pytest.mark.parametrize("chunk", ["03000008", "c0000006", "82000005", "05000008"])
def test_malformed_chunks_are_counted(victim, chunk):
    value = bytes.fromhex(chunk)
    victim.receive(value + bytes(4))
    assert victim.is_alive
    assert victim.counters in ({"sctp-malformed": 1}, {})


def test_a_chunk_that_claims_more_than_the_packet_holds(victim):
    data = encode_data(WHOLE, victim.tsn, 0, 0, 51, b"kept")
    victim.receive(data, bytes.fromhex("06000100"))
    assert victim.is_alive
    assert victim.side.messages == [(0, 51, b"kept")]
    assert victim.counters == {"sctp-malformed": 1}


def test_a_chunk_of_no_length(victim):
    victim.receive(bytes.fromhex("00000000 00000000"))
    victim.receive(bytes.fromhex("04000003 00000000"))
    assert victim.counters == {"sctp-malformed": 2}


@pytest.mark.parametrize("type_", [0, 64, 192, 194, 4, 130])
def test_before_the_association_is_established_only_the_handshake_counts(type_):
    pair = Pair()
    pair.a.association.start(0.0)
    pair.a.association.poll_packets(0.0)
    tag = pair.a.association._link.local_tag
    chunk = encode_chunk(ChunkType(type_), bytes(20))
    pair.a.association.receive([encode_packet(Header(5000, 5000, tag), chunk)], 0.1)
    assert pair.a.association.poll_packets(0.1) == []
    assert pair.a.state is AssociationState.COOKIE_WAIT


def test_data_before_a_chunk_that_is_cut_off_is_acknowledged_in_time(victim):
    cut_off = b"\0\x03\xff\xff"
    assert victim.receive(encode_data(WHOLE, victim.tsn, 0, 0, 51, b"x"), cut_off) == []
    (sack,) = victim.receive(encode_data(WHOLE, victim.tsn + 1, 0, 1, 51, b"y"), cut_off)
    assert sack[0] == ChunkType.SACK
    assert victim.counters == {"sctp-malformed": 2}
    assert [data for _, _, data in victim.side.messages] == [b"x", b"y"]


def test_data_before_a_chunk_that_is_cut_off_is_acknowledged_after_the_delay(victim):
    victim.receive(encode_data(WHOLE, victim.tsn, 0, 0, 51, b"x"), b"\0\x03\xff\xff")
    assert victim.side.association.next_timeout() == victim.pair.now + PLAIN.sack_delay_s
