"""What statistics show of a transport."""

from frazil.compiled import mypyc_attr
from frazil.ice import CandidatePair, Generation, Traffic
from frazil.value import Value


@mypyc_attr(acyclic=True)
class SessionSurvey(Value):
    """The objects that count, and what was negotiated. The counters go on; read them at once.

    Attributes:
        traffic: What the transport carried, on all its pairs.
        generations: The ICE generations that matter: the newest, the one whose checks run, the one
            in use.
        pair_in_use: The pair that carries data.
        pair_changes: How often ``pair_in_use`` became another one, or none.
        tls_version: Four hexadecimal digits, while DTLS is connected.
        cipher: The IANA name of the cipher suite, while DTLS is connected.
    """

    __slots__ = (
        "cipher",
        "generations",
        "pair_changes",
        "pair_in_use",
        "tls_version",
        "traffic",
    )

    def __init__(
        self,
        traffic: Traffic,
        generations: tuple[Generation, ...],
        pair_in_use: CandidatePair | None,
        pair_changes: int,
        tls_version: str | None,
        cipher: str | None,
    ) -> None:
        self.traffic = traffic
        self.generations = generations
        self.pair_in_use = pair_in_use
        self.pair_changes = pair_changes
        self.tls_version = tls_version
        self.cipher = cipher

    def as_tuple(self) -> tuple[object, ...]:
        """Traffic, generations, pair in use and its changes, and what DTLS negotiated."""
        return (
            self.traffic,
            self.generations,
            self.pair_in_use,
            self.pair_changes,
            self.tls_version,
            self.cipher,
        )
