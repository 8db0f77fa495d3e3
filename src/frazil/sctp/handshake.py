"""Setting up an association, from either side or both at once (RFC 9260 section 5)."""

from collections.abc import Callable
from typing import Final

from frazil.sctp.cause import CauseCode, encode_cause
from frazil.sctp.chunk import (
    ChunkType,
    Init,
    ParameterType,
    decode_init,
    encode_chunk,
    encode_init,
)
from frazil.sctp.config import SctpConfig
from frazil.sctp.cookie import COOKIE_LIFETIME_S, Peer, StateCookie, open_cookie, seal_cookie
from frazil.sctp.event import AssociationCloseCause, AssociationEstablished
from frazil.sctp.link import Link
from frazil.sctp.negotiation import known_parameters, own_init, settle
from frazil.sctp.packet import HEADER_SIZE
from frazil.sctp.rtt import RoundTrip
from frazil.sctp.state import AssociationState, StateCause
from frazil.sctp.timer import RetryTimer
from frazil.sctp.tlv import ChunkError, Tlv
from frazil.types import RandomBytes

COOKIE_KEY_SIZE: Final = 32
PATIENCE_S: Final = 0.01
"""How long the end that heard last that both may begin leaves the first INIT to the other.

That INIT is in the same burst as what was heard, or was lost, or will never be sent: some stacks
leave it to the DTLS client, and to wait for them is pure delay."""

_SETTING_UP: Final = frozenset(
    {AssociationState.CLOSED, AssociationState.COOKIE_WAIT, AssociationState.COOKIE_ECHOED}
)


def random_tag(random_bytes: RandomBytes) -> int:
    """A verification tag: 32 random bits that are not all zero (RFC 9260 section 5.3.1)."""
    return int.from_bytes(random_bytes(4), "big") or 1


class Handshake:
    """The four-way handshake.

    Attributes:
        cookie_echo: The COOKIE ECHO chunk to put first into the next packet, or None.
        timer: T1.
    """

    __slots__ = (
        "_asked_at",
        "_config",
        "_initial_tsn",
        "_key",
        "_link",
        "_negotiated",
        "_peer",
        "_random_bytes",
        "_repeated_echo",
        "_round_trip",
        "cookie_echo",
        "timer",
    )

    def __init__(
        self,
        config: SctpConfig,
        link: Link,
        random_bytes: RandomBytes,
        initial_tsn: int,
        round_trip: RoundTrip,
        negotiated: Callable[[Peer, float], None],
    ) -> None:
        self._config = config
        self._link = link
        self._random_bytes = random_bytes
        self._negotiated = negotiated
        self._initial_tsn = initial_tsn
        self._round_trip = round_trip
        self._key = random_bytes(COOKIE_KEY_SIZE)
        self.timer = RetryTimer(config.rto_max_s)
        self._asked_at = 0.0
        self._repeated_echo: bytes | None = None
        self._peer: Peer | None = None  # as far as INIT ACK or COOKIE ECHO told
        self.cookie_echo: bytes | None = None

    def start(self, now: float) -> None:
        """Send INIT."""
        self._link.move(StateCause.START, now)
        self._send_init(now)

    def start_after_peer(self, now: float) -> None:
        """Leave INIT to the peer, and send ours if nothing comes of that for a while.

        Two INITs that cross make one association as well (section 5.2.1), for twice the packets.
        """
        self.timer.start(now, PATIENCE_S)

    def skip(self, init: Init, now: float) -> None:
        """Both INITs came with the signalling: nothing is left to ask (draft-hancke-tsvwg-snap)."""
        known, _ = known_parameters(init)
        peer = settle(self._config, init, known)
        self._adopt(peer, now)
        self._establish(StateCause.SIGNALLED, peer, now)

    def _send_init(self, now: float) -> None:
        self._ask(now, self._config.rto_initial_s)
        self._link.send_alone(self._init(), 0)

    def _ask(self, now: float, patience_s: float) -> None:
        """A chunk is sent that wants an answer."""
        self._asked_at = now
        self.timer.start(now, patience_s)

    def _measure(self, now: float) -> None:
        """An answer has come; to which of them, nobody knows if the question was repeated."""
        if self.timer.expirations == 0:
            self._round_trip.measured(now - self._asked_at)

    @property
    def _patience_s(self) -> float:
        """How long COOKIE ECHO waits for its answer.

        If INIT was repeated, as long as INIT at last: a long path must not have all repeated, or
        no round trip could ever be measured on it (RFC 9260 section 6.3.1 C5, 6.3.3 E2).
        """
        if self.timer.expirations == 0:
            return self._round_trip.rto_s
        return self.timer.interval_s

    def _init(self) -> bytes:
        return encode_init(
            ChunkType.INIT, own_init(self._config, self._link.local_tag, self._initial_tsn)
        )

    def receive_init(self, value: bytes, now: float) -> None:
        """Answer INIT with INIT ACK; the state does not change (sections 5.1 B, 5.2.1, 5.2.2).

        Before the association is established the answer repeats our own tag, so that two INITs
        that cross lead to one association. Later a new tag tells a restart apart.

        Raises:
            ChunkError: The chunk is malformed.
        """
        link = self._link
        init = decode_init(value)
        known, report = known_parameters(init)
        tag, initial_tsn, ties = link.local_tag, self._initial_tsn, (0, 0)
        if link.state not in _SETTING_UP:
            tag = random_tag(self._random_bytes)
            initial_tsn = int.from_bytes(self._random_bytes(4), "big")
            ties = (link.local_tag, link.remote_tag)
        cookie = StateCookie(tag, settle(self._config, init, known), ties, now)
        parameters = [Tlv(ParameterType.STATE_COOKIE, seal_cookie(cookie, self._key))]
        parameters += [Tlv(ParameterType.UNRECOGNIZED, unknown) for unknown in report]
        answer = own_init(self._config, tag, initial_tsn, parameters)
        link.send_alone(encode_init(ChunkType.INIT_ACK, answer), init.tag)
        if link.state is AssociationState.CLOSED and self.timer.expires_at is not None:
            self.timer.start(now, self._config.rto_initial_s)  # its COOKIE ECHO is under way

    def receive_init_ack(self, value: bytes, now: float) -> None:
        """Answer INIT ACK with COOKIE ECHO (section 5.1 C); outside COOKIE-WAIT it is ignored.

        Raises:
            ChunkError: The chunk is malformed.
        """
        link = self._link
        if link.state is not AssociationState.COOKIE_WAIT:
            link.count("sctp-unexpected")
            return
        init = decode_init(value)
        known, report = known_parameters(init)
        cookie = known.get(ParameterType.STATE_COOKIE)
        if cookie is None:
            link.address(init.tag)
            self._refuse_without_cookie(now)
            return
        cookie_echo = encode_chunk(ChunkType.COOKIE_ECHO, cookie)
        if len(cookie_echo) > self._config.mtu - HEADER_SIZE:
            raise ChunkError("the cookie fits no packet")
        self._measure(now)
        self._adopt(settle(self._config, init, known), now)
        link.move(StateCause.INIT_ACK, now)
        self._repeated_echo = self.cookie_echo = cookie_echo
        self._ask(now, self._patience_s)
        if report:
            error = encode_cause(CauseCode.UNRECOGNIZED_PARAMETERS, b"".join(report))
            link.queue(encode_chunk(ChunkType.ERROR, error))

    def _refuse_without_cookie(self, now: float) -> None:
        missing = (1).to_bytes(4, "big") + ParameterType.STATE_COOKIE.to_bytes(2, "big")
        self._link.abort(
            AssociationCloseCause.PROTOCOL_VIOLATION,
            encode_cause(CauseCode.MISSING_MANDATORY_PARAMETER, missing),
            "INIT ACK without a state cookie",
            now,
        )

    def _adopt(self, peer: Peer, now: float) -> None:
        self._peer = peer
        self._link.address(peer.tag)
        self._negotiated(peer, now)

    def receive_cookie_echo(self, value: bytes, tag: int, now: float) -> bool:
        """Accept our own cookie and answer COOKIE ACK (sections 5.1 D, 5.2.4).

        Args:
            value: The cookie.
            tag: The verification tag of the packet.
            now: The time.

        Returns:
            Whether it was accepted, and so what comes with it counts.

        Raises:
            ChunkError: The cookie is not ours.
        """
        link = self._link
        cookie = open_cookie(value, self._key)
        if tag != cookie.local_tag:
            link.count("sctp-tag")
            return False
        matches_local = cookie.local_tag == link.local_tag
        matches_remote = cookie.peer.tag == link.remote_tag
        is_restart = cookie.tie_tags == (link.local_tag, link.remote_tag)
        if not matches_local and is_restart and not matches_remote:
            self._end_for_restart(cookie, now)
        elif not matches_local or (link.state not in _SETTING_UP and not matches_remote):
            link.count("sctp-unexpected")  # section 5.2.4 C, or a cookie from before our time
        elif now - cookie.created_at > COOKIE_LIFETIME_S and link.state in _SETTING_UP:
            self._refuse_stale(cookie, now)
        else:
            self._accept(cookie, matches_remote, now)
            return True
        return False

    def _accept(self, cookie: StateCookie, matches_remote: bool, now: float) -> None:
        link = self._link
        if link.state in _SETTING_UP:
            if not (matches_remote and link.state is AssociationState.COOKIE_ECHOED):
                self._adopt(cookie.peer, now)
            self._establish(StateCause.COOKIE_ECHO, cookie.peer, now)
        link.queue(encode_chunk(ChunkType.COOKIE_ACK))

    def _refuse_stale(self, cookie: StateCookie, now: float) -> None:
        staleness_us = min(int((now - cookie.created_at - COOKIE_LIFETIME_S) * 1e6), 0xFFFFFFFF)
        error = encode_cause(CauseCode.STALE_COOKIE, staleness_us.to_bytes(4, "big"))
        self._link.send_alone(encode_chunk(ChunkType.ERROR, error), cookie.peer.tag)

    def _end_for_restart(self, cookie: StateCookie, now: float) -> None:
        """The peer begins anew in the same DTLS connection: its streams are gone, so are ours."""
        link = self._link
        link.address(cookie.peer.tag)
        text = "the peer restarted its association"
        error = encode_cause(CauseCode.USER_INITIATED_ABORT, text.encode())
        link.abort(AssociationCloseCause.RESTARTED_BY_REMOTE, error, text, now)

    def receive_cookie_ack(self, now: float) -> None:
        """The peer accepted (section 5.1 E); outside COOKIE-ECHOED it is ignored."""
        if self._link.state is AssociationState.COOKIE_ECHOED and self._peer is not None:
            self._measure(now)
            self._establish(StateCause.COOKIE_ACK, self._peer, now)

    def imply_cookie_ack(self, now: float) -> bool:
        """The peer sends what it may only send once it has accepted: its COOKIE ACK was lost.

        So the caller learns that the association is established before it gets what has come on it.

        Returns:
            Whether that is news.
        """
        if self._link.state is not AssociationState.COOKIE_ECHOED or self._peer is None:
            return False
        self._establish(StateCause.COOKIE_ACK_IMPLIED, self._peer, now)
        return True

    def _establish(self, cause: StateCause, peer: Peer, now: float) -> None:
        self.timer.stop()
        self.cookie_echo = None
        self._repeated_echo = None
        self._link.sign_of_life()
        self._link.move(cause, now)
        self._link.report(
            AssociationEstablished(peer.outbound_streams, peer.inbound_streams, peer.interleaving)
        )

    def receive_stale_cookie(self, now: float) -> None:
        """Our COOKIE ECHO came too late: ask for a fresh cookie (section 5.2.6)."""
        if self._link.state is AssociationState.COOKIE_ECHOED:
            self._link.move(StateCause.STALE_COOKIE, now)
            self.cookie_echo = None
            self._send_init(now)

    def handle_timeout(self, now: float) -> None:
        """Repeat INIT or COOKIE ECHO, or give up (section 4, T1-init and T1-cookie)."""
        if not self.timer.expire(now):
            return
        link, limit = self._link, self._config.max_init_retransmits
        if link.state is AssociationState.CLOSED:
            self.start(now)
        elif limit is not None and self.timer.expirations > limit:
            link.time_out("the peer did not complete the handshake", now)
        elif link.state is AssociationState.COOKIE_WAIT:
            link.send_alone(self._init(), 0)
        else:
            self.cookie_echo = self._repeated_echo

    def path_changed(self, now: float) -> None:
        """Repeat what is unanswered at the next opportunity."""
        self.timer.hasten(now)

    def stop(self) -> None:
        """The association ended."""
        self.timer.stop()
        self._negotiated = _too_late
        self.cookie_echo = None


def _too_late(_peer: Peer, _now: float) -> None:
    """Nothing is negotiated after the end."""
