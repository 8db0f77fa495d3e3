"""frazil with the socket buffers that Linux grants if nobody has raised ``net.core.rmem_max``."""

from stack_frazil import VERSION, make_peer, run

from frazil.aio import udp

__all__ = ["VERSION", "make_peer", "run"]

LINUX_DEFAULT = 212_992

udp.KERNEL_BUFFER_SIZE = LINUX_DEFAULT  # type: ignore[misc]
