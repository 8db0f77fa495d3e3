from frazil.ice import Traffic


def test_nothing_was_carried_at_first():
    traffic = Traffic()
    assert (traffic.packets_sent, traffic.bytes_sent, traffic.sent_at) == (0, 0, None)
    assert (traffic.packets_received, traffic.bytes_received, traffic.received_at) == (0, 0, None)


def test_batches_add_up_in_each_direction_by_itself():
    traffic = Traffic()
    traffic.note_sent(3, 3600, 1.0)
    traffic.note_sent(1, 50, 2.0)
    traffic.note_received(2, 70, 1.5)
    assert (traffic.packets_sent, traffic.bytes_sent, traffic.sent_at) == (4, 3650, 2.0)
    assert (traffic.packets_received, traffic.bytes_received, traffic.received_at) == (2, 70, 1.5)
