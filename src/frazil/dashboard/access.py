"""Who may look: whoever knows the token, through a name of this machine that is expected."""

import secrets
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

from frazil.dashboard.http import HttpError

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Names under which a page on this machine may be asked for."""
MIN_TOKEN: Final = 16
"""Characters of a token that somebody chose."""


class Access:
    """Decides on requests.

    The token is the first part of the path, so no cookie goes to other ports of this machine, and
    no other site can use one. A name that is not expected, in ``Host`` or ``Origin``, is that of a
    site which made its own name lead here (DNS rebinding).

    Args:
        token: The secret; a new one, unless given.
        hosts: Names besides those of the loopback interface, without a port.

    Attributes:
        token: The secret.

    Raises:
        TypeError: ``hosts`` is one text.
        ValueError: The token is too short, or has characters besides letters, digits, - and _; or a
            host has more than a name.
    """

    def __init__(self, token: str | None = None, hosts: Iterable[str] = ()) -> None:
        self.token = secrets.token_urlsafe(16) if token is None else token
        if len(self.token) < MIN_TOKEN:
            raise ValueError(f"a token has at least {MIN_TOKEN} characters")
        if not self.token.isascii() or not self.token.replace("-", "").replace("_", "").isalnum():
            raise ValueError("a token has letters, digits, - and _ only")
        if isinstance(hosts, str):
            raise TypeError(f"hosts must be a list of names such as [{hosts!r}], not {hosts!r}")
        names = {each: _name_of(each) for each in hosts}
        for each, name in names.items():
            if "/" in each or name != each.lower():
                raise ValueError(
                    f"{each!r} is no name of a host; leave out the scheme and the port, "
                    "and put an IPv6 address in brackets"
                )
        self._hosts = LOOPBACK | frozenset(names.values())

    def admit(self, path: str, headers: Mapping[str, str]) -> str:
        """What a request is about, below the token.

        Args:
            path: From the place on where the dashboard is mounted.
            headers: By name in lower case.

        Raises:
            HttpError: It may not ask.
        """
        if _name_of(headers.get("host", "")) not in self._hosts:
            raise HttpError(HTTPStatus.FORBIDDEN)
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2].lower() != headers["host"].lower():
            raise HttpError(HTTPStatus.FORBIDDEN)
        token, slash, name = path.removeprefix("/").partition("/")
        given = token.encode("utf-8", "surrogatepass")
        if not secrets.compare_digest(given, self.token.encode()) or not slash:
            raise HttpError(HTTPStatus.NOT_FOUND)
        return name


def _name_of(host: str) -> str:
    """A ``Host`` header without its port."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()
