"""What statistics show of a transport."""

from typing import NamedTuple

from frazil.ice import CandidatePair, Generation, Traffic


class SessionSurvey(NamedTuple):
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

    traffic: Traffic
    generations: tuple[Generation, ...]
    pair_in_use: CandidatePair | None
    pair_changes: int
    tls_version: str | None
    cipher: str | None
