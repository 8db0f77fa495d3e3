import pytest

from frazil.stun import Attribute, ErrorCode, Message, MessageClass, Method
from frazil.turn import AllocationFailed, AllocationLost, Confirmed, RelayProtocol, TurnState
from support.turn_pair import DELAY_S, PEER, TurnPair, config, seen

MINUTE_S = 60.0
REFRESH = (Method.REFRESH, MessageClass.REQUEST)


def only_event(pair):
    ((_, event),) = pair.events
    return event


# --- keeping it -------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [10, 30, 60])
@pytest.mark.parametrize("with_traffic", [False, True])
def test_it_outlives_every_lifetime(minutes, with_traffic):
    pair = TurnPair()
    pair.service.nonce_lifetime_s = 900.0  # several nonces on the way
    pair.allocate()
    pair.permit()
    if with_traffic:
        pair.client.bind_channel(PEER, pair.now)
    for minute in range(minutes):
        if with_traffic:
            pair.client.send(b"%d" % minute, PEER, pair.now)
        pair.run(MINUTE_S)
    assert pair.events == []
    assert pair.client.state is TurnState.ALLOCATED
    pair.client.send(b"last", PEER, pair.now)
    pair.from_peer(b"back")
    pair.run(1)
    assert pair.at_peers[-1] == (b"last", PEER)
    assert len(pair.at_peers) == 1 + with_traffic * minutes
    assert [datagram.data for datagram in pair.received] == [b"back"]
    refreshes = pair.requests(Method.REFRESH)
    assert refreshes[0] == pytest.approx(2 * DELAY_S + 500)
    assert len(refreshes) == pytest.approx(minutes * 60 / 500, abs=minutes / 15 + 1)


def test_a_short_lifetime_is_refreshed_in_time():
    pair = TurnPair(config(lifetime_s=30))
    pair.service.min_lifetime_s = 30
    pair.allocate()
    pair.run(120)
    assert pair.requests(Method.REFRESH)[:2] == [
        pytest.approx(2 * DELAY_S + 25),
        pytest.approx(2 * DELAY_S + 50),
    ]
    refresh = next(data for _, data in pair.sent if seen(data) == REFRESH)
    assert Message.decode(refresh).number(Attribute.LIFETIME) == 30
    assert pair.events == []


def test_refreshes_survive_a_lossy_hour():
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    pair.client.bind_channel(PEER, pair.now)
    count = iter(range(1_000_000))
    pair.loses = lambda data: next(count) % 3 == 0
    pair.run(3600)
    assert pair.events == []
    pair.loses = lambda data: False
    pair.from_peer(b"still")
    pair.run(1)
    assert pair.received[-1].data == b"still"


def test_a_blackout_at_the_time_of_the_refresh_is_survived():
    pair = TurnPair()
    pair.allocate()
    pair.run(490)
    pair.loses = lambda data: True
    pair.run(60)  # the whole first transaction, 500 to 539.5
    pair.loses = lambda data: False
    pair.run(600)
    assert pair.events == []
    assert pair.client.state is TurnState.ALLOCATED


def test_an_allocation_that_cannot_be_refreshed_is_lost_when_it_expires():
    pair = TurnPair()
    pair.allocate()
    pair.service.silent = True
    pair.run(700)
    ((at, event),) = pair.events
    assert isinstance(event, AllocationLost)
    assert at == pytest.approx(2 * DELAY_S + 600)
    assert event.code is None
    assert event.text == "No refresh of the allocation got through in time."
    assert event.change.reason.cause == "expired"
    assert event.change.reason.deadline_at == pytest.approx(at)
    assert pair.client.relayed_addresses == ()
    assert pair.client.next_timeout() is None


def test_a_server_that_forgot_the_allocation():
    pair = TurnPair()
    pair.allocate()
    pair.service.forget_allocations()
    pair.run(600)
    ((at, event),) = pair.events
    assert isinstance(event, AllocationLost)
    assert at == pytest.approx(500 + 4 * DELAY_S)
    assert event.code == 437
    assert event.text == "The server has no allocation for our address and port any more."
    assert event.change.reason.cause == "allocation-unknown"


def test_a_permission_finds_out_sooner():
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    pair.service.forget_allocations()
    pair.run(300)
    ((at, event),) = pair.events
    assert isinstance(event, AllocationLost)
    assert 240 < at < 242
    assert event.code == 437


def test_several_permissions_find_out_at_once():
    pair = TurnPair()
    pair.service.signs_errors = False
    pair.allocate()
    pair.permit(PEER[0], "203.0.113.6", "203.0.113.7")
    pair.service.forget_allocations()
    pair.run(300)
    assert pair.kinds() == ["AllocationLost"]
    assert 242 < pair.events[0][0] < 245


def test_a_refusal_that_makes_no_sense_leads_to_a_refresh():
    # A server that restarted and says 400 where it should say 437.
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    pair.service.refusals = {Method.CREATE_PERMISSION: ErrorCode(400)}
    pair.service.forget_allocations()
    pair.run(300)
    assert pair.kinds() == ["PermissionFailed", "AllocationLost"]
    assert [event.code for _, event in pair.events] == [400, 437]
    assert pair.events[1][0] < 242


def test_a_refusal_that_is_about_the_peer_does_not():
    pair = TurnPair()
    pair.allocate()
    pair.service.refusals = {Method.CREATE_PERMISSION: ErrorCode(403)}
    pair.client.create_permission(PEER[0], pair.now)
    pair.run(10)
    assert pair.kinds() == ["PermissionFailed"]
    assert pair.requests(Method.REFRESH) == []


@pytest.mark.parametrize("code", [400, 401, 403, 441])
def test_a_refresh_that_is_refused_for_good(code):
    pair = TurnPair()
    pair.allocate()
    pair.service.refusals = {Method.REFRESH: ErrorCode(code)}
    pair.run(501)
    event = only_event(pair)
    assert isinstance(event, AllocationLost)
    assert event.code == code
    assert event.change.reason.cause == "refresh-refused"


def test_a_server_in_trouble_is_asked_again():
    pair = TurnPair()
    pair.allocate()
    pair.service.refusals = {Method.REFRESH: ErrorCode(500)}
    pair.run(518)
    assert len(pair.requests(Method.REFRESH)) == 4  # every 5 s
    pair.service.refusals = {}
    pair.run(600)
    assert pair.events == []


# --- nonces -----------------------------------------------------------------------------------


def test_a_stale_nonce_is_replaced_wherever_it_is_used():
    pair = TurnPair()
    pair.allocate()
    pair.service.expire_nonces()
    pair.client.create_permission(PEER[0], pair.now)
    pair.client.create_permission("203.0.113.6", pair.now)
    pair.client.bind_channel(PEER, pair.now)
    pair.run(1)
    assert pair.events == []
    assert len(pair.sent) == 6
    pair.client.create_permission("203.0.113.7", pair.now)
    pair.run(1)
    assert len(pair.sent) == 7


def test_a_nonce_that_is_always_stale():
    pair = TurnPair()
    pair.service.nonce_lifetime_s = 0.0
    pair.client.allocate(0.0)
    pair.run(60)
    event = only_event(pair)
    assert isinstance(event, AllocationFailed)
    assert event.code == 438
    assert event.text == "The server called the nonce stale twice in a row."
    assert len(pair.sent) == 3


def test_a_stale_nonce_for_a_refresh_is_not_the_end():
    pair = TurnPair()
    pair.allocate()
    pair.service.nonce_lifetime_s = 0.0
    pair.service.expire_nonces()
    pair.run(510)
    pair.service.nonce_lifetime_s = 3600.0
    pair.run(600)
    assert pair.events == []


# --- the NAT in front of us -------------------------------------------------------------------


def test_silence_is_broken_for_the_sake_of_nats():
    pair = TurnPair()
    pair.allocate()
    pair.run(61 - pair.now)
    keepalive = (Method.BINDING, MessageClass.INDICATION)
    assert [round(at, 3) for at, data in pair.sent if seen(data) == keepalive] == [
        15.04,
        30.04,
        45.04,
        60.04,
    ]


@pytest.mark.parametrize("with_channel", [False, True])
def test_traffic_needs_no_keepalive(with_channel):
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    if with_channel:
        pair.client.bind_channel(PEER, pair.now)
        pair.run(1)
    for _ in range(12):
        pair.client.send(b"x", PEER, pair.now)
        pair.run(10)
    assert pair.service.keepalives == 0


# --- asking whether it is still there ---------------------------------------------------------


def test_a_living_allocation_is_confirmed_once():
    pair = TurnPair()
    pair.allocate()
    pair.client.confirm(pair.now)
    pair.client.confirm(pair.now)
    pair.run(1)
    assert only_event(pair) == Confirmed()
    assert len(pair.requests(Method.REFRESH)) == 1
    pair.client.confirm(pair.now)
    pair.run(1)
    assert [type(event) for _, event in pair.events] == [Confirmed, Confirmed]


def test_an_ordinary_refresh_confirms_nothing():
    pair = TurnPair()
    pair.allocate()
    pair.run(510)
    assert len(pair.requests(Method.REFRESH)) == 1
    assert pair.events == []


def test_a_forgotten_allocation_is_not_confirmed_but_lost():
    pair = TurnPair()
    pair.allocate()
    pair.service.forget_allocations()
    pair.client.confirm(pair.now)
    pair.run(1)
    assert only_event(pair).code == 437
    pair.client.confirm(pair.now)
    pair.run(1)
    assert len(pair.events) == 1


def test_confirmation_waits_for_a_server_that_is_slow_to_answer():
    pair = TurnPair()
    pair.allocate()
    pair.service.silent = True
    pair.client.confirm(pair.now)
    pair.run(100)
    assert pair.events == []
    pair.service.silent = False
    pair.run(60)
    assert only_event(pair) == Confirmed()


def test_what_builds_on_the_allocation_is_asked_for_once_more_and_passes_again():
    pair = TurnPair()
    pair.allocate()
    pair.client.bind_channel(PEER, pair.now)
    pair.run(1)
    (allocation,) = pair.service.allocations.values()
    allocation.permissions.clear()
    allocation.channels.clear()
    pair.client.confirm(pair.now)
    pair.client.confirm(pair.now)
    pair.run(1)
    assert len(pair.requests(Method.CREATE_PERMISSION)) == 2
    assert len(pair.requests(Method.CHANNEL_BIND)) == 2
    pair.client.send(b"there", PEER, pair.now)
    pair.run(1)
    assert pair.at_peers == [(b"there", PEER)]


def test_what_is_unanswered_is_asked_for_at_once_as_if_for_the_first_time():
    pair = TurnPair()
    pair.allocate()
    pair.client.bind_channel(PEER, pair.now)
    pair.run(1)
    pair.service.silent = True
    pair.client.confirm(pair.now)
    pair.run(17)  # it was repeated after 15.5 s, and will be after 31.5 s
    asked = len(pair.sent)
    pair.client.confirm(pair.now)
    pair.run(3.6)
    kinds = [seen(data)[0] for _, data in pair.sent[asked:]]
    for method in (Method.REFRESH, Method.CREATE_PERMISSION, Method.CHANNEL_BIND):
        assert kinds.count(method) == 4  # after 0, 0.5, 1.5 and 3.5 s
    pair.service.silent = False
    pair.run(5)
    assert only_event(pair) == Confirmed()


def test_what_was_sent_a_moment_ago_is_not_repeated():
    pair = TurnPair()
    pair.allocate()
    pair.service.silent = True
    for _ in range(4):
        pair.client.confirm(pair.now)
        pair.run(0.1)
    assert len(pair.requests(Method.REFRESH)) == 1


def test_over_a_stream_nothing_is_repeated():
    pair = TurnPair(config(protocol=RelayProtocol.TCP))
    pair.allocate()
    pair.service.silent = True
    for _ in range(3):
        pair.client.confirm(pair.now)
        pair.run(5)
    assert len(pair.requests(Method.REFRESH)) == 1


def test_without_an_allocation_there_is_nothing_to_confirm():
    pair = TurnPair()
    pair.client.confirm(pair.now)
    pair.flush()
    assert pair.sent == []


# --- credentials that expire ------------------------------------------------------------------


def expire(pair, *, nonce=False):
    """The server knows a new password only, and the client was told of it."""
    pair.service.users = {"user": "fresh"}
    pair.client.set_credentials("user", "fresh")
    if nonce:
        pair.service.expire_nonces()


@pytest.mark.parametrize("nonce", [False, True])
def test_new_credentials_refresh_what_the_old_ones_made(nonce):
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    expire(pair, nonce=nonce)
    pair.run(1200)
    assert pair.events == []
    assert pair.client.state is TurnState.ALLOCATED


def test_credentials_that_are_good_stay_in_use():
    pair = TurnPair()
    pair.allocate()
    pair.client.set_credentials("user", "of no use yet")
    pair.run(1200)
    assert pair.events == []


def test_new_credentials_that_are_wrong_as_well_end_it():
    pair = TurnPair()
    pair.allocate()
    expire(pair)
    pair.service.users = {}
    pair.run(600)
    assert (only_event(pair).code, type(only_event(pair))) == (401, AllocationLost)
    assert len(pair.requests(Method.REFRESH)) == 2


def test_a_server_that_ties_the_allocation_to_its_username_says_so():
    pair = TurnPair()
    pair.allocate()
    pair.service.users = {"later": "password"}
    pair.client.set_credentials("later", "password")
    pair.run(600)
    assert (only_event(pair).code, type(only_event(pair))) == (441, AllocationLost)


def test_two_requests_under_way_both_get_the_new_proof():
    pair = TurnPair()
    pair.allocate()
    expire(pair)
    pair.client.create_permission("203.0.113.5", pair.now)
    pair.client.create_permission("203.0.113.6", pair.now)
    pair.run(10)
    assert pair.events == []
    assert [a.permits("203.0.113.6", pair.now) for a in pair.service.allocations.values()] == [True]
    assert [a.permits("203.0.113.5", pair.now) for a in pair.service.allocations.values()] == [True]
