"""DTLS: the encrypted, authenticated channel under everything else (RFC 6347, RFC 8122)."""

from frazil.dtls.certificate import Certificate, KeyKind
from frazil.dtls.config import DtlsConfig
from frazil.dtls.endpoint import DtlsEndpoint
from frazil.dtls.engine import AssociationBrokenError, CloseNotifyReceived, Engine, EngineFactory
from frazil.dtls.event import DtlsEvent, DtlsFailure, DtlsStateChanged
from frazil.dtls.fingerprint import Fingerprint, fingerprint_of
from frazil.dtls.openssl import OpenSslEngine
from frazil.dtls.record import MAX_RECORD_OVERHEAD
from frazil.dtls.role import DtlsRole
from frazil.dtls.witness import Witness

__all__ = [
    "MAX_RECORD_OVERHEAD",
    "AssociationBrokenError",
    "Certificate",
    "CloseNotifyReceived",
    "DtlsConfig",
    "DtlsEndpoint",
    "DtlsEvent",
    "DtlsFailure",
    "DtlsRole",
    "DtlsStateChanged",
    "Engine",
    "EngineFactory",
    "Fingerprint",
    "KeyKind",
    "OpenSslEngine",
    "Witness",
    "fingerprint_of",
]
