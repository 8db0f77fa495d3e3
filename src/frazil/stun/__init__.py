"""STUN: message codec, integrity and the client transaction (RFC 8489, 5780)."""

from frazil.stun.attribute import Attribute
from frazil.stun.codec import AddressErrorCode, AlgorithmChoice, ErrorCode, IcmpError
from frazil.stun.credential import (
    PasswordAlgorithm,
    keyed_mac,
    long_term_key,
    short_term_key,
    user_hash,
)
from frazil.stun.glance import checked_ufrag, class_of, transaction_id_of
from frazil.stun.message import (
    MAX_ATTRIBUTES,
    MAX_MESSAGE_SIZE,
    Message,
    MessageClass,
    Method,
    StunDecodeError,
    is_stun,
)
from frazil.stun.template import Template
from frazil.stun.transaction import Transaction, TransactionStep, new_transaction_id

__all__ = [
    "MAX_ATTRIBUTES",
    "MAX_MESSAGE_SIZE",
    "AddressErrorCode",
    "AlgorithmChoice",
    "Attribute",
    "ErrorCode",
    "IcmpError",
    "Message",
    "MessageClass",
    "Method",
    "PasswordAlgorithm",
    "StunDecodeError",
    "Template",
    "Transaction",
    "TransactionStep",
    "checked_ufrag",
    "class_of",
    "is_stun",
    "keyed_mac",
    "long_term_key",
    "new_transaction_id",
    "short_term_key",
    "transaction_id_of",
    "user_hash",
]
