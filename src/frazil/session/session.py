"""One transport: ICE finds the path, DTLS secures it, SCTP and channels carry messages over it.

The session only carries: each layer decides for itself, and the session brings the outcome to its
neighbours.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.datachannel import ChannelParameters
from frazil.dtls import (
    Certificate,
    DtlsEndpoint,
    DtlsRole,
    EngineFactory,
    Fingerprint,
    OpenSslEngine,
)
from frazil.dtls.record import HEADER_SIZE, MAX_DATAGRAM_SIZE
from frazil.errors import InvalidStateError
from frazil.ice import (
    DEFAULT_POLICY,
    UNKNOWN_TRAITS,
    AgentTraits,
    Candidate,
    Credentials,
    IceAgent,
    IcePolicy,
    PairKey,
)
from frazil.sctp import SignalledInits
from frazil.session.agenda import Agenda
from frazil.session.config import SessionConfig
from frazil.session.data_transport import DataTransport
from frazil.session.demux import BY_FIRST_BYTE, Protocol
from frazil.session.encapsulation import Encapsulation
from frazil.session.event import SessionEvent
from frazil.session.gathering import Gathering
from frazil.session.plain_transport import MAX_DATAGRAM_SIZE as MAX_PLAIN_SIZE
from frazil.session.plain_transport import PlainTransport
from frazil.session.relay_set import RelaySet
from frazil.session.report import Report
from frazil.session.route import Route
from frazil.session.secure_transport import SecureTransport
from frazil.session.survey import SessionSurvey
from frazil.states.enums import RTCIceRole
from frazil.stun import is_stun
from frazil.trace import Trace
from frazil.turn import TurnConfig
from frazil.types import Address, Datagram, RandomBytes, Transmit

_DTLS: Final = Protocol.DTLS
_STUN: Final = Protocol.STUN
_SECURED_SIZES: Final = range(HEADER_SIZE + 1, MAX_DATAGRAM_SIZE + 1)
_PLAIN_SIZES: Final = range(1, MAX_PLAIN_SIZE + 1)


@mypyc_attr(allow_interpreted_subclasses=True)
class Session:
    """The protocol stack of one transport.

    Drain :meth:`poll_transmits` and :meth:`poll_events` after every input, and call
    :meth:`handle_timeout` at :meth:`next_timeout`.

    Attributes:
        events: What :meth:`poll_events` will return; always the same list.
        is_drained: There was no input since the last :meth:`poll_transmits`: nothing is to be
            sent, and the deadline has not changed.
    """

    def __init__(
        self,
        name: str,
        config: SessionConfig,
        certificate: Certificate | None,
        random_bytes: RandomBytes,
        trace: Trace,
        *,
        policy: IcePolicy = DEFAULT_POLICY,
        make_engine: EngineFactory = OpenSslEngine,
    ) -> None:
        """Make a session that waits for credentials.

        Args:
            name: Names the transport in state changes.
            config: Timers and limits of all layers.
            certificate: What we show to the peer; ``None`` for a transport without DTLS that
                carries the application's own datagrams.
            random_bytes: The source of randomness.
            trace: Where decisions are recorded.
            policy: What the ICE agent does and does not do.
            make_engine: Makes the DTLS implementation.
        """
        trace = trace.of(name)
        self.name = name
        self.ice = IceAgent(name, config.ice, random_bytes, trace, policy=policy)
        self._trace = trace
        self._secure = SecureTransport(name, config.dtls, certificate, self.ice, trace, make_engine)
        self._plain = PlainTransport(self.ice, trace) if certificate is None else None
        self._relays = RelaySet(self.ice, config.relay_patience_s, random_bytes, trace)
        self._gathering = Gathering(self.ice, self._relays)
        report = Report()
        self.events = report.events
        self._encapsulation = Encapsulation(
            name, self._secure, config.sctp, random_bytes, trace, report
        )
        self._route = Route(self.ice, self._relays, report)
        self._agenda = Agenda(
            self.ice, self._relays, self._secure, self._encapsulation, self._route
        )
        self._farewell: tuple[Transmit, ...] = ()
        self.is_drained = True
        self._is_quiet = True  # ICE has nothing to send
        self._is_at_rest = False  # no other part has anything to send, or another deadline
        self._last_survey: SessionSurvey | None = None

    @property
    def dtls(self) -> DtlsEndpoint | None:
        """The DTLS endpoint, once signalling has said whom to trust."""
        return self._secure.endpoint

    @property
    def data(self) -> DataTransport | None:
        """The SCTP association and its channels, once negotiated."""
        return self._encapsulation.data

    @property
    def datagram_sizes(self) -> range:
        """The sizes of the datagrams that may be of any use here."""
        return _SECURED_SIZES if self._plain is None else _PLAIN_SIZES

    def survey(self) -> SessionSurvey:
        """What statistics show of the transport; after :meth:`close` the last there was."""
        ice, dtls, last = self.ice, self.dtls, self._last_survey
        if last is not None:
            traffic, generations = last.traffic, last.generations
            tls_version, cipher = last.tls_version, last.cipher
        else:
            traffic = self._plain.traffic if self._plain else self._secure.traffic
            generations = ice.generations
            tls_version = dtls.tls_version if dtls else None
            cipher = dtls.cipher if dtls else None
        return SessionSurvey(
            traffic, generations, ice.pair_in_use, ice.pair_changes, tls_version, cipher
        )

    # --- signalling ---------------------------------------------------------------------------

    def set_role(self, role: RTCIceRole, now: float) -> None:
        """Set the ICE role that signalling implies."""
        self.ice.set_role(role, now)
        self._settle(now)

    def gather_early(self, now: float) -> None:
        """Gather before our credentials are set, and tell of it when they are."""
        self.ice.local.gather_early(now)
        self._settle(now)

    def set_local_credentials(self, credentials: Credentials, now: float) -> None:
        """Our half of an ICE generation; other credentials than before begin a restart."""
        self.ice.set_local_credentials(credentials, now)
        self._relays.permit(now)
        self._settle(now)

    def set_remote_credentials(
        self, credentials: Credentials, now: float, traits: AgentTraits = UNKNOWN_TRAITS
    ) -> None:
        """Their half of an ICE generation; other credentials than before begin a restart."""
        self.ice.set_remote_credentials(credentials, now, traits)
        self._relays.permit(now)
        self._settle(now)

    def rollback(self, now: float) -> None:
        """Forget an ICE generation of which only one half is known."""
        self.ice.rollback(now)
        self._settle(now)

    def add_remote_candidates(
        self, candidates: Sequence[Candidate], now: float, ufrag: str | None = None
    ) -> None:
        """Remote candidates were signalled together.

        They belong to the generation ``ufrag``; ``None`` means the newest.
        """
        self.ice.add_remote_candidates(candidates, now, ufrag)
        self._relays.permit(now)
        self._settle(now)

    def name_resolved(self, name: str, address: str, now: float) -> None:
        """A name of remote candidates has this address."""
        self.ice.name_resolved(name, address, now)
        self._relays.permit(now)
        self._settle(now)

    def name_unresolved(self, name: str, text: str, now: float) -> None:
        """A name of remote candidates has no address that we could find out."""
        self.ice.name_unresolved(name, text, now)
        self._settle(now)

    def end_remote_candidates(self, now: float, ufrag: str | None = None) -> None:
        """No further remote candidate will be signalled."""
        self.ice.end_remote_candidates(now, ufrag)
        self._settle(now)

    def start_dtls(self, role: DtlsRole, fingerprints: Sequence[Fingerprint], now: float) -> None:
        """Secure the transport with the peer that has one of ``fingerprints``.

        The handshake begins with the first usable pair. Later calls do nothing: one transport has
        one DTLS association.
        """
        self._encapsulation.collect(now, self._secure.trust(role, fingerprints, now))
        self._settle(now)

    def start_sctp(
        self, remote_port: int, now: float, signalled: SignalledInits | None = None
    ) -> None:
        """Carry data channels; the association begins when DTLS is connected.

        Args:
            remote_port: The peer's SCTP port.
            now: The instant.
            signalled: The INIT chunks, if both ends announced them in their descriptions.

        Raises:
            InvalidStateError: DTLS was not started: its role decides who uses which streams.
        """
        if self._encapsulation.data is None:
            self._encapsulation.carry(remote_port, signalled, now)
            self._settle(now)

    def stop_sctp(self, now: float) -> None:
        """Carry no data channels any more, without an event and without a word to the peer.

        Signalling ended the association, so the peer ends it as well. Another may be started.
        """
        self._encapsulation.data = None
        self._settle(now)

    # --- channels -----------------------------------------------------------------------------

    def open_channel(
        self,
        parameters: ChannelParameters,
        now: float,
        stream_id: int | None = None,
        taken: Container[int] = (),
    ) -> int:
        """Open a channel of ours; the peer learns of it unless it is negotiated.

        Args:
            parameters: What the channel shall be like.
            now: The instant.
            stream_id: The stream of a negotiated channel; others get a free one.
            taken: Streams that they do not get, as somebody has yet to hear that they are free.

        Returns:
            Its stream.

        Raises:
            InvalidStateError: SCTP was not started.
            OperationError: The stream is in use, or none is free.
        """
        data = self._encapsulation.data
        if data is None:
            raise InvalidStateError("data channels were not negotiated")
        stream_id = data.open_channel(parameters, now, stream_id, taken)
        self._settle(now)
        return stream_id

    def send(self, stream_id: int, data: bytes, text: bool, now: float) -> None:
        """Queue a message; it leaves with the next :meth:`poll_transmits`."""
        transport = self._encapsulation.data
        if transport is not None:
            transport.send(stream_id, data, text, now)
            self.is_drained = self._is_at_rest = False

    def close_channel(self, stream_id: int, now: float) -> None:
        """Close a channel after everything queued on it has been sent."""
        data = self._encapsulation.data
        if data is not None:
            data.close_channel(stream_id, now)
            self._settle(now)

    # --- plain datagrams ----------------------------------------------------------------------

    def send_datagram(self, data: bytes, now: float) -> None:
        """Queue a datagram; it leaves with the next :meth:`poll_transmits`.

        Raises:
            InvalidStateError: No pair may be used, or DTLS owns the transport.
            ValueError: The datagram is empty or too large.
        """
        if self._plain is None:
            raise InvalidStateError("the transport carries DTLS: use a data channel")
        self._plain.send(data)
        self.is_drained = self._is_at_rest = False

    # --- the choice of the pair ---------------------------------------------------------------

    def ask_first(self) -> None:
        """From now on report ``NominationProposed``, and wait, before nominations."""
        self.ice.ask_first()

    def decide_nomination(self, pair: PairKey, now: float, *, wanted: bool) -> None:
        """The answer to ``NominationProposed``."""
        self.ice.decide_nomination(pair, now, wanted=wanted)
        self._settle(now)

    def select_pair(self, pair: PairKey, now: float) -> None:
        """Nominate this pair, once a check of it succeeds, and no other one as long as it works.

        Raises:
            InvalidStateError: The peer nominates, or the pair has failed.
            NotFoundError: There is no such pair any more.
        """
        self.ice.select_pair(pair, now)
        self._settle(now)

    # --- gathering ----------------------------------------------------------------------------

    def tell_gathering(self, put: Callable[[Gathering], None], now: float) -> None:
        """Tell gathering what the driver has found, and take over what follows."""
        put(self._gathering)
        self._settle(now)

    def expect_server(self, url: str) -> None:
        """The server of ``url`` is being resolved; gathering waits for it."""
        self._gathering.expect_server(url)

    def has_relay(self, local: Address, server: Address) -> bool:
        """Whether the TURN server at ``server`` relays for ``local``, or is asked to."""
        return self._relays.has(local, server)

    def set_turn_credentials(self, configs: Mapping[str, TurnConfig]) -> None:
        """The TURN servers of these URLs have new credentials: use them where the old ones end."""
        self._relays.set_credentials(configs)

    # --- network ------------------------------------------------------------------------------

    def take_usual(self, lone: Datagram, now: float) -> list[Transmit] | None:
        """Take a datagram that came alone, if it is what two idle ends exchange all the time.

        Returns:
            What is to be sent; with :meth:`next_timeout` that is all that follows. ``None`` if it
            is anything else, or there is more to do: then nothing has happened.
        """
        if not self.is_drained:
            return None
        transmits = self.ice.take_usual(lone, now)
        if transmits is not None:
            self._agenda.check_is_known = False
        return transmits

    def ask_usual(self, now: float) -> list[Transmit] | None:
        """Do what is due, if it is what two idle ends ask each other all the time.

        Returns:
            As of :meth:`take_usual`.
        """
        if not self.is_drained or self._relays.is_used or not self._rests(now):
            return None
        transmits = self.ice.ask_usual(now)
        if transmits is not None:
            self._agenda.check_is_known = False
        return transmits

    def receive(self, datagrams: list[Datagram], now: float) -> None:
        """Take a batch of datagrams. Whatever is wrong with them is counted, never raised.

        Nearly all batches are payload on the pair in use, of which the layers below SCTP learn
        nothing but that the peer lives: they are not asked what follows from that.
        """
        secured: list[Datagram] = []
        has_dtls = self._plain is None
        has_relays = self._relays.is_used  # the batch may be the end of the last one
        for datagram in self._relays.unwrap(datagrams, now):
            data = datagram.data
            if has_dtls and data and BY_FIRST_BYTE[data[0]] is _DTLS:
                secured.append(datagram)
            else:
                self._receive_unsecured(datagram, now)
        was_connected = self._secure.is_connected
        if secured:
            self._is_at_rest = False
            self._encapsulation.collect(now, self._secure.receive(secured, now))
        if was_connected and not (self.ice.outcome.has_news or has_relays):
            self.is_drained = False
            self._agenda.hasten_check(self.ice.passage.quiet_at)
        else:
            self._settle(now)

    def _receive_unsecured(self, datagram: Datagram, now: float) -> None:
        """Take a datagram that is not for DTLS."""
        data = datagram.data
        if self._plain is not None and not is_stun(data):
            self.events += self._plain.receive(datagram, now)
        elif data and BY_FIRST_BYTE[data[0]] is _STUN:
            self.ice.receive_datagram(data, datagram.local, datagram.remote, now)
            self._agenda.check_is_known = self._is_quiet = False
        else:
            self._trace.count("datagram-of-unknown-protocol")

    def handle_timeout(self, now: float) -> None:
        """Do what is due in every layer; mostly that is a check, of which nothing follows."""
        self.ice.handle_timeout(now)
        if not self.ice.outcome.has_news and self._rests(now):
            self.is_drained = self._agenda.check_is_known = self._is_quiet = False
            return
        self._relays.handle_timeout(now)
        self._secure.handle_timeout(now)
        data = self._encapsulation.data
        if data is not None and self.ice.path is not None:
            data.handle_timeout(now)
        self._settle(now)

    def next_timeout(self) -> float | None:
        """When :meth:`handle_timeout` has something to do."""
        if not self._is_at_rest:
            self._is_at_rest = self.is_drained
            self._agenda.look_beside_ice()
        return self._agenda.next_timeout()

    def _rests(self, now: float) -> bool:
        """Whether nothing is due, and nothing has come in, but at ICE."""
        return self._is_at_rest and now < self._agenda.rest_until

    def poll_transmits(self, now: float) -> list[Transmit]:
        """What is to be sent, in order."""
        if self.is_drained:
            return []
        if self._is_at_rest:
            self.is_drained = self._is_quiet = True
            return self._relays.wrap(self.ice.poll_transmits(), now)
        data = self._encapsulation.data
        sealed = self._secure.seal(data, self._route.path, now)
        if self._is_quiet:
            transmits = sealed
        else:
            self._is_quiet = True
            transmits = self.ice.poll_transmits() + sealed
        if sealed and data is not None and data.awaits_acknowledgement:
            self._agenda.hasten_check(self.ice.passage.note_sent(now))
        if self._plain is not None:
            transmits += self._plain.poll_transmits(now)
        self.is_drained = self._secure.is_drained
        if self._relays.is_used:
            transmits = self._relays.wrap(transmits, now)
        if self._farewell:
            transmits, self._farewell = [*self._farewell, *transmits], ()
        return transmits

    def poll_events(self) -> list[SessionEvent]:
        """What happened, in order."""
        events = self.events.copy()
        self.events.clear()
        return events

    def close(self, now: float) -> None:
        """Say goodbye and stop. Everything is closed at once, and no event tells.

        One more :meth:`poll_transmits` gives the goodbye.
        """
        self._last_survey = self.survey()
        data = self._encapsulation.data
        if data is not None:
            data.abort(now)
        farewell = self._secure.seal(data, self._route.path, now) + self._secure.close(now)
        self._farewell += tuple(self._relays.wrap(farewell, now))
        self._relays.close(now)
        self.ice.close(now)
        self.events.clear()
        self._encapsulation.close()
        self._agenda.forget()
        self.is_drained = self._is_at_rest = False

    # --- inside -------------------------------------------------------------------------------

    def _settle(self, now: float) -> None:
        """Bring the outcome of an input from each layer to its neighbours."""
        self.is_drained = self._is_at_rest = self._is_quiet = False
        self._agenda.forget()
        path_works_anew = self._route.advance(now)
        self._encapsulation.advance(now, path_works_anew=path_works_anew)
