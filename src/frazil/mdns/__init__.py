"""Multicast DNS for host names (RFC 6762), sans-IO: as much as ICE needs of it."""

from frazil.mdns.endpoint import MDNS_GROUP, MdnsEndpoint
from frazil.mdns.message import (
    AddressRecord,
    MdnsDecodeError,
    MdnsMessage,
    Question,
    RecordType,
    decode,
    encode_query,
    encode_response,
    is_host_name,
)
from frazil.mdns.resolver import LookupEnded

__all__ = [
    "MDNS_GROUP",
    "AddressRecord",
    "LookupEnded",
    "MdnsDecodeError",
    "MdnsEndpoint",
    "MdnsMessage",
    "Question",
    "RecordType",
    "decode",
    "encode_query",
    "encode_response",
    "is_host_name",
]
