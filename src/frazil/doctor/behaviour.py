"""How a NAT behaves, in the words of RFC 4787 and in the popular ones."""

from enum import StrEnum


class Behaviour(StrEnum):
    """What a mapping (RFC 4787 4.1) or a filter (RFC 4787 5) depends on."""

    ENDPOINT_INDEPENDENT = "endpoint-independent"
    ADDRESS_DEPENDENT = "address-dependent"
    ADDRESS_AND_PORT_DEPENDENT = "address-and-port-dependent"


_CONES = {
    Behaviour.ENDPOINT_INDEPENDENT: "full cone",
    Behaviour.ADDRESS_DEPENDENT: "address-restricted cone",
    Behaviour.ADDRESS_AND_PORT_DEPENDENT: "port-restricted cone",
}


def popular_name(mapping: Behaviour, filtering: Behaviour | None) -> str:
    """What people call such a NAT (RFC 3489 5); ``"cone"`` if nothing is known of the filter."""
    if mapping is not Behaviour.ENDPOINT_INDEPENDENT:
        return "symmetric"
    return _CONES[filtering] if filtering is not None else "cone"
