"""Whatever comes from the link, multicast DNS decodes it or says that it cannot."""

from hypothesis import given
from hypothesis import strategies as st

from frazil.address import canonical_ip
from frazil.mdns import (
    MDNS_GROUP,
    AddressRecord,
    MdnsDecodeError,
    MdnsEndpoint,
    decode,
    encode_query,
    encode_response,
)
from frazil.trace import Trace

label = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=63)
names = label.map("{}.local".format)
addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str).map(canonical_ip)


@given(names, addresses, st.integers(0, 2**32 - 1))
def test_what_is_written_can_be_read(name, address, ttl_s):
    record = AddressRecord(name, address, ttl_s)
    assert decode(encode_response(record)).records == (record,)
    assert {each.name for each in decode(encode_query(name)).questions} == {name}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    try:
        message = decode(data)
    except MdnsDecodeError:
        return
    assert len(message.questions) + len(message.records) <= 128


WHOLE = [encode_query("a.local"), encode_response(AddressRecord("a.local", "10.0.0.1", 120))]
flips = st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255)), max_size=4)


@given(st.sampled_from(WHOLE), flips, st.integers(0, 100))
def test_a_damaged_message_hurts_nobody(whole, damage, length):
    damaged = bytearray(whole)
    for at, value in damage:
        damaged[at % len(whole)] = value
    endpoint = MdnsEndpoint(Trace())
    endpoint.look_up("a.local", 0.0)
    endpoint.publish("b.local", "10.0.0.1")
    endpoint.receive(bytes(damaged[:length]), MDNS_GROUP, 0.0)
    endpoint.handle_timeout(10.0)
    assert len(endpoint.poll_events()) == 1
