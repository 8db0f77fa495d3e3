import subprocess
import sys

import pytest

pytest.importorskip("prometheus_client")

from prometheus_client import CollectorRegistry, generate_latest

from frazil.metrics import METRICS, prometheus
from support.doc_block import DOCS, blocks_of
from support.recorded import fail
from support.virtual_pair import VirtualPair, on_virtual_pair


@pytest.fixture
def registry():
    registry = CollectorRegistry()
    installation = prometheus.install(registry)
    yield registry
    installation.uninstall()


def test_values(registry):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        await pair.connect()
        value = registry.get_sample_value
        assert value("frazil_connections", {"state": "connected"}) == 2
        assert value("frazil_connections", {"state": "new"}) == 0
        pair_in_use = {"local": "host", "remote": "host", "protocol": "udp"}
        assert value("frazil_connections_established_total", pair_in_use) == 2
        assert value("frazil_connect_duration_seconds_count") == 2
        assert 0 < value("frazil_connect_duration_seconds_sum") < 0.1
        assert value("frazil_disconnects_total") == 0

    main()


def test_connections_that_were_never_established_leave_no_zero(registry):
    """Hence ``or vector(0)`` in queries: an alert would be silent while no connection succeeds."""

    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        await fail(pair)

    main()
    samples = {sample.name for metric in registry.collect() for sample in metric.samples}
    assert "frazil_connection_failures_total" in samples
    assert "frazil_connections_established_total" not in samples


def test_the_alert_counts_no_established_connection_as_zero():
    (alert,) = (
        each.text for each in blocks_of(DOCS / "how-to/metrics.md") if "alert:" in each.text
    )
    _, _, allowed = alert.partition("> 0.05 * ")
    established = "sum(rate(frazil_connections_established_total[10m]))"
    assert allowed.startswith(f"({established} or vector(0))\n")


def test_every_metric_is_exposed_with_its_name_and_meaning(registry):
    text = generate_latest(registry).decode()
    for metric in METRICS:
        name = metric.prometheus + "_total" * (metric.kind == "counter")
        assert f"# TYPE {name} {metric.kind}\n" in text
        assert f"# HELP {name} {metric.meaning.replace('`', '')}\n" in text


def test_a_registry_has_them_once(registry):
    with pytest.raises(ValueError, match="Duplicated"):
        prometheus.install(registry)


def test_nothing_is_imported_or_watched_until_it_is_asked_for():
    code = (
        "import sys, frazil, frazil.metrics; from frazil.w3c.peerconnection import CENSUS;"
        "assert CENSUS._listeners == ();"
        "assert not {'prometheus_client', 'opentelemetry'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
