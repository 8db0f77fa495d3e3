"""How much of the remote endpoint a NAT looks at."""

from enum import StrEnum
from typing import TypeAlias

from frazil.types import Address

RemotePart: TypeAlias = tuple[str | int, ...]
"""Nothing of a remote address, or its IP address, or that and the port."""


class Dependence(StrEnum):
    """What a mapping (RFC 4787, 4.1) or a filter (RFC 4787, 5) tells remote endpoints apart by.

    In a mapping: endpoints that are alike to it see one inside socket at the same public port.
    In a filter: whoever is like an endpoint that was written to may write back.
    """

    ENDPOINT_INDEPENDENT = "endpoint-independent"
    ADDRESS_DEPENDENT = "address-dependent"
    ADDRESS_AND_PORT_DEPENDENT = "address-and-port-dependent"

    def part(self, remote: Address) -> RemotePart:
        """What it sees of ``remote``: equal for endpoints that are alike to it."""
        match self:
            case Dependence.ENDPOINT_INDEPENDENT:
                return ()
            case Dependence.ADDRESS_DEPENDENT:
                return remote[:1]
            case Dependence.ADDRESS_AND_PORT_DEPENDENT:
                return remote
