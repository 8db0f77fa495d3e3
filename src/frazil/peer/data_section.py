"""The m-section of the data channels: its name, its transport, and its SCTP association."""

from collections.abc import Sequence
from functools import partial
from itertools import count
from typing import Final

from frazil.errors import InvalidAccessError
from frazil.peer.channel import DataChannel
from frazil.peer.channel_table import ChannelTable
from frazil.peer.core import Core
from frazil.peer.event import EventType
from frazil.peer.local_init import LocalInit
from frazil.peer.media import live_data_index
from frazil.peer.remote import RemoteData, read_data
from frazil.peer.stack import TransportStack
from frazil.peer.transport import SctpTransport
from frazil.peer.transport_map import REPLACED, ROLLED_BACK, TransportMap
from frazil.sdp import MediaDescription, SessionDescription
from frazil.states.enums import RTCDtlsTransportState, RTCSctpTransportState
from frazil.trace import Reason

_CLOSED: Final = RTCSctpTransportState.CLOSED
_OVER: Final = (RTCDtlsTransportState.CLOSED, RTCDtlsTransportState.FAILED)


class DataSection:
    """At most one m-section carries data channels (RFC 8841 4).

    Attributes:
        mid: Its name; ``None`` while no applied description has one.
        sctp: ``pc.sctp``.
    """

    __slots__ = (
        "_channels",
        "_core",
        "_init",
        "_is_ending",
        "_port",
        "_serial",
        "_stable",
        "_stack",
        "mid",
        "sctp",
    )

    def __init__(self, core: Core, channels: ChannelTable, init: LocalInit) -> None:
        self._core = core
        self._init = init
        self._channels = channels
        self._serial = count()
        self._stack: TransportStack | None = None
        self._port: int | None = None
        self._is_ending = False  # by the offer that is pending, once it is answered
        self.mid: str | None = None
        self.sctp: SctpTransport | None = None
        self._stable: tuple[str | None, TransportStack | None, SctpTransport | None]
        self._stable = (None, None, None)

    @property
    def sctp_init(self) -> bytes | None:
        """The INIT chunk that our next description announces (draft-hancke-tsvwg-snap)."""
        return self._init.announced(is_running=self._is_running)

    @property
    def _is_running(self) -> bool:
        """Whether an answer started an association that goes on."""
        if self.sctp is None or self._stack is None or self._stack.session.data is None:
            return False
        return self.sctp.state is not _CLOSED and not self._is_ending

    # --- offers -------------------------------------------------------------------------------

    def offer_local(self, model: SessionDescription, transports: TransportMap) -> None:
        """Our offer has a section for data channels, or not."""
        index = live_data_index(model)
        mid = model.media[index].mid if index is not None else None
        stack = transports.get(mid)
        if mid is not None and stack is not None:
            self._place(mid, stack)

    def offer(
        self,
        model: SessionDescription,
        uses: Sequence[tuple[Sequence[str], TransportStack]],
        transports: TransportMap,
        now: float,
    ) -> None:
        """The peer's offer has m-sections on transports: the data channels may be among them.

        If it asks for another association, the one that there is goes on until the answer. If it
        has no data channels, what an offer did that it replaces is undone.
        """
        index = live_data_index(model)
        mid = model.media[index].mid if index is not None else None
        stack = next((stack for mids, stack in uses if mid in mids), None)
        if index is None or mid is None or stack is None:
            self._return(REPLACED, now)
            return
        transports.assign_offered(mid, stack)
        self._is_ending = self._why_ended(mid, read_data(model.media[index])) is not None
        if not self._is_ending:
            self._place(mid, stack)

    # --- answers ------------------------------------------------------------------------------

    def check_move(
        self, model: SessionDescription, uses: Sequence[tuple[Sequence[str], TransportStack | None]]
    ) -> None:
        """Accept an answer that leaves an association where it is.

        Raises:
            InvalidAccessError: It takes a running association to another transport.
        """
        index = live_data_index(model)
        if index is None or self._stack is None or self._stack.session.data is None:
            return
        mid = model.media[index].mid
        if any(mid in mids and stack is not self._stack for mids, stack in uses):
            raise InvalidAccessError(
                "the answer takes the data channels to another transport than before"
            )

    def start(
        self,
        mid: str,
        stack: TransportStack,
        ours: MediaDescription,
        theirs: MediaDescription,
        now: float,
    ) -> list[DataChannel]:
        """An answer accepted data channels on ``stack``; the channels that found no id.

        An association that has ended is followed by another (webrtc-pc 6.1, RFC 8841 9.3).
        """
        data = read_data(theirs)
        why_ended = self._why_ended(mid, data)
        if why_ended is not None:
            self._finish(why_ended, now)
        self._place(mid, stack)
        assert self.sctp is not None
        if self.sctp.state is _CLOSED and stack.dtls.state not in _OVER:
            stack.session.stop_sctp(now)
            self.sctp = stack.sctp = self._new_sctp(stack)
        self._port = data.sctp_port
        signalled = None
        if stack.session.data is None:
            signalled = self._init.begin(ours.sctp_init, theirs.sctp_init)
        stack.start_data(data, signalled, now)
        return self._channels.attach(stack.session, self.sctp, now)

    def end(self, now: float) -> None:
        """The answer left data channels out: the association ends, and so do all channels."""
        self._finish("the answer rejected the data channels", now)
        self.mid = None

    def settle(self) -> None:
        """What there is now is what a rollback returns to."""
        self._stable = (self.mid, self._stack, self.sctp)

    def roll_back(self, now: float) -> None:
        """Undo what the pending offer did."""
        self._return(ROLLED_BACK, now)

    # --- inside -------------------------------------------------------------------------------

    def _return(self, reason: Reason, now: float) -> None:
        """There is again what the last answer settled."""
        stack, sctp = self._stack, self.sctp
        self.mid, self._stack, self.sctp = self._stable
        self._is_ending = False
        if stack is not None and sctp is not None and sctp is not self.sctp:
            self._close(stack, sctp, reason, now)

    def _place(self, mid: str, stack: TransportStack) -> None:
        """The section is on ``stack``; before an association exists it may move."""
        self.mid = mid
        if self._stack is stack and self.sctp is not None:
            return
        if self._stack is not None:
            self._stack.sctp = None
        if self.sctp is None:
            self.sctp = self._new_sctp(stack)
        self.sctp.dtls = stack.dtls
        self._stack, stack.sctp = stack, self.sctp

    def _why_ended(self, mid: str, data: RemoteData) -> str | None:
        """Why the association that there is ends once the section is ``mid``, if it does.

        It belongs to its section (RFC 8841 9.3), and a section in use stays on its transport.
        """
        stack = self._stack
        if stack is None or stack.session.data is None:
            return None
        if self.mid != mid:
            return "the peer put another m-section in the place of that of the data channels"
        if self._port != data.sctp_port and stack.dtls.state not in _OVER:
            return "the peer announced another SCTP port"
        return None

    def _finish(self, text: str, now: float) -> None:
        """End the association that there is, and all channels."""
        stack, sctp = self._stack, self.sctp
        self._stack = self.sctp = self._port = None
        self._is_ending = False
        if stack is not None and sctp is not None:
            self._channels.detach(text)
            self._close(stack, sctp, Reason("rejected", "webrtc-pc 6.1", text), now)

    def _new_sctp(self, stack: TransportStack) -> SctpTransport:
        return SctpTransport(str(next(self._serial)), stack.dtls)

    def _close(
        self, stack: TransportStack, sctp: SctpTransport, reason: Reason, now: float
    ) -> None:
        """End the association on a transport that may have other uses."""
        if stack.is_discarded:
            return  # and is closed with everything on it
        stack.session.stop_sctp(now)
        stack.sctp = None
        self._core.tasks.queue(partial(self._announce_closed, sctp, reason))

    def _announce_closed(self, sctp: SctpTransport, reason: Reason, now: float) -> None:
        if sctp.state is not _CLOSED:
            self._core.history.record(
                now, f"sctp-transport {sctp.name}", sctp.state, _CLOSED, reason
            )
            sctp.state = _CLOSED
            self._core.tasks.fire(sctp, EventType.STATE_CHANGE)
