"""An event loop that cannot watch sockets, where the system has none."""

import asyncio


class BlindLoop(asyncio.SelectorEventLoop):
    """Cannot watch sockets, like Windows' proactor loop."""

    def add_reader(self, fd, callback, *args):
        raise NotImplementedError

    def add_writer(self, fd, callback, *args):
        raise NotImplementedError
