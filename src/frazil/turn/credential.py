"""Credentials that expire, for servers that share a secret with whoever hands them out."""

import base64
import hashlib
import hmac
from typing import NamedTuple


class RestCredentials(NamedTuple):
    """A username and password that a server accepts until some instant."""

    username: str
    password: str


def rest_credentials(secret: str, name: str, expires_at: int) -> RestCredentials:
    """Credentials that coturn's ``use-auth-secret`` accepts until ``expires_at``.

    The scheme of draft-uberti-behave-turn-rest: the username holds the expiry, the password is its
    MAC. Let them last as long as the longest call if you can. If not, give fresh ones to
    ``setConfiguration`` before they end. Relays in use go over to those when the server refuses the
    old ones; a server that ties an allocation to its username makes that another relay, whose
    candidate has to be signalled.

    Args:
        secret: What the server has as ``static-auth-secret``.
        name: Whoever they are for, for the logs of the server; may be empty.
        expires_at: In seconds since 1970, not on a monotonic clock: the server compares it with
            its own wall clock.

    Raises:
        TypeError: The secret or the name is no string, or ``expires_at`` no whole number.
        ValueError: The secret is empty.
    """
    for argument, value in ("secret", secret), ("name", name):
        if not isinstance(value, str):
            raise TypeError(f"{argument} must be a string, not {value!r}")
    if not isinstance(expires_at, int):
        raise TypeError(
            f"expires_at must be an int such as int(time.time()) + 3600, not {expires_at!r}"
        )
    if not secret:
        raise ValueError("the secret is empty")
    username = f"{expires_at}:{name}" if name else str(expires_at)
    mac = hmac.digest(secret.encode(), username.encode(), hashlib.sha1)
    return RestCredentials(username, base64.b64encode(mac).decode())
