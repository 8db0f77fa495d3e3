"""What is given by the application, and where it calls from."""

import asyncio
from typing import Final, TypeVar

from frazil.aio.network import Network
from frazil.aio.system import SystemNetwork

T = TypeVar("T")

SYSTEM_NETWORK: Final = SystemNetwork()
"""The network of this machine."""


def running_loop(name: str) -> asyncio.AbstractEventLoop:
    """The event loop for a new object of the class ``name``.

    Raises:
        RuntimeError: None is running.
    """
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        text = f"no running event loop: make an {name} in a coroutine, with asyncio.run(main())"
        raise RuntimeError(text) from None


def require_thread_of(loop: asyncio.AbstractEventLoop, function: str) -> None:
    """Accept a call of ``function``, which belongs into ``loop``.

    Raises:
        RuntimeError: The loop runs in another thread.
    """
    if loop.is_running() and asyncio._get_running_loop() is not loop:
        text = f"call this in the thread of its event loop: loop.call_soon_threadsafe({function})"
        raise RuntimeError(text)


def given(name: str, value: T | None, default: T) -> T:
    """The argument ``name``, or its default if it is ``None``.

    Raises:
        TypeError: It is of another class than the default.
    """
    if value is None:
        return default
    if not isinstance(value, type(default)):
        raise TypeError(f"{name} must be of the class {type(default).__name__}, not {value!r}")
    return value


def given_network(network: Network | None) -> Network:
    """The network for a connection: that of this machine unless another one is given.

    Raises:
        TypeError: It is no network.
    """
    if network is None:
        return SYSTEM_NETWORK
    if not hasattr(network, "open_udp"):
        raise TypeError(
            f"network must be a network such as a SharedPort or a virtual host, not {network!r}; "
            "to choose among the interfaces of this machine, use IceOptions(interfaces=[...])"
        )
    return network
