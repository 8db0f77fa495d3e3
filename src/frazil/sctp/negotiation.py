"""What INIT and INIT ACK offer, and what follows from the peer's (RFC 9260 section 5.1)."""

from collections.abc import Sequence
from typing import Final

from frazil.sctp.chunk import ChunkType, Init, ParameterType
from frazil.sctp.config import SctpConfig
from frazil.sctp.cookie import Peer
from frazil.sctp.tlv import Tlv, encode_tlv

MAX_REPORT_SIZE: Final = 512
"""At most this many bytes of parameters we did not understand are sent back."""

_REPORT: Final = 0x4000
_SKIP: Final = 0x8000
_KNOWN_PARAMETERS: Final = frozenset(ParameterType)


def own_init(
    config: SctpConfig, tag: int, initial_tsn: int, parameters: Sequence[Tlv] = ()
) -> Init:
    """The body of our INIT, or INIT ACK with further parameters. No addresses: RFC 8261."""
    extensions = [ChunkType.RE_CONFIG, ChunkType.FORWARD_TSN]
    if config.interleaving:
        extensions += [ChunkType.I_DATA, ChunkType.I_FORWARD_TSN]
    return Init(
        tag,
        config.receive_window,
        config.outbound_streams,
        config.inbound_streams,
        initial_tsn,
        (
            *parameters,
            Tlv(ParameterType.FORWARD_TSN_SUPPORTED, b""),
            Tlv(ParameterType.SUPPORTED_EXTENSIONS, bytes(extensions)),
        ),
    )


def known_parameters(init: Init) -> tuple[dict[int, bytes], list[bytes]]:
    """The parameters we understand by type, and the encoded ones the peer wants to hear about.

    The highest bits of an unknown type decide (RFC 9260 section 3.2.1).
    """
    known: dict[int, bytes] = {}
    report: list[bytes] = []
    size = 0
    for item in init.parameters:
        if item.type in _KNOWN_PARAMETERS:
            known[item.type] = item.value
            continue
        if item.type & _REPORT:
            unknown = encode_tlv(item.type, item.value)
            size += len(unknown)
            if size <= MAX_REPORT_SIZE:
                report.append(unknown)
        if not item.type & _SKIP:
            break
    return known, report


def settle(config: SctpConfig, init: Init, known: dict[int, bytes]) -> Peer:
    """What holds between us and the sender of this INIT or INIT ACK."""
    extensions = known.get(ParameterType.SUPPORTED_EXTENSIONS, b"")
    return Peer(
        tag=init.tag,
        initial_tsn=init.initial_tsn,
        receive_window=init.receive_window,
        outbound_streams=min(config.outbound_streams, init.inbound_streams),
        inbound_streams=min(config.inbound_streams, init.outbound_streams),
        partial_reliability=ParameterType.FORWARD_TSN_SUPPORTED in known
        or ChunkType.FORWARD_TSN in extensions,
        reconfiguration=ChunkType.RE_CONFIG in extensions,
        interleaving=config.interleaving and ChunkType.I_DATA in extensions,
    )
