from frazil.sctp import SctpConfig
from frazil.sctp.chunk import ParameterType
from frazil.sctp.negotiation import MAX_REPORT_SIZE, known_parameters, own_init, settle
from frazil.sctp.tlv import Tlv, encode_tlv
from support.init import changed

CONFIG = SctpConfig()


def init_with(*parameters, **changes):
    return changed(own_init(CONFIG, 1, 2), parameters=parameters, **changes)


def test_what_we_offer():
    init = own_init(SctpConfig(outbound_streams=10, receive_window=4096), 7, 8)
    assert init.as_tuple()[:5] == (7, 4096, 10, 65535, 8)
    assert init.parameters == (Tlv(0xC000, b""), Tlv(0x8008, bytes([130, 192, 64, 194])))


def test_what_we_offer_without_interleaving():
    init = own_init(SctpConfig(interleaving=False), 7, 8)
    assert init.parameters[-1] == Tlv(0x8008, bytes([130, 192]))


def test_settle_with_ourselves():
    init = own_init(CONFIG, 7, 8)
    known, report = known_parameters(init)
    peer = settle(CONFIG, init, known)
    assert peer.as_tuple() == (7, 8, CONFIG.receive_window, 65535, 65535, True, True, True)
    assert report == []


def test_settle_takes_the_smaller_number_of_streams():
    init = init_with(outbound_streams=100, inbound_streams=200)
    peer = settle(CONFIG, init, {})
    assert (peer.outbound_streams, peer.inbound_streams) == (200, 100)
    config = SctpConfig(outbound_streams=5, inbound_streams=6)
    peer = settle(config, init, {})
    assert (peer.outbound_streams, peer.inbound_streams) == (5, 6)


def test_settle_without_extensions():
    peer = settle(CONFIG, init_with(), {})
    assert (peer.partial_reliability, peer.reconfiguration, peer.interleaving) == (False,) * 3


def test_interleaving_takes_two():
    known = {ParameterType.SUPPORTED_EXTENSIONS: bytes([64, 194])}
    assert settle(CONFIG, init_with(), known).interleaving
    assert not settle(SctpConfig(interleaving=False), init_with(), known).interleaving


def test_forward_tsn_is_offered_either_way():
    by_list = {ParameterType.SUPPORTED_EXTENSIONS: bytes([192])}
    by_parameter = {ParameterType.FORWARD_TSN_SUPPORTED: b""}
    assert settle(CONFIG, init_with(), by_list).partial_reliability
    assert settle(CONFIG, init_with(), by_parameter).partial_reliability


def test_the_high_bits_of_unknown_parameters_decide():
    cookie = Tlv(ParameterType.STATE_COOKIE, b"cookie")
    skip, skip_report = Tlv(0x8123, b"a"), Tlv(0xC123, b"bb")
    stop, stop_report = Tlv(0x0123, b"c"), Tlv(0x4123, b"dd")
    assert known_parameters(init_with(skip, cookie)) == ({7: b"cookie"}, [])
    assert known_parameters(init_with(skip_report, cookie)) == (
        {7: b"cookie"},
        [encode_tlv(skip_report.type, skip_report.value)],
    )
    assert known_parameters(init_with(stop, cookie)) == ({}, [])
    assert known_parameters(init_with(stop_report, cookie)) == (
        {},
        [encode_tlv(stop_report.type, stop_report.value)],
    )


def test_addresses_are_known_and_ignored():
    known, report = known_parameters(
        init_with(Tlv(12, b"\0\5"), Tlv(5, bytes(4)), Tlv(0xC000, b""))
    )
    assert ParameterType.FORWARD_TSN_SUPPORTED in known
    assert report == []


def test_report_is_bounded():
    _, report = known_parameters(init_with(*[Tlv(0xC123, bytes(96))] * 50))
    assert sum(map(len, report)) <= MAX_REPORT_SIZE
    assert len(report) == 5
