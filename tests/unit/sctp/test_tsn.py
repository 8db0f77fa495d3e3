from frazil.sctp.tsn import MAX_DUPLICATES, MAX_RANGES, MAX_SPAN, ReceivedTsns


def received(*tsns, initial=100):
    record = ReceivedTsns(initial)
    for tsn in tsns:
        assert record.is_new(tsn)
        record.add(tsn)
    return record


def test_in_order():
    record = received(100, 101, 102)
    assert (record.cumulative, record.gaps(9)) == (102, [])


def test_nothing_yet():
    assert ReceivedTsns(0).cumulative == -1


def test_a_gap_and_its_closing():
    record = received(100, 102, 103, 105)
    assert (record.cumulative, record.gaps(9)) == (100, [(2, 3), (5, 5)])
    record.add(101)
    assert (record.cumulative, record.gaps(9)) == (103, [(2, 2)])
    record.add(104)
    assert (record.cumulative, record.gaps(9)) == (105, [])
    assert not record.firsts


def test_ranges_join_on_either_side():
    record = received(110, 112, 111, 109, 113, 105)
    assert record.gaps(9) == [(6, 6), (10, 14)]
    assert record.gaps(1) == [(6, 6)]


def test_duplicates_are_noted_below_and_above():
    record = received(100, 102, 103)
    for tsn in (99, 100, 102, 103):
        assert not record.is_new(tsn)
    assert record.duplicates == [99, 100, 102, 103]
    assert record.is_new(101)
    assert record.is_new(104)


def test_duplicates_are_bounded():
    record = received(100)
    for _ in range(2 * MAX_DUPLICATES):
        record.is_new(100)
    assert len(record.duplicates) == MAX_DUPLICATES


def test_ranges_are_bounded():
    record = received(*range(102, 102 + 2 * MAX_RANGES, 2))
    assert not record.can_hold(102 + 2 * MAX_RANGES)


def test_span_is_bounded():
    record = received(100)
    assert record.can_hold(100 + MAX_SPAN)
    assert not record.can_hold(101 + MAX_SPAN)


def test_skip_over_holes():
    record = received(100, 102, 104, 105, 108)
    record.skip_to(103)
    assert (record.cumulative, record.gaps(9)) == (105, [(3, 3)])


def test_skip_into_a_range():
    record = received(100, 102, 103, 104, 106)
    record.skip_to(103)
    assert (record.cumulative, record.gaps(9)) == (104, [(2, 2)])


def test_skip_far_ahead():
    record = received(100, 102, 104)
    record.skip_to(1000)
    assert (record.cumulative, record.gaps(9)) == (1000, [])


def test_skip_back_changes_nothing():
    record = received(100, 101, 103)
    record.skip_to(50)
    assert (record.cumulative, record.gaps(9)) == (101, [(2, 2)])
