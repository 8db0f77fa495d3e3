"""INIT chunks like others, but for some fields."""

from frazil.sctp.chunk import Init

FIELDS = (
    "tag",
    "receive_window",
    "outbound_streams",
    "inbound_streams",
    "initial_tsn",
    "parameters",
)


def changed(init: Init, **fields: object) -> Init:
    return Init(**dict(zip(FIELDS, init.as_tuple(), strict=True)) | fields)
