"""The attributes that ICE, TURN and RFC 5780 use: number, name and layout."""

from enum import IntEnum
from typing import Final

from frazil.stun import codec
from frazil.stun.codec import Codec


class Attribute(IntEnum):
    """An attribute by its name in the IANA registry; below 0x8000 a receiver must know it."""

    MAPPED_ADDRESS = 0x0001
    CHANGE_REQUEST = 0x0003
    USERNAME = 0x0006
    MESSAGE_INTEGRITY = 0x0008
    ERROR_CODE = 0x0009
    UNKNOWN_ATTRIBUTES = 0x000A
    CHANNEL_NUMBER = 0x000C
    LIFETIME = 0x000D
    XOR_PEER_ADDRESS = 0x0012
    DATA = 0x0013
    REALM = 0x0014
    NONCE = 0x0015
    XOR_RELAYED_ADDRESS = 0x0016
    REQUESTED_ADDRESS_FAMILY = 0x0017
    EVEN_PORT = 0x0018
    REQUESTED_TRANSPORT = 0x0019
    DONT_FRAGMENT = 0x001A
    MESSAGE_INTEGRITY_SHA256 = 0x001C
    PASSWORD_ALGORITHM = 0x001D
    USERHASH = 0x001E
    XOR_MAPPED_ADDRESS = 0x0020
    RESERVATION_TOKEN = 0x0022
    PRIORITY = 0x0024
    USE_CANDIDATE = 0x0025
    PADDING = 0x0026
    RESPONSE_PORT = 0x0027
    CONNECTION_ID = 0x002A
    ADDITIONAL_ADDRESS_FAMILY = 0x8000
    ADDRESS_ERROR_CODE = 0x8001
    PASSWORD_ALGORITHMS = 0x8002
    ALTERNATE_DOMAIN = 0x8003
    ICMP = 0x8004
    SOFTWARE = 0x8022
    ALTERNATE_SERVER = 0x8023
    FINGERPRINT = 0x8028
    ICE_CONTROLLED = 0x8029
    ICE_CONTROLLING = 0x802A
    RESPONSE_ORIGIN = 0x802B
    OTHER_ADDRESS = 0x802C
    NOMINATION = 0xC001
    """The count of nominations so far (draft-thatcher-ice-renomination, number of libwebrtc)."""
    NETWORK_INFO = 0xC057
    """libwebrtc: the network's id in the upper 16 bits, its cost in the lower."""


CODECS: Final[dict[Attribute, Codec]] = {
    Attribute.MAPPED_ADDRESS: codec.ADDRESS,
    Attribute.CHANGE_REQUEST: codec.UINT32,
    Attribute.USERNAME: codec.TEXT,
    Attribute.ERROR_CODE: codec.ERROR,
    Attribute.UNKNOWN_ATTRIBUTES: codec.NUMBERS,
    Attribute.CHANNEL_NUMBER: codec.UINT16_RESERVED16,
    Attribute.LIFETIME: codec.UINT32,
    Attribute.XOR_PEER_ADDRESS: codec.XOR_ADDRESS,
    Attribute.DATA: codec.OPAQUE,
    Attribute.REALM: codec.TEXT,
    Attribute.NONCE: codec.TEXT,
    Attribute.XOR_RELAYED_ADDRESS: codec.XOR_ADDRESS,
    Attribute.REQUESTED_ADDRESS_FAMILY: codec.UINT8_RESERVED24,
    Attribute.EVEN_PORT: codec.EVEN_PORT,
    Attribute.REQUESTED_TRANSPORT: codec.UINT8_RESERVED24,
    Attribute.DONT_FRAGMENT: codec.FLAG,
    Attribute.PASSWORD_ALGORITHM: codec.ALGORITHM,
    Attribute.USERHASH: codec.OPAQUE,
    Attribute.XOR_MAPPED_ADDRESS: codec.XOR_ADDRESS,
    Attribute.RESERVATION_TOKEN: codec.OPAQUE,
    Attribute.PRIORITY: codec.UINT32,
    Attribute.USE_CANDIDATE: codec.FLAG,
    Attribute.PADDING: codec.OPAQUE,
    Attribute.RESPONSE_PORT: codec.UINT16,
    Attribute.CONNECTION_ID: codec.UINT32,
    Attribute.ADDITIONAL_ADDRESS_FAMILY: codec.UINT8_RESERVED24,
    Attribute.ADDRESS_ERROR_CODE: codec.ADDRESS_ERROR,
    Attribute.PASSWORD_ALGORITHMS: codec.ALGORITHMS,
    Attribute.ALTERNATE_DOMAIN: codec.TEXT,
    Attribute.ICMP: codec.ICMP,
    Attribute.SOFTWARE: codec.REMARK,
    Attribute.ALTERNATE_SERVER: codec.ADDRESS,
    Attribute.ICE_CONTROLLED: codec.UINT64,
    Attribute.ICE_CONTROLLING: codec.UINT64,
    Attribute.RESPONSE_ORIGIN: codec.ADDRESS,
    Attribute.OTHER_ADDRESS: codec.ADDRESS,
    Attribute.NOMINATION: codec.UINT32,
    Attribute.NETWORK_INFO: codec.UINT32,
}
"""The layout of every attribute but the three that :class:`frazil.stun.Message` itself computes:
MESSAGE-INTEGRITY, MESSAGE-INTEGRITY-SHA256 and FINGERPRINT.
"""
