"""The checks of a pair on which both ends have settled, in both directions.

For as long as a connection lives, the same four messages go to and fro, and nothing follows from
them but that the clocks of the pair are set anew. Here they are recognised without the codec, and
taken without asking anybody. What is anything else, however little, is left to those who decide.
"""

from typing import Final

from frazil.ice.check import Check, CheckKind
from frazil.ice.check_table import CheckTable
from frazil.ice.exchange import Exchange, Sample
from frazil.ice.generation import Generation
from frazil.ice.monitor import Monitor
from frazil.ice.pair import PairKey
from frazil.ice.received_check import ReceivedCheck
from frazil.ice.selection import Selection
from frazil.stun import transaction_id_of
from frazil.trace import Trace
from frazil.types import Address, Transmit

MAX_SAMPLES: Final = 16
"""Pairs of which messages are kept until both ends have settled on one."""
_REQUEST: Final = b"\x00\x01"
_HEADER_SIZE: Final = 20


class Consent:
    """Asks the peer whether we may go on, and takes what follows as long as that is the usual."""

    __slots__ = (
        "_asked",
        "_exchange",
        "_monitor",
        "_received",
        "_renewed",
        "_samples",
        "_selection",
        "_table",
    )

    def __init__(self, table: CheckTable, selection: Selection, trace: Trace) -> None:
        self._table = table
        self._selection = selection
        self._asked = trace.routine("ice", "consent-check")
        self._renewed = trace.routine("ice", "consent-renewed")
        self._received = trace.routine("ice", "check-received")
        self._monitor: Monitor | None = None
        self._exchange: Exchange | None = None
        self._samples: dict[PairKey, Sample] = {}

    def settle(self, *, settled: bool) -> None:
        """Say whether anything about the pair in use is left to decide.

        To be said anew whenever more than its clocks may have changed.
        """
        monitor, generation = self._selection.monitor, self._selection.generation
        if not settled or generation is None:
            self._exchange = None
        elif monitor is not None and (self._exchange is None or monitor is not self._monitor):
            self._exchange = Exchange(generation, self._samples.get(monitor.key))
            self._samples = {}
        self._monitor = monitor

    def forget(self) -> None:
        """Whatever was usual is not any more: the roles have changed."""
        self._exchange = None
        self._samples = {}

    def ask(self, monitor: Monitor, generation: Generation, now: float) -> None:
        """Send a check on the pair in use, of ``generation``."""
        table = self._table
        exchange = self._exchange if monitor is self._monitor else None
        if exchange is None:
            table.start(monitor.pair, generation, CheckKind.CONSENT, now)
        elif not table.send_again(exchange.check, exchange.request, now):
            check = table.start(monitor.pair, generation, CheckKind.CONSENT, now)
            exchange.learn_check(check)
        self._asked.record(now, monitor.pair.text, monitor.unanswered + 1)
        monitor.note_check(now)

    def ask_if_due(self, now: float) -> bool:
        """Send the next check of a settled pair that answers, if it is time.

        Returns:
            Whether that was all there is to do about the pair.
        """
        monitor, generation = self._selection.monitor, self._selection.generation
        if self._exchange is None or monitor is not self._monitor:
            return False
        if monitor is None or generation is None:
            return False
        if monitor.unanswered or not monitor.is_alive or now >= monitor.consent_expires_at:
            return False
        if now >= monitor.next_check_at:
            self.ask(monitor, generation, now)
        return True

    # --- what is usual ------------------------------------------------------------------------

    def learn_answer(self, check: Check, data: bytes) -> None:
        """The peer has answered ``check`` like this."""
        if self._exchange is None:
            if sample := self._sample_of(check.pair.key):
                sample.answer = data
        elif self._exchange.check is check:
            self._exchange.learn_answer(data)

    def learn_question(self, check: ReceivedCheck, data: bytes, reply: bytes) -> None:
        """The peer has asked like this, and was answered with ``reply``."""
        monitor, exchange, key = self._monitor, self._exchange, (check.local, check.remote)
        if check.nomination is not None:
            return
        if exchange is None:
            if sample := self._sample_of(key):
                sample.question, sample.reply = data, reply
        elif monitor is not None and monitor.key == key:
            exchange.learn_question(data, reply)

    def _sample_of(self, key: PairKey) -> Sample | None:
        """Where to keep a message on this pair; ``None`` if there are too many pairs."""
        sample = self._samples.get(key)
        if sample is None and len(self._samples) < MAX_SAMPLES:
            sample = self._samples[key] = Sample()
        return sample

    # --- what arrives -------------------------------------------------------------------------

    def take(self, data: bytes, local: Address, remote: Address, now: float) -> bool:
        """Take a message, if it is the usual one.

        Returns:
            Whether it was. If not, nothing has happened.
        """
        monitor, exchange = self._selection.monitor, self._exchange
        if exchange is None or monitor is None or monitor is not self._monitor:
            return False
        if monitor.unanswered > 1 or not monitor.is_alive or monitor.key != (local, remote):
            return False
        if exchange.sample is not None:
            exchange.adopt(exchange.sample)
        if len(data) < _HEADER_SIZE:
            return False
        if data[:2] == _REQUEST:
            reply = exchange.reply_to(data)
            if reply is None:
                return False
            self._take_request(monitor, now)
            self._table.transmits.append(Transmit(reply, len(reply), local, remote))
            return True
        check = self._table.find(transaction_id_of(data))
        if check is None or check is not exchange.check or not exchange.is_answer(data):
            return False
        self._table.remove(check)
        self._renew(monitor, check, now)
        return True

    def _renew(self, monitor: Monitor, check: Check, now: float) -> None:
        """A check on the pair in use has succeeded; it was sent once."""
        pair, rtt_s = monitor.pair, now - check.transaction.started_at
        pair.responses_received += 1
        pair.note_success(rtt_s, rtt_s, now)
        monitor.note_response(now)
        self._renewed.record(now, pair.text, rtt_s)

    def _take_request(self, monitor: Monitor, now: float) -> None:
        pair = monitor.pair
        pair.requests_received += 1
        pair.responses_sent += 1
        monitor.note_request(now)
        self._received.record(now, pair.text, None)
