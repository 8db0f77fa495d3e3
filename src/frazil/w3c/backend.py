"""What works behind an ``RTCPeerConnection``."""

import asyncio
from typing import Any

from frazil.aio.clock import clock_of
from frazil.aio.driver import Driver
from frazil.aio.ice_option import IceOptions
from frazil.aio.network import Network
from frazil.aio.pulse import Pulse
from frazil.aio.recording_file import RecordingFile
from frazil.peer.connection import PeerConnection
from frazil.w3c.argument import require_thread_of
from frazil.w3c.call_log import CallLog
from frazil.w3c.progress import Progress
from frazil.w3c.promise_set import PromiseSet
from frazil.w3c.registry import Registry
from frazil.w3c.target import EventTarget
from frazil.w3c.warning_log import WarningLog


class Backend:
    """Runs a core in the running event loop and ends everything that belongs to it together.

    Args:
        connection: The public object, whose listeners hear of the core.
        tasks: Where the tasks of coroutine listeners are kept.
        peer: The core.
        recording: The file in which it is recorded, if it is.
        network: Where its sockets are opened.
        options: How candidates are gathered.
        number: What the log calls the connection.

    Attributes:
        calls: Records what the application asks for.
        driver: Connects the core with the network and the loop.
        progress: Waits for states.
        promises: The futures of operations.
        public: The public objects of all that belongs to the connection.
        recording: The file, if there is one.
    """

    __slots__ = (
        "_closing",
        "_loop",
        "_peer",
        "_pulse",
        "_warnings",
        "calls",
        "driver",
        "progress",
        "promises",
        "public",
        "recording",
    )

    def __init__(
        self,
        connection: EventTarget,
        tasks: "set[asyncio.Task[Any]]",
        peer: PeerConnection,
        recording: RecordingFile | None,
        network: Network,
        options: IceOptions,
        number: int,
    ) -> None:
        self._loop = loop = asyncio.get_running_loop()
        self._peer = peer
        self._pulse = pulse = Pulse()
        self._warnings = WarningLog(peer.trace, loop, number)
        self.progress = Progress(peer, pulse, loop)
        self.public = public = Registry(peer, connection, tasks, self.progress, self._warnings)
        self.driver = Driver(peer, network, public.dispatch, public.after_task, options=options)
        public.wake = self.driver.wake
        self.calls = CallLog(peer.trace, clock_of(loop))
        self.promises = PromiseSet(self.driver, loop)
        self.recording = recording
        self._closing: asyncio.Future[None] | None = None
        self.calls.configured(peer.configuration)
        if peer.configuration.ice_candidate_pool_size > 0:
            peer.transports.fill_pool(self.driver.wake())

    def close(self) -> "asyncio.Future[None]":
        """Close the core at once and silently, and let go of everything.

        Returns:
            Done when sockets, timers and tasks are gone.

        Raises:
            RuntimeError: This is another thread than that of the event loop; nothing happened.
        """
        if self._closing is None:
            require_thread_of(self._loop, "pc.close")
            self.calls.called("close")
            self._peer.close(self._loop.time())
            self._closing = self.driver.close()
            if self.recording is not None:
                self.recording.close()
            if not self._loop.is_closed():  # else nobody waits any more
                self.promises.abandon()
                for channel in self.public.channels():
                    channel._end()
                self._pulse.beat()
            self.public.release()
            self._warnings.close()
        return asyncio.shield(self._closing)
