import pytest

from frazil.stun import Transaction, TransactionStep, new_transaction_id

ID = bytes(12)


def run(transaction):
    """The (instant, step) of every timeout, taken exactly when due."""
    steps = []
    while (deadline := transaction.next_timeout()) is not None:
        steps.append((deadline, transaction.handle_timeout(deadline)))
    return steps


def test_the_schedule_of_rfc_8489():
    transaction = Transaction(ID, 100.0)
    assert run(transaction) == [
        (100.5, TransactionStep.RETRANSMIT),
        (101.5, TransactionStep.RETRANSMIT),
        (103.5, TransactionStep.RETRANSMIT),
        (107.5, TransactionStep.RETRANSMIT),
        (115.5, TransactionStep.RETRANSMIT),
        (131.5, TransactionStep.RETRANSMIT),
        (139.5, TransactionStep.EXPIRED),
    ]
    assert transaction.sends == 7
    assert transaction.started_at == 100.0
    assert transaction.last_sent_at == 131.5


def test_the_schedule_scales():
    transaction = Transaction(ID, 0.0, rto_s=0.25, max_sends=2, last_wait=4)
    assert run(transaction) == [
        (0.25, TransactionStep.RETRANSMIT),
        (1.25, TransactionStep.EXPIRED),
    ]


def test_a_single_send_waits_the_last_wait():
    transaction = Transaction(ID, 0.0, rto_s=0.5, max_sends=1, last_wait=3)
    assert run(transaction) == [(1.5, TransactionStep.EXPIRED)]


def test_early_calls_do_nothing():
    transaction = Transaction(ID, 0.0)
    assert transaction.handle_timeout(0.499) is TransactionStep.WAIT
    assert transaction.next_timeout() == 0.5
    assert transaction.sends == 1
    assert transaction.last_sent_at == 0.0


def test_a_late_call_sends_once_and_moves_the_rest():
    transaction = Transaction(ID, 0.0)
    assert transaction.handle_timeout(10.0) is TransactionStep.RETRANSMIT
    assert transaction.sends == 2
    assert transaction.last_sent_at == 10.0
    assert transaction.next_timeout() == 11.0
    assert transaction.handle_timeout(10.0) is TransactionStep.WAIT


def test_a_repetition_keeps_the_schedule_and_blurs_the_round_trip():
    transaction = Transaction(ID, 0.0)
    assert transaction.rtt_s(0.2) == 0.2
    transaction.repeat(0.25)
    assert transaction.next_timeout() == 0.25
    assert transaction.handle_timeout(0.24) is TransactionStep.WAIT
    assert transaction.rtt_s(0.24) == 0.24
    assert transaction.handle_timeout(0.25) is TransactionStep.RETRANSMIT
    assert (transaction.repeats, transaction.sends, transaction.last_sent_at) == (1, 1, 0.25)
    assert transaction.next_timeout() == 0.5
    assert transaction.rtt_s(0.3) is None
    assert transaction.handle_timeout(0.3) is TransactionStep.WAIT


def test_a_repetition_happens_once_however_often_it_is_asked_for():
    transaction = Transaction(ID, 0.0)
    transaction.repeat(0.1)
    transaction.repeat(0.2)
    assert transaction.handle_timeout(0.3) is TransactionStep.RETRANSMIT
    assert (transaction.repeats, transaction.next_timeout()) == (1, 0.5)


def test_no_repetition_where_the_schedule_is_as_quick():
    transaction = Transaction(ID, 0.0)
    transaction.repeat(0.5)
    assert transaction.handle_timeout(0.5) is TransactionStep.RETRANSMIT
    assert (transaction.repeats, transaction.sends) == (0, 2)
    transaction.repeat(1.0)
    assert transaction.handle_timeout(1.6) is TransactionStep.RETRANSMIT  # late: one send for both
    assert (transaction.repeats, transaction.sends, transaction.next_timeout()) == (0, 3, 3.6)


def test_what_is_over_is_not_repeated():
    transaction = Transaction(ID, 0.0)
    transaction.repeat(0.25)
    transaction.finish()
    assert transaction.next_timeout() is None
    transaction.repeat(0.3)
    assert transaction.next_timeout() is None
    assert transaction.handle_timeout(0.4) is TransactionStep.WAIT


def test_expired_is_told_once():
    transaction = Transaction(ID, 0.0, max_sends=1)
    assert transaction.handle_timeout(8.0) is TransactionStep.EXPIRED
    assert transaction.next_timeout() is None
    assert transaction.handle_timeout(9.0) is TransactionStep.WAIT


def test_finished_is_silent():
    transaction = Transaction(ID, 0.0)
    transaction.finish()
    assert transaction.next_timeout() is None
    assert transaction.handle_timeout(1000.0) is TransactionStep.WAIT
    assert transaction.sends == 1
    transaction.finish()
    assert transaction.next_timeout() is None


def test_round_trip_is_measured_only_of_a_single_send():
    transaction = Transaction(ID, 5.0)
    assert transaction.rtt_s(5.125) == 0.125
    transaction.finish()
    assert transaction.rtt_s(5.125) == 0.125
    again = Transaction(ID, 5.0)
    again.handle_timeout(5.5)
    assert again.rtt_s(5.6) is None


@pytest.mark.parametrize(
    "limits",
    [{"rto_s": 0.0}, {"rto_s": -1.0}, {"max_sends": 0}, {"last_wait": 0}],
)
def test_limits_are_positive(limits):
    with pytest.raises(ValueError, match="positive"):
        Transaction(ID, 0.0, **limits)


def test_the_id_has_12_bytes():
    with pytest.raises(ValueError, match="12 bytes"):
        Transaction(bytes(11), 0.0)


def test_a_new_id_is_12_bytes_of_the_source():
    asked = []

    def random_bytes(size):
        asked.append(size)
        return bytes(range(size))

    assert new_transaction_id(random_bytes) == bytes(range(12))
    assert asked == [12]


@pytest.mark.interpreted  # compiled classes have no __slots__
def test_what_begins_again_is_as_new():
    limits = {"rto_s": 0.25, "max_sends": 3, "last_wait": 2}
    used = Transaction(ID, 5.0, **limits)
    run(used)
    used.repeat(6.0)
    used.begin_again(bytes([7]) * 12, 10.0)
    new = Transaction(bytes([7]) * 12, 10.0, **limits)
    for transaction in (used, new):
        assert transaction.handle_timeout(10.3) is TransactionStep.RETRANSMIT
    assert {name: getattr(used, name) for name in Transaction.__slots__} == {
        name: getattr(new, name) for name in Transaction.__slots__
    }
