"""The places of relays that are lost, or elsewhere, until others have taken them."""

from typing import Final

from frazil.deadline import earlier
from frazil.session.event import RelayStreamReleased, RelayStreamRequested
from frazil.session.relay_origin import RelayOrigin
from frazil.trace import Trace
from frazil.turn import TurnConfig
from frazil.types import Address

MAX_ATTEMPTS: Final = 16
"""How often a lost relay is asked for again. With the waits between them that is longer than a
server keeps an allocation which only it still knows of, and which blocks our address."""
LONGEST_WAIT_S: Final = 60.0
"""Between two attempts; the first is made at once, the second after a second, then twice as long
each time."""
STEADY_S: Final = 60.0
"""A relay that lasted so long is worth another at once when it is lost."""


class Vacancy:
    """What is to be asked for, and when.

    Attributes:
        ip: The address of this host to come from.
        server: The address of the server.
        config: How to ask it.
        origins: The servers of the configuration that led here, by URL.
        attempt: Which attempt to replace a lost relay it is; 0 if none is missing.
        domain: The name in the server's certificate, if it is not that in the URL.
        due_at: When to ask; ``None`` while a stream is being opened.
    """

    __slots__ = ("attempt", "config", "domain", "due_at", "ip", "origins", "server")

    def __init__(
        self,
        ip: str,
        server: Address,
        config: TurnConfig,
        origins: dict[str, RelayOrigin],
        attempt: int,
        domain: str | None = None,
    ) -> None:
        self.ip = ip
        self.server = server
        self.config = config
        self.origins = origins
        self.attempt = attempt
        self.domain = domain
        self.due_at: float | None = None

    @property
    def wait_s(self) -> float:
        """How long after the loss, or the attempt before, to ask.

        A server that another one names is asked at once.
        """
        if self.attempt < 2 or not self.config.accepts_redirect:
            return 0.0
        return min(LONGEST_WAIT_S, 2.0 ** (self.attempt - 2))


class VacancyTable:
    """All vacancies of one transport.

    Attributes:
        requests: The streams that are wanted, and those that are not any more; the caller empties
            it.
    """

    __slots__ = ("_items", "_made", "_trace", "requests")

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._items: dict[int, Vacancy] = {}
        self._made = 0
        self.requests: list[RelayStreamRequested | RelayStreamReleased] = []

    @property
    def items(self) -> list[Vacancy]:
        """All of them."""
        return list(self._items.values())

    def awaits(self, url: str) -> bool:
        """Whether gathering waits for a relay for ``url`` here: for what is asked for at once."""
        return any(url in each.origins and not each.wait_s for each in self._items.values())

    def add(self, vacancy: Vacancy, now: float) -> None:
        """Ask in due time: :meth:`due` tells."""
        self._made += 1
        vacancy.due_at = now + vacancy.wait_s
        self._items[self._made] = vacancy
        self._trace.record(
            now,
            "turn",
            "replacement",
            server=vacancy.server[0],
            attempt=vacancy.attempt,
            due_at=vacancy.due_at,
        )

    def take(self, number: int) -> Vacancy | None:
        """Forget and return the one whose request has this number, if it is still there."""
        return self._items.pop(number, None)

    def leave(self, ip: str) -> None:
        """Forget what is to be asked for from ``ip``."""
        self._items = {number: each for number, each in self._items.items() if each.ip != ip}
        self.requests[:] = [
            each
            for each in self.requests
            if not isinstance(each, RelayStreamRequested) or each.ip != ip
        ]

    def clear(self) -> None:
        """Forget all."""
        self._items.clear()
        self.requests.clear()

    def next_timeout(self) -> float | None:
        """When the next one is due."""
        earliest: float | None = None
        for each in self._items.values():
            earliest = earlier(earliest, each.due_at)
        return earliest

    def due(self, now: float) -> list[Vacancy]:
        """Those to be asked for now, which are forgotten; for others a stream is requested."""
        ready = []
        for number, vacancy in list(self._items.items()):
            if vacancy.due_at is None or now < vacancy.due_at:
                continue
            if vacancy.config.is_reliable:
                vacancy.due_at = None
                url = next(iter(vacancy.origins))
                self.requests.append(
                    RelayStreamRequested(number, url, vacancy.ip, vacancy.server, vacancy.domain)
                )
            else:
                del self._items[number]
                ready.append(vacancy)
        return ready
