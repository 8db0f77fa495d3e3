"""The four messages that two ends exchange for as long as a pair is in use, as templates."""

from cryptography.hazmat.primitives.hmac import HMAC

from frazil.compiled import mypyc_attr
from frazil.ice.check import Check
from frazil.ice.generation import Generation
from frazil.stun import Template, keyed_mac, transaction_id_of


@mypyc_attr(acyclic=True)
class Sample:
    """What came on a pair last before both ends settled on it.

    Attributes:
        question: A check of the peer.
        reply: What we said to it.
        answer: What the peer said to a check of ours.
    """

    __slots__ = ("answer", "question", "reply")

    def __init__(self) -> None:
        self.question: bytes | None = None
        self.reply: bytes | None = None
        self.answer: bytes | None = None


@mypyc_attr(acyclic=True)
class Exchange:
    """What was sent and received on the pair in use last; the next messages are most likely alike.

    Attributes:
        check: Our latest consent check, if its like may be sent again.
        request: That check.
        sample: Messages that were not looked at yet; see :meth:`adopt`.
    """

    __slots__ = (
        "_answer",
        "_generation",
        "_our_mac",
        "_question",
        "_reply",
        "_their_mac",
        "check",
        "request",
        "sample",
    )

    def __init__(self, generation: Generation, sample: Sample | None) -> None:
        """Know nothing yet of the messages with the credentials of ``generation`` but ``sample``.

        That may be of other credentials, and is of no use then.
        """
        self._generation = generation
        self.sample = sample
        self._our_mac: HMAC | None = None
        self._their_mac: HMAC | None = None
        self._answer: Template | None = None
        self._question: Template | None = None
        self._reply: Template | None = None
        self.check: Check | None = None
        self.request: Template | None = None

    def adopt(self, sample: Sample) -> None:
        """Take the sample for what is usual; whoever closes before has not paid for it."""
        self.sample = None
        if sample.answer is not None:
            self.learn_answer(sample.answer)
        if sample.question is not None and sample.reply is not None:
            self.learn_question(sample.question, sample.reply)

    # --- our checks ---------------------------------------------------------------------------

    def learn_check(self, check: Check) -> None:
        """A check was sent; one that nominates says something new each time."""
        mac = self._theirs()
        if mac is not None and not check.nomination:
            self.check = check
            self.request = Template.of(check.data, mac)

    def learn_answer(self, data: bytes) -> None:
        """This is how the peer answers."""
        mac = self._theirs()
        if mac is not None:
            self._answer = Template.of(data, mac)

    def is_answer(self, data: bytes) -> bool:
        """Whether ``data`` says what the latest answer said, authentically."""
        return self._answer is not None and self._answer.matches(data)

    # --- checks of the peer -------------------------------------------------------------------

    def learn_question(self, data: bytes, reply: bytes) -> None:
        """This is how the peer asks, and what we say."""
        local = self._generation.local
        if local is None:
            return
        if self._our_mac is None:
            self._our_mac = keyed_mac(local.key)
        self._question = Template.of(data, self._our_mac)
        self._reply = Template.of(reply, self._our_mac)

    def reply_to(self, data: bytes) -> bytes | None:
        """What to say if ``data`` asks what was asked last, authentically; else ``None``."""
        question, reply = self._question, self._reply
        if question is None or reply is None or not question.matches(data):
            return None
        return reply.encode(transaction_id_of(data))

    def _theirs(self) -> HMAC | None:
        remote = self._generation.remote
        if self._their_mac is None and remote is not None:
            self._their_mac = keyed_mac(remote.key)
        return self._their_mac
