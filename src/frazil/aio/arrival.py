"""Whether a socket has something to read, told without a read."""

import socket
from typing import Final

_NOTHING: Final = bytes(4)

try:
    from fcntl import ioctl
    from termios import FIONREAD
except ImportError:  # Windows

    def is_empty(sock: socket.socket) -> bool:
        """Nobody can tell."""
        return False

else:

    def is_empty(sock: socket.socket) -> bool:
        """Whether the event loop will tell if there is anything.

        To read from an empty socket takes an exception, with a text that the system looks up, and
        several times as long. The answer is the size of the next datagram, and one may be empty.
        """
        size = bytearray(_NOTHING)  # what cannot be written to is refused first, by an exception
        ioctl(sock.fileno(), FIONREAD, size)
        return size == _NOTHING
