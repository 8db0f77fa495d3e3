"""Any parameters survive DCEP, and any bytes decode or raise its one error."""

from hypothesis import given
from hypothesis import strategies as st

from frazil.datachannel.channel_set import ChannelSet
from frazil.datachannel.dcep import ACK, DcepDecodeError, DcepType, decode, encode_open
from frazil.datachannel.parameter import ChannelParameters
from frazil.trace import Trace

LIMITS = st.integers(0, 0xFFFFFFFF)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
PARAMETERS = st.builds(
    ChannelParameters,
    label=TEXTS,
    protocol=TEXTS,
    ordered=st.booleans(),
    priority=st.integers(0, 0xFFFF),
) | st.one_of(
    st.builds(ChannelParameters, ordered=st.booleans(), max_retransmits=LIMITS),
    st.builds(ChannelParameters, ordered=st.booleans(), max_packet_life_time_ms=LIMITS),
)
DCEP_BYTES = st.binary(max_size=40) | st.binary(max_size=40).map(lambda tail: b"\x03" + tail)


@given(PARAMETERS)
def test_parameters_survive_the_wire(parameters):
    assert decode(encode_open(parameters)) == parameters


@given(PARAMETERS, st.data())
def test_no_prefix_of_an_open_decodes(parameters, data):
    message = encode_open(parameters)
    size = data.draw(st.integers(0, len(message) - 1))
    try:
        decode(message[:size])
    except DcepDecodeError:
        return
    raise AssertionError("a message that is cut off was taken for a whole one")


@given(DCEP_BYTES)
def test_any_bytes_decode_or_raise_the_one_error(data):
    try:
        parameters = decode(data)
    except DcepDecodeError:
        return
    if parameters is None:
        assert data[0] == DcepType.ACK
    else:
        assert decode(encode_open(parameters)) == parameters


STREAMS = st.integers(0, 7)
PPIDS = st.sampled_from([50, 51, 53, 56, 57, 0, 99])
MESSAGES = st.sampled_from([ACK, encode_open(ChannelParameters(label="x")), b"\x03", b"hello"])
STEPS = st.one_of(
    st.tuples(st.just("receive"), STREAMS, PPIDS, MESSAGES),
    st.tuples(st.just("reset"), STREAMS, st.booleans()),
    st.tuples(st.just("failure"), STREAMS),
    st.tuples(st.just("open")),
    st.tuples(st.just("close"), STREAMS),
)


@given(st.lists(STEPS, max_size=40), st.booleans())
def test_no_sequence_of_inputs_breaks_a_channel_set(steps, is_client):
    channels = ChannelSet(is_client=is_client, trace=Trace())
    for name, *arguments in steps:
        match name:
            case "receive":
                channels.receive([tuple(arguments)], now=1.0)
            case "reset":
                channels.receive_reset(arguments[0], 1.0, by_remote=arguments[1])
            case "failure":
                channels.receive_reset_failure(arguments[0], 1.0)
            case "open":
                channels.open(ChannelParameters(), 1.0)
            case _:
                channels.close(arguments[0], 1.0)
        streams = [channel.stream_id for channel in channels.channels]
        assert len(set(streams)) == len(streams)
        # At most one reset per stream is asked for at a time: the closing one.
        resets = channels.poll_resets()
        assert len(resets) <= 1
    channels.end("Done.", 2.0)
    assert channels.channels == ()
