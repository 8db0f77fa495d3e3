"""Reads the slots and counters of a connection into statistics (webrtc-pc 8.4)."""

from base64 import b64encode
from collections.abc import Iterator, Sequence

from frazil.dtls import Certificate, fingerprint_of
from frazil.ice import Candidate, CandidatePair, CandidateType, Generation, TcpType
from frazil.peer.channel import DataChannel
from frazil.peer.channel_table import ChannelTable
from frazil.peer.stack import TransportStack
from frazil.peer.stats import (
    CandidatePairStats,
    CandidateStats,
    CertificateStats,
    DataChannelStats,
    DtlsRoleStat,
    PeerConnectionStats,
    Stats,
    StatsType,
    TransportStats,
)
from frazil.peer.stats_id import StatsIds
from frazil.peer.transport_set import TransportSet
from frazil.session.survey import SessionSurvey
from frazil.states.enums import RTCDataChannelState
from frazil.types import RandomBytes


class StatsCollector:
    """Makes the statistics of one connection, also after it was closed."""

    __slots__ = ("_certificate", "_channels", "_ids", "_last", "_transports")

    def __init__(
        self,
        transports: TransportSet,
        channels: ChannelTable,
        certificate: Certificate,
        random_bytes: RandomBytes,
    ) -> None:
        self._transports = transports
        self._channels = channels
        self._certificate = certificate
        self._ids = StatsIds(random_bytes)
        self._last: tuple[list[TransportStack], list[tuple[DataChannel, int]]] | None = None

    def keep(self) -> None:
        """The connection is about to close: what exists now is what later reports are about."""
        self._last = (self._transports.stacks, self._channels.numbered)

    def collect(self) -> list[Stats]:
        """Everything as it is now; each id comes once."""
        stacks, channels = self._last or (self._transports.stacks, self._channels.numbered)
        stats: list[Stats] = [self._connection(channels)]
        stats += [self._channel(*each) for each in channels]
        for stack in stacks:
            stats += self._transport(stack, stack.session.survey())
        return list({each.id: each for each in stats}.values())

    # --- the connection -----------------------------------------------------------------------

    def _connection(self, channels: Sequence[tuple[DataChannel, int]]) -> PeerConnectionStats:
        opened = self._channels.opened
        is_open = sum(each.ready_state is RTCDataChannelState.OPEN for each, _ in channels)
        return PeerConnectionStats(
            id=self._ids.of(StatsType.PEER_CONNECTION),
            data_channels_opened=opened,
            data_channels_closed=opened - is_open,
        )

    def _channel(self, channel: DataChannel, number: int) -> DataChannelStats:
        return DataChannelStats(
            id=self._ids.of(StatsType.DATA_CHANNEL, number),
            label=channel.label,
            protocol=channel.protocol,
            data_channel_identifier=channel.id,
            state=channel.ready_state,
            messages_sent=channel.messages_sent,
            bytes_sent=channel.bytes_sent,
            messages_received=channel.messages_received,
            bytes_received=channel.bytes_received,
        )

    # --- a transport --------------------------------------------------------------------------

    def _transport(self, stack: TransportStack, survey: SessionSurvey) -> Iterator[Stats]:
        ids, ice, traffic = self._ids, stack.ice, survey.traffic
        transport_id = ids.of(StatsType.TRANSPORT, stack.name)
        local = list(self._certificates([self._certificate.der]))
        remote = list(self._certificates(stack.dtls.remote_certificates))
        scopes = [_Scope(ids, transport_id, each) for each in survey.generations]
        in_use = survey.pair_in_use
        yield TransportStats(
            id=transport_id,
            packets_sent=traffic.packets_sent,
            packets_received=traffic.packets_received,
            bytes_sent=traffic.bytes_sent,
            bytes_received=traffic.bytes_received,
            ice_role=ice.role,
            ice_local_username_fragment=ice.local_parameters.ufrag
            if ice.local_parameters
            else None,
            ice_state=ice.state,
            dtls_state=stack.dtls.state,
            dtls_role=DtlsRoleStat(stack.dtls_role or DtlsRoleStat.UNKNOWN),
            dtls_cipher=survey.cipher,
            tls_version=survey.tls_version,
            selected_candidate_pair_id=next(
                (each.pair_id(in_use) for each in scopes if in_use in each.pairs), None
            ),
            selected_candidate_pair_changes=survey.pair_changes,
            local_certificate_id=local[0].id,
            remote_certificate_id=remote[0].id if remote else None,
        )
        yield from (*local, *remote)
        for scope in scopes:
            yield from scope.stats()

    def _certificates(self, chain: Sequence[bytes]) -> Iterator[CertificateStats]:
        """Statistics of a chain of certificates in DER, the owner's first."""
        ids = [self._ids.of(StatsType.CERTIFICATE, der) for der in chain]
        for der, own_id, issuer_id in zip(chain, ids, [*ids[1:], None], strict=False):
            fingerprint = fingerprint_of(der)
            yield CertificateStats(
                id=own_id,
                fingerprint=fingerprint.value,
                fingerprint_algorithm=fingerprint.algorithm,
                base64_certificate=b64encode(der).decode(),
                issuer_certificate_id=issuer_id,
            )


class _Scope:
    """The candidates and pairs of one ICE generation of one transport."""

    __slots__ = ("_generation", "_ids", "_transport_id", "pairs")

    def __init__(self, ids: StatsIds, transport_id: str, generation: Generation) -> None:
        self._ids = ids
        self._transport_id = transport_id
        self._generation = generation
        self.pairs = tuple(generation.checklist)

    def stats(self) -> Iterator[Stats]:
        """Its candidates, then its pairs."""
        generation = self._generation
        shown = [pair.describe() for pair in self.pairs]
        # An active TCP candidate is nothing before it is paired with somebody to connect to.
        own = [each for each in generation.local_candidates if each.tcp_type is not TcpType.ACTIVE]
        for local in (*own, *(each.local for each in shown)):
            yield self._candidate(local, StatsType.LOCAL_CANDIDATE)
        for remote in (*generation.remote_candidates, *(each.remote for each in shown)):
            yield self._candidate(remote, StatsType.REMOTE_CANDIDATE)
        for pair in self.pairs:
            yield self._pair(pair)

    def pair_id(self, pair: CandidatePair | None) -> str | None:
        """The name of a pair; ``None`` of none."""
        if pair is None:
            return None
        ufrag = self._ufrag(StatsType.LOCAL_CANDIDATE)
        return self._ids.of(StatsType.CANDIDATE_PAIR, self._transport_id, ufrag, pair.key)

    def _candidate_id(self, candidate: Candidate, kind: StatsType) -> str:
        place = (candidate.protocol.value, candidate.address, candidate.base)
        return self._ids.of(kind, self._transport_id, self._ufrag(kind), *place)

    def _ufrag(self, kind: StatsType) -> str | None:
        generation = self._generation
        is_local = kind is StatsType.LOCAL_CANDIDATE
        credentials = generation.local if is_local else generation.remote
        return credentials.ufrag if credentials else None

    def _candidate(self, candidate: Candidate, kind: StatsType) -> CandidateStats:
        is_secret = (
            kind is StatsType.REMOTE_CANDIDATE and candidate.type is CandidateType.PEER_REFLEXIVE
        )
        address, port = candidate.address
        related = candidate.related
        return CandidateStats(
            type=kind,
            id=self._candidate_id(candidate, kind),
            transport_id=self._transport_id,
            address=None if is_secret else address,
            port=port,
            protocol=candidate.protocol,
            candidate_type=candidate.type,
            priority=candidate.priority,
            foundation=None if is_secret else candidate.foundation,
            username_fragment=self._ufrag(kind),
            related_address=related[0] if related else None,
            related_port=related[1] if related else None,
            tcp_type=candidate.tcp_type,
            url=candidate.url,
            relay_protocol=candidate.relay_protocol,
        )

    def _pair(self, pair: CandidatePair) -> CandidatePairStats:
        shown, traffic, round_trip = pair.describe(), pair.traffic, pair.round_trip
        pair_id = self.pair_id(pair)
        assert pair_id is not None
        return CandidatePairStats(
            id=pair_id,
            transport_id=self._transport_id,
            local_candidate_id=self._candidate_id(shown.local, StatsType.LOCAL_CANDIDATE),
            remote_candidate_id=self._candidate_id(shown.remote, StatsType.REMOTE_CANDIDATE),
            state=pair.state,
            nominated=pair.nominated,
            packets_sent=traffic.packets_sent,
            packets_received=traffic.packets_received,
            bytes_sent=traffic.bytes_sent,
            bytes_received=traffic.bytes_received,
            last_packet_sent_at=traffic.sent_at,
            last_packet_received_at=traffic.received_at,
            total_round_trip_time=round_trip.total_s,
            current_round_trip_time=round_trip.last_s,
            requests_sent=pair.requests_sent,
            requests_received=pair.requests_received,
            responses_sent=pair.responses_sent,
            responses_received=pair.responses_received,
            consent_requests_sent=pair.consent_requests_sent,
        )
