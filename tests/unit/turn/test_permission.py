import pytest

from frazil.stun import Attribute, ErrorCode, Message, MessageClass, Method
from frazil.turn import MAX_HELD, MAX_PERMISSIONS, PermissionFailed, TurnState
from support.turn_pair import CLIENT, PEER, TurnPair, seen

IP = PEER[0]
CREATE_PERMISSION = (Method.CREATE_PERMISSION, MessageClass.REQUEST)


def failures(pair):
    return [event for _, event in pair.events if isinstance(event, PermissionFailed)]


def test_permissions_wanted_before_the_allocation_are_asked_for_at_once():
    pair = TurnPair()
    pair.client.create_permission(IP, 0.0)
    pair.client.allocate(0.0)
    pair.client.create_permission("203.0.113.6", 0.0)
    pair.run(1)
    assert pair.requests(Method.CREATE_PERMISSION) == [0.04, 0.04]
    assert pair.kinds() == ["Allocated"]


def test_a_permission_is_asked_for_once_however_it_is_written():
    pair = TurnPair()
    pair.allocate()
    for ip in (IP, "::ffff:203.0.113.5", IP):
        pair.client.create_permission(ip, pair.now)
    pair.run(1)
    pair.client.create_permission(IP, pair.now)
    pair.run(1)
    assert len(pair.requests(Method.CREATE_PERMISSION)) == 1
    (allocation,) = pair.service.allocations.values()
    assert list(allocation.permissions) == [IP]


def test_an_address_that_is_none():
    pair = TurnPair()
    with pytest.raises(ValueError, match="name"):
        pair.client.create_permission("name.local", 0.0)
    with pytest.raises(ValueError, match="name"):
        pair.client.drop_permission("name.local")


def test_it_is_renewed_every_four_minutes_until_it_is_dropped():
    pair = TurnPair()
    pair.allocate()
    pair.client.create_permission(IP, pair.now)
    pair.run(1000)
    assert pair.requests(Method.CREATE_PERMISSION) == [1.0, 241.0, 481.0, 721.0, 961.0]
    pair.client.drop_permission(IP)
    pair.sent.clear()
    pair.run(1000)
    assert pair.requests(Method.CREATE_PERMISSION) == []
    assert pair.events == []


def test_a_dropped_one_lasts_until_it_ends_at_the_server():
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    pair.client.drop_permission(IP)
    pair.run(295)
    pair.client.send(b"there", PEER, pair.now)
    pair.from_peer(b"back")
    pair.run(1)
    assert pair.at_peers == [(b"there", PEER)]
    assert [each.data for each in pair.received] == [b"back"]
    pair.run(10)
    pair.client.send(b"late", PEER, pair.now)
    assert pair.trace.counters == {"turn-send-unpermitted": 1}


def test_a_dropped_one_that_is_wanted_again_is_asked_for_at_once():
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    pair.client.drop_permission(IP)
    pair.run(100)
    pair.client.create_permission(IP, pair.now)
    pair.run(300)
    assert pair.requests(Method.CREATE_PERMISSION) == [102.0, 342.0]
    assert pair.service.allocations[CLIENT].permits(IP, pair.now)


def test_a_renewal_that_is_answered_after_the_drop_prolongs_nothing():
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    pair.run(241 - pair.now)
    pair.flush()
    assert len(pair.requests(Method.CREATE_PERMISSION)) == 1
    pair.client.drop_permission(IP)
    pair.run(301 - pair.now)
    pair.client.send(b"late", PEER, pair.now)
    assert pair.trace.counters == {"turn-send-unpermitted": 1}


def test_datagrams_wait_for_the_permission_in_order():
    pair = TurnPair()
    pair.allocate()
    pair.client.create_permission(IP, pair.now)
    pair.client.send(b"1", PEER, pair.now)
    pair.client.send(b"2", (IP, 7), pair.now)
    pair.flush()
    assert [seen(data) for _, data in pair.sent] == [CREATE_PERMISSION]
    pair.client.send(b"3", PEER, pair.now)
    pair.run(1)
    assert pair.at_peers == [(b"1", PEER), (b"2", (IP, 7)), (b"3", PEER)]


def test_only_so_many_datagrams_wait():
    pair = TurnPair()
    pair.allocate()
    pair.client.create_permission(IP, pair.now)
    assert MAX_HELD == 16
    for number in range(MAX_HELD + 3):
        pair.client.send(b"%d" % number, PEER, pair.now)
    pair.run(1)
    assert [data for data, _ in pair.at_peers] == [b"%d" % number for number in range(MAX_HELD)]
    assert pair.trace.counters == {"turn-held-overflow": 3}


def test_a_refusal_is_reported_and_what_waited_is_lost():
    pair = TurnPair()
    pair.allocate()
    pair.service.refusals = {Method.CREATE_PERMISSION: ErrorCode(403, "Forbidden IP")}
    pair.client.create_permission(IP, pair.now)
    pair.client.send(b"lost", PEER, pair.now)
    pair.run(1)
    assert failures(pair) == [
        PermissionFailed(IP, 403, "the server forbids this by its policy"),
    ]
    pair.client.send(b"lost too", PEER, pair.now)
    pair.run(1)
    assert pair.at_peers == []
    assert pair.trace.counters == {"turn-send-unpermitted": 1}
    assert pair.client.state is TurnState.ALLOCATED


def test_after_a_refusal_it_can_be_asked_for_again():
    pair = TurnPair()
    pair.allocate()
    pair.service.refusals = {Method.CREATE_PERMISSION: ErrorCode(508)}
    pair.client.create_permission(IP, pair.now)
    pair.run(1)
    assert [failure.code for failure in failures(pair)] == [508]
    pair.service.refusals = {}
    pair.permit()
    pair.client.send(b"now", PEER, pair.now)
    pair.run(1)
    assert pair.at_peers == [(b"now", PEER)]


def test_no_answer_is_a_failure():
    pair = TurnPair()
    pair.allocate()
    pair.service.silent = True
    pair.client.create_permission(IP, pair.now)
    pair.run(39.4)
    assert failures(pair) == []
    pair.run(0.2)
    assert failures(pair) == [PermissionFailed(IP, None, "the server does not answer")]


def test_the_other_family_is_not_even_asked_for():
    pair = TurnPair()
    pair.client.create_permission("2001:db8::5", 0.0)
    pair.client.allocate(0.0)
    pair.run(1)
    pair.client.create_permission("2001:db8::6", pair.now)
    pair.run(1)
    assert [(failure.ip, failure.code) for failure in failures(pair)] == [
        ("2001:db8::5", 443),
        ("2001:db8::6", 443),
    ]
    assert pair.requests(Method.CREATE_PERMISSION) == []


def test_there_are_only_so_many():
    pair = TurnPair()
    pair.allocate()
    for number in range(MAX_PERMISSIONS + 1):
        pair.client.create_permission(f"203.0.113.{number + 1}", pair.now)
    pair.run(1)
    (failure,) = failures(pair)
    assert failure.ip == f"203.0.113.{MAX_PERMISSIONS + 1}"
    assert failure.code is None
    assert "more than 100" in failure.text
    pair.client.drop_permission("203.0.113.1")
    pair.client.create_permission(failure.ip, pair.now)
    pair.run(1)
    assert len(failures(pair)) == 1
    assert pair.service.requests[Method.CREATE_PERMISSION] == MAX_PERMISSIONS + 1


def test_the_oldest_that_is_not_wanted_makes_room():
    pair = TurnPair()
    pair.allocate()
    ips = [f"203.0.113.{number + 1}" for number in range(MAX_PERMISSIONS + 1)]
    pair.permit(*ips[:-1])
    pair.client.drop_permission(ips[5])
    pair.client.drop_permission(ips[3])
    pair.permit(ips[-1])
    assert failures(pair) == []
    for ip in (ips[3], ips[5], ips[-1]):
        pair.client.send(b"x", (ip, 1), pair.now)
    pair.run(1)
    assert [peer for _, peer in pair.at_peers] == [(ips[5], 1), (ips[-1], 1)]


def test_a_renewal_that_got_lost_is_repeated_before_the_end():
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    pair.loses = lambda data: 230 < pair.now < 285
    pair.run(310)
    (allocation,) = pair.service.allocations.values()
    assert allocation.permits(IP, pair.now)
    assert failures(pair) == []


def test_a_renewal_without_an_answer_is_repeated_at_once():
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    pair.loses = lambda data: pair.now > 2 and seen(data) == CREATE_PERMISSION
    pair.run(290)
    asked = pair.requests(Method.CREATE_PERMISSION)
    assert [at for at in asked if at > 273] == [280.5, 281.0, 282.0, 284.0, 288.0]


def test_an_expired_permission_holds_datagrams_until_it_is_back():
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    pair.loses = lambda data: 230 < pair.now < 305
    pair.run(301.5 - pair.now)
    pair.client.send(b"held", PEER, pair.now)
    pair.run(0.5)
    assert pair.at_peers == []
    pair.run(60)
    assert pair.at_peers == [(b"held", PEER)]
    assert failures(pair) == []


def test_a_renewal_that_never_gets_through_fails_after_the_end():
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    pair.loses = lambda data: seen(data) == CREATE_PERMISSION
    pair.run(400)
    (failure,) = failures(pair)
    assert (failure.ip, failure.code) == (IP, None)
    assert 301 < pair.events[0][0] < 340


def test_a_server_in_trouble_keeps_the_permission():
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    pair.service.refusals = {Method.CREATE_PERMISSION: ErrorCode(500)}
    pair.run(270)
    assert failures(pair) == []
    asked = pair.requests(Method.CREATE_PERMISSION)
    assert asked[0] == pytest.approx(241.0)
    assert asked[1] - asked[0] == pytest.approx(5.02)


def test_the_answer_for_a_dropped_permission_is_ignored():
    pair = TurnPair()
    pair.allocate()
    pair.client.create_permission(IP, pair.now)
    pair.client.send(b"held", PEER, pair.now)
    pair.flush()
    pair.client.drop_permission(IP)
    pair.run(400)
    assert pair.at_peers == []
    assert len(pair.requests(Method.CREATE_PERMISSION)) == 1


def test_an_ended_client_wants_none():
    pair = TurnPair()
    pair.allocate()
    pair.client.close(pair.now)
    pair.client.create_permission(IP, pair.now)
    pair.client.drop_permission(IP)
    pair.run(1)
    assert pair.requests(Method.CREATE_PERMISSION) == []


def test_each_request_is_about_one_address():
    pair = TurnPair()
    pair.allocate()
    pair.client.create_permission(IP, pair.now)
    pair.client.create_permission("203.0.113.6", pair.now)
    pair.flush()
    found = [Message.decode(data).values(Attribute.XOR_PEER_ADDRESS) for _, data in pair.sent]
    assert found == [[(IP, 0)], [("203.0.113.6", 0)]]
