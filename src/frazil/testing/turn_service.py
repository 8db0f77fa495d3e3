"""The TURN server for tests, without its sockets: requests in, responses and datagrams out."""

import base64
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from frazil.stun import (
    AddressErrorCode,
    AlgorithmChoice,
    Attribute,
    ErrorCode,
    Message,
    MessageClass,
    Method,
    PasswordAlgorithm,
    StunDecodeError,
    long_term_key,
    user_hash,
)
from frazil.testing.turn_allocation import TurnAllocation
from frazil.turn.channel_data import (
    FIRST_CHANNEL,
    LAST_CHANNEL,
    ChannelDataDecodeError,
    decode_channel_data,
    encode_channel_data,
    is_channel_data,
)
from frazil.types import Address, RandomBytes, Transmit

REALM: Final = "relay.example"
_UDP: Final = 17
_FAMILIES: Final = {1: False, 2: True}
_METHODS: Final = frozenset(
    {Method.ALLOCATE, Method.REFRESH, Method.CREATE_PERMISSION, Method.CHANNEL_BIND}
)

OpenRelay: TypeAlias = Callable[[bool], Address | None]
"""Opens a relayed address of IPv6 (True) or IPv4; None if there is none of the family."""


class _RefusedError(Exception):
    """The request gets an error response."""

    def __init__(
        self, code: int, reason: str, attributes: Mapping[Attribute, object] | None = None
    ) -> None:
        super().__init__(reason)
        self.error = ErrorCode(code, reason)
        self.attributes = dict(attributes or {})


class TurnService:
    """A small TURN server over UDP, made to misbehave on demand (RFC 8656).

    Args:
        address: Where clients reach it.
        users: Passwords by username.
        random_bytes: The source of nonces.
        open_relay: Called for a new relayed address.
        close_relay: Called when one is given up.

    Attributes:
        users: Passwords by username.
        allocations: What there is, by client.
        requests: How many requests of each method arrived, refused ones too.
        keepalives: How many Binding indications arrived.
        algorithms: What the server offers to make keys with; none is as before RFC 8489.
        hides_usernames: Whether the server wants usernames hashed.
        signs_errors: Whether error responses carry proof; some servers' do not.
        silent: Do not answer, do not relay.
        answers_bindings: Whether it is a STUN server, too; some are not.
        quota: How many allocations a user may have.
        min_lifetime_s: What a client gets that asks for less.
        max_lifetime_s: What a client gets that asks for more.
        nonce_lifetime_s: How long a nonce can be used.
        refusals: Errors to answer with, by method, to requests that have proof.
        refusals_in_turn: The same, each for one request only.
        redirect_to: Another server, to which requests for allocations are sent.
        redirect_domain: The name in its certificate, if it is to be told.
    """

    def __init__(
        self,
        address: Address,
        users: Mapping[str, str],
        random_bytes: RandomBytes,
        open_relay: OpenRelay,
        close_relay: Callable[[Address], None],
    ) -> None:
        self.address = address
        self.users = dict(users)
        self.allocations: dict[Address, TurnAllocation] = {}
        self.requests: Counter[Method] = Counter()
        self.keepalives = 0
        self.algorithms: tuple[PasswordAlgorithm, ...] = ()
        self.hides_usernames = False
        self.signs_errors = True
        self.silent = False
        self.answers_bindings = True
        self.quota = 100
        self.min_lifetime_s = 600
        self.max_lifetime_s = 3600
        self.nonce_lifetime_s = 3600.0
        self.refusals: dict[Method, ErrorCode] = {}
        self.refusals_in_turn: dict[Method, list[ErrorCode]] = {}
        self.redirect_to: Address | None = None
        self.redirect_domain: str | None = None
        self._random_bytes = random_bytes
        self._open_relay = open_relay
        self._close_relay = close_relay
        self._nonce = ""
        self._nonce_ends_at = 0.0
        self._transmits: list[Transmit] = []

    # --- misfortunes --------------------------------------------------------------------------

    def forget_allocations(self) -> None:
        """Lose every allocation, as a restart does."""
        for client in list(self.allocations):
            self._end(client)

    def expire_nonces(self) -> None:
        """Call every nonce stale that was given out so far."""
        self._nonce = ""

    # --- time ---------------------------------------------------------------------------------

    def handle_timeout(self, now: float) -> None:
        """Delete the allocations whose lifetime is over (RFC 8656 6)."""
        for allocation in list(self.allocations.values()):
            if allocation.expires_at <= now:
                self._end(allocation.client)

    def next_timeout(self) -> float | None:
        """When the lifetime of the first allocation is over."""
        return min((each.expires_at for each in self.allocations.values()), default=None)

    # --- datagrams ----------------------------------------------------------------------------

    def receive(self, data: bytes, client: Address, now: float) -> None:
        """Take what arrived from a client."""
        self.handle_timeout(now)
        if self.silent:
            return
        if is_channel_data(data):
            self._relay_channel_data(data, client, now)
            return
        try:
            message = Message.decode(data)
        except StunDecodeError:
            return
        if message.message_class is MessageClass.REQUEST:
            self._answer(message, client, now)
        elif message.message_class is MessageClass.INDICATION:
            self._relay_indication(message, client, now)

    def receive_from_peer(self, data: bytes, relayed: Address, peer: Address, now: float) -> None:
        """Take what arrived at a relayed address."""
        self.handle_timeout(now)
        allocation = next((a for a in self.allocations.values() if relayed in a.relayed), None)
        if self.silent or allocation is None or not allocation.permits(peer[0], now):
            return
        allocation.relayed_bytes += len(data)
        number = allocation.channel_of(peer, now)
        if number is not None:
            self._send(encode_channel_data(number, data), allocation.client)
            return
        attributes = {Attribute.XOR_PEER_ADDRESS: peer, Attribute.DATA: data}
        transaction_id = self._random_bytes(12)
        indication = Message(Method.DATA, MessageClass.INDICATION, transaction_id, attributes)
        self._send(indication.encode(), allocation.client)

    def poll_transmits(self) -> list[Transmit]:
        """What is to be sent, from the server's address or a relayed one."""
        transmits, self._transmits = self._transmits, []
        return transmits

    def _send(self, data: bytes, client: Address) -> None:
        self._transmits.append(Transmit(data, len(data), self.address, client))

    def _relay_channel_data(self, data: bytes, client: Address, now: float) -> None:
        allocation = self.allocations.get(client)
        try:
            number, payload = decode_channel_data(data)
        except ChannelDataDecodeError:
            return
        peer = allocation.peer_of(number, now) if allocation is not None else None
        if allocation is not None and peer is not None:
            self._relay(allocation, payload, peer, now)

    def _relay_indication(self, message: Message, client: Address, now: float) -> None:
        if message.method is Method.BINDING:
            self.keepalives += 1
        allocation = self.allocations.get(client)
        peer = message.address(Attribute.XOR_PEER_ADDRESS)
        payload = message.opaque(Attribute.DATA)
        if allocation is not None and peer is not None and payload is not None:
            self._relay(allocation, payload, peer, now)

    def _relay(self, allocation: TurnAllocation, data: bytes, peer: Address, now: float) -> None:
        relayed = allocation.address_of_family(peer[0])
        if relayed is not None and allocation.permits(peer[0], now):
            allocation.relayed_bytes += len(data)
            self._transmits.append(Transmit(data, len(data), relayed, peer))

    # --- requests -----------------------------------------------------------------------------

    def _answer(self, request: Message, client: Address, now: float) -> None:
        self.requests[request.method] += 1
        if request.method is Method.BINDING and not self.answers_bindings:
            return
        key: bytes | None = None
        try:
            if request.method is Method.BINDING:
                attributes: dict[Attribute, object] = {Attribute.XOR_MAPPED_ADDRESS: client}
            else:
                username, key = self._authenticate(request, now)
                attributes = self._serve(request, client, username, now)
            kind = MessageClass.SUCCESS
        except _RefusedError as refusal:
            kind = MessageClass.ERROR
            attributes = {Attribute.ERROR_CODE: refusal.error, **refusal.attributes}
            key = key if self.signs_errors else None
        response = Message(request.method, kind, request.transaction_id, attributes)
        self._send(response.encode(key, sha256=bool(self.algorithms)), client)

    def _authenticate(self, request: Message, now: float) -> tuple[str, bytes]:
        """Who asks, and the key for the answer (RFC 8489 9.2.4)."""
        if not request.has_integrity:
            raise self._challenge(401, "Unauthenticated", now)
        username = self._username(request)
        password = self.users.get(username)
        if password is None:
            raise self._challenge(401, "Unauthenticated", now)
        algorithm = PasswordAlgorithm.MD5
        choice = request.attributes.get(Attribute.PASSWORD_ALGORITHM)
        if isinstance(choice, AlgorithmChoice):
            algorithm = PasswordAlgorithm(choice.number)
        key = long_term_key(username, REALM, password, algorithm)
        if not request.is_authentic(key):
            raise self._challenge(401, "Unauthenticated", now)
        if request.text(Attribute.NONCE) != self._nonce or now >= self._nonce_ends_at:
            raise self._challenge(438, "Stale Nonce", now)
        return username, key

    def _username(self, request: Message) -> str:
        hashed = request.opaque(Attribute.USERHASH)
        if hashed is None:
            return request.text(Attribute.USERNAME) or ""
        return next((each for each in self.users if user_hash(each, REALM) == hashed), "")

    def _challenge(self, code: int, reason: str, now: float) -> _RefusedError:
        if not self._nonce or now >= self._nonce_ends_at:
            features = (2 if self.hides_usernames else 0) | (1 if self.algorithms else 0)
            encoded = base64.b64encode(features.to_bytes(3)).decode()
            self._nonce = f"obMatJos2{encoded}{self._random_bytes(8).hex()}"
            self._nonce_ends_at = now + self.nonce_lifetime_s
        attributes: dict[Attribute, object] = {
            Attribute.REALM: REALM,
            Attribute.NONCE: self._nonce,
        }
        if self.algorithms:
            offered = tuple(AlgorithmChoice(each) for each in self.algorithms)
            attributes[Attribute.PASSWORD_ALGORITHMS] = offered
        return _RefusedError(code, reason, attributes)

    def _serve(
        self, request: Message, client: Address, username: str, now: float
    ) -> dict[Attribute, object]:
        """Do what an authentic request asks for; the attributes of the response."""
        method = request.method
        in_turn = self.refusals_in_turn.get(method)
        refusal = in_turn.pop(0) if in_turn else self.refusals.get(method)
        if refusal is not None:
            raise _RefusedError(*refusal)
        if method is Method.ALLOCATE:
            return self._allocate(request, client, username, now)
        if method not in _METHODS:
            raise _RefusedError(400, "Bad Request")
        allocation = self.allocations.get(client)
        if allocation is None:
            raise _RefusedError(437, "Allocation Mismatch")
        if allocation.username != username:
            raise _RefusedError(441, "Wrong Credentials")
        if method is Method.REFRESH:
            return self._refresh(allocation, request, now)
        if method is Method.CREATE_PERMISSION:
            return self._create_permission(allocation, request, now)
        return self._bind_channel(allocation, request, now)

    def _allocate(
        self, request: Message, client: Address, username: str, now: float
    ) -> dict[Attribute, object]:
        if self.redirect_to is not None:
            alternate: dict[Attribute, object] = {Attribute.ALTERNATE_SERVER: self.redirect_to}
            if self.redirect_domain is not None:
                alternate[Attribute.ALTERNATE_DOMAIN] = self.redirect_domain
            raise _RefusedError(300, "Try Alternate", alternate)
        allocation = self.allocations.get(client)
        if allocation is not None and allocation.transaction_id != request.transaction_id:
            raise _RefusedError(437, "Allocation Mismatch")
        if request.number(Attribute.REQUESTED_TRANSPORT) != _UDP:
            raise _RefusedError(442, "Unsupported Transport Protocol")
        if allocation is None:
            if sum(a.username == username for a in self.allocations.values()) >= self.quota:
                raise _RefusedError(486, "Allocation Quota Reached")
            relayed = self._open_relays(request)
            expires_at = now + self._lifetime_s(request)
            allocation = TurnAllocation(
                client, username, relayed, expires_at, request.transaction_id
            )
            self.allocations[client] = allocation
        attributes: dict[Attribute, object] = {
            Attribute.XOR_RELAYED_ADDRESS: allocation.relayed,
            Attribute.LIFETIME: round(allocation.expires_at - now),
            Attribute.XOR_MAPPED_ADDRESS: client,
        }
        if request.flag(Attribute.ADDITIONAL_ADDRESS_FAMILY) and len(allocation.relayed) == 1:
            error = AddressErrorCode(2, 440, "Address Family not Supported")
            attributes[Attribute.ADDRESS_ERROR_CODE] = error
        return attributes

    def _open_relays(self, request: Message) -> list[Address]:
        family = request.number(Attribute.REQUESTED_ADDRESS_FAMILY) or 1
        first = self._open_relay(_FAMILIES.get(family, False))
        if first is None:
            raise _RefusedError(440, "Address Family not Supported")
        second = None
        if request.flag(Attribute.ADDITIONAL_ADDRESS_FAMILY):
            second = self._open_relay(True)
        return [first] if second is None else [first, second]

    def _lifetime_s(self, request: Message) -> int:
        asked_s = request.number(Attribute.LIFETIME) or 0
        return min(max(asked_s, self.min_lifetime_s), self.max_lifetime_s)

    def _refresh(
        self, allocation: TurnAllocation, request: Message, now: float
    ) -> dict[Attribute, object]:
        lifetime_s = 0
        if request.number(Attribute.LIFETIME) == 0:
            self._end(allocation.client)
        else:
            lifetime_s = self._lifetime_s(request)
            allocation.expires_at = now + lifetime_s
        return {Attribute.LIFETIME: lifetime_s}

    def _create_permission(
        self, allocation: TurnAllocation, request: Message, now: float
    ) -> dict[Attribute, object]:
        peers = request.values(Attribute.XOR_PEER_ADDRESS)
        for peer in peers:
            if isinstance(peer, tuple):
                self._check_family(allocation, peer[0])
                allocation.permit(peer[0], now)
        if not peers:
            raise _RefusedError(400, "Bad Request")
        return {}

    def _bind_channel(
        self, allocation: TurnAllocation, request: Message, now: float
    ) -> dict[Attribute, object]:
        peer = request.address(Attribute.XOR_PEER_ADDRESS)
        number = request.number(Attribute.CHANNEL_NUMBER) or 0
        if peer is None or not FIRST_CHANNEL <= number <= LAST_CHANNEL:
            raise _RefusedError(400, "Bad Request")
        self._check_family(allocation, peer[0])
        if not allocation.bind(number, peer, now):
            raise _RefusedError(400, "Bad Request")
        return {}

    def _check_family(self, allocation: TurnAllocation, ip: str) -> None:
        if allocation.address_of_family(ip) is None:
            raise _RefusedError(443, "Peer Address Family Mismatch")

    def _end(self, client: Address) -> None:
        for relayed in self.allocations.pop(client).relayed:
            self._close_relay(relayed)
