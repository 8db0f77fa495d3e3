"""What anybody can forge who knows the addresses does not displace the trace."""

from support.dtls_pair import SERVER, DtlsPair

FORGED = b"\x14\xfe\xfd" + bytes(10)
"""An empty ChangeCipherSpec in plaintext."""


def events(trace):
    return [record.event for record in trace.records]


def test_during_the_handshake_it_is_counted_by_one_record():
    pair = DtlsPair()
    pair.start()
    trace = pair.traces[SERVER]
    before = events(trace)
    for number in range(1000):
        pair.server.receive([FORGED * (1 + number % 100)], pair.now)
    assert events(trace) == [*before, "flight-received"]
    record = trace.records[-1]
    assert record.facts == {"type": "change_cipher_spec", "records": 100, "size": 1300}
    assert record.count == 1000


def test_later_it_is_not_recorded_but_counted():
    pair = DtlsPair().connect()
    trace = pair.traces[SERVER]
    before = events(trace)
    for datagram in [FORGED, b"\x15" + FORGED[1:]] * 500:
        pair.server.receive([datagram], pair.now)
    assert events(trace) == before
    assert trace.counters == {"dtls-handshake-late": 1000}
