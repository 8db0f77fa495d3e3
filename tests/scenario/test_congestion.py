"""Bulk over a shared bottleneck, in virtual time: how much comes through, how long others wait."""

import pytest

from frazil.sctp import SctpConfig
from support.bottleneck import Bottleneck, SctpFlow, TcpFlow, fairness

PAYLOAD = 0.92
"""The part of a full path that is user data."""


def flowing(*flows, warm_up_s=2.0, **path):
    network = Bottleneck(**path)
    for flow in flows:
        network.add(flow)
    network.run_for(warm_up_s)
    return network


def test_a_path_without_loss_is_filled_without_a_queue():
    network = flowing(SctpFlow())
    dropped = network.dropped
    assert network.measure(3)[0] >= 0.95 * PAYLOAD
    assert network.delay_s < 0.006
    assert network.dropped == dropped


def test_one_percent_of_random_loss_costs_little():
    network = flowing(SctpFlow(), loss=0.01)
    assert network.measure(4)[0] >= 0.8
    assert network.delay_s < 0.005


@pytest.mark.parametrize("seed", [3, 6])
def test_losses_that_come_in_clusters_do_not_end_the_start_of_a_fast_path(seed):
    network = flowing(SctpFlow(seed), warm_up_s=0.5, rate_bps=300e6, loss=0.01, seed=seed)
    assert network.measure(0.5)[0] >= 0.8


def test_five_percent_of_random_loss_do_not_stop_it():
    network = flowing(SctpFlow(), loss=0.05)
    assert network.measure(4)[0] >= 0.2


@pytest.mark.parametrize("rate_bps", [1e6, 200e6])
def test_slow_and_fast_paths_are_filled(rate_bps):
    network = flowing(SctpFlow(), rate_bps=rate_bps, queue_s=0.05)
    assert network.measure(1e8 / max(rate_bps, 5e7))[0] >= 0.9 * PAYLOAD


def test_a_deep_queue_stays_empty():
    network = flowing(SctpFlow(), queue_s=0.5)
    assert network.measure(3)[0] >= 0.95 * PAYLOAD
    assert network.delay_s < 0.006


def test_a_shallow_queue_is_enough():
    network = flowing(SctpFlow(), queue_s=0.004)
    before = network.dropped
    assert network.measure(3)[0] >= 0.9 * PAYLOAD
    assert network.dropped - before < 0.01 * len(network.delays)


@pytest.mark.parametrize("count", [2, 4])
def test_flows_share_fairly(count):
    network = flowing(*(SctpFlow(seed) for seed in range(1, count + 1)), rate_bps=30e6)
    shares = network.measure(8)
    assert fairness(shares) >= 0.9
    assert sum(shares) >= 0.9 * PAYLOAD


def test_a_flow_that_comes_later_gets_room():
    network = flowing(SctpFlow(1), rate_bps=30e6)
    network.add(SctpFlow(2))
    network.run_for(4)
    assert fairness(network.measure(6)) >= 0.7


@pytest.mark.parametrize("queue_s", [0.01, 0.02, 0.05], ids=["half", "one", "two-and-a-half"])
@pytest.mark.parametrize("kind", ["reno", "cubic"])
def test_a_tcp_flow_keeps_its_share(kind, queue_s):
    network = flowing(SctpFlow(), TcpFlow(kind), rate_bps=30e6, queue_s=queue_s)
    ours, theirs = network.measure(12)
    assert ours <= 0.6 * (ours + theirs)
    assert ours >= 0.05 * (ours + theirs)


def test_a_receive_window_that_is_full_ends_the_start_like_a_full_path():
    receiver = SctpConfig(receive_window=512 * 1024)
    network = flowing(SctpFlow(receiver=receiver), rtt_s=0.1, loss=0.01)
    dropped = network.dropped
    assert network.measure(3)[0] >= 0.3
    assert network.dropped - dropped < 0.02 * len(network.delays)
    assert network.delay_s < 0.005


def test_a_path_that_becomes_slower_and_faster_is_followed():
    network = flowing(SctpFlow(), rate_bps=40e6, queue_s=0.1)
    network.rate_bps = 10e6
    network.run_for(6)
    assert network.measure(2)[0] >= 0.9 * PAYLOAD
    assert network.delay_s < 0.07
    network.rate_bps = 40e6
    network.run_for(10)
    assert network.measure(2)[0] >= 0.8 * PAYLOAD


@pytest.mark.parametrize("loss", [0.0, 0.01])
def test_another_path_is_filled_while_what_was_on_its_way_is_sent_again(loss):
    flow = SctpFlow()
    network = flowing(flow, rtt_s=0.1, warm_up_s=5)
    network.loss = 1.0
    network.run_for(0.3)
    network.loss = loss
    flow.path_changed()
    network.run_for(2)
    assert network.measure(1)[0] > 0.5


def test_sparse_messages_do_not_wait():
    flow = SctpFlow(is_greedy=False)
    network = flowing(flow, rate_bps=10e6)
    for _ in range(50):
        sent_at = network.now
        flow.send(3000)
        network.run_for(0.1)
        assert flow.received_at[-1] - sent_at <= 0.010 + 3 * 0.001 + 0.001


def test_a_lost_tail_costs_round_trips_and_no_timeout():
    flow = SctpFlow(is_greedy=False)
    network = flowing(flow, rate_bps=50e6)
    flow.send(4000)
    network.run_for(1)
    network.loss = 1.0
    sent_at = network.now
    flow.send(4000)
    network.loss = 0.0
    network.run_for(1)
    assert flow.received_at[-1] - sent_at < 0.11


def test_a_long_pause_costs_nothing_though_the_path_is_a_little_longer_behind_it():
    flow = SctpFlow()
    network = flowing(flow, queue_s=0.05)
    flow.is_greedy = False
    network.run_for(6)
    network.rtt_s += 0.002
    before = flow.received
    for _ in range(16):
        flow.send(65536)
    network.run_for(0.22)
    assert flow.received - before == 16 * 65536


def test_a_long_pause_is_followed_by_no_burst():
    flow = SctpFlow()
    network = flowing(flow, queue_s=0.05)
    flow.is_greedy = False
    network.run_for(30)
    flow.is_greedy = True
    dropped = network.dropped
    flow.send(16384)
    assert network.measure(2)[0] >= 0.9 * PAYLOAD
    assert network.dropped == dropped
    assert network.delay_s < 0.005
