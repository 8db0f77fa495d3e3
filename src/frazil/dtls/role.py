"""Which side of the handshake an endpoint plays."""

from enum import StrEnum


class DtlsRole(StrEnum):
    """The two sides of a handshake; SDP calls them ``active`` and ``passive`` (RFC 8842 5.3)."""

    CLIENT = "client"
    SERVER = "server"
