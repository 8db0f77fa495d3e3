"""Names to addresses, through the event loop."""

import asyncio
import socket

from frazil.address import canonical_ip
from frazil.types import Address


async def resolve(host: str, port: int) -> list[Address]:
    """The IPv4 and IPv6 addresses of ``host``, each once, in the resolver's order of preference.

    An IP literal needs no look-up and does not give up control.

    Raises:
        OSError: There is no such name, it is not a possible name, or it cannot be looked up.
    """
    try:
        return [(canonical_ip(host), port)]
    except ValueError:
        pass
    if not host:
        raise socket.gaierror(socket.EAI_NONAME, "an empty host name")
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except ValueError as error:  # an empty or overlong label: refused before anyone is asked
        raise socket.gaierror(socket.EAI_NONAME, f"{host!r} cannot be a host name") from error
    except RuntimeError as error:  # there can be no more threads, and it is done in one
        raise OSError(str(error)) from error
    return list(dict.fromkeys((canonical_ip(str(sockaddr[0])), port) for *_, sockaddr in found))
