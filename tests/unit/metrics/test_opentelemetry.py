import asyncio

import pytest

pytest.importorskip("opentelemetry.sdk")

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from frazil import RTCPeerConnection
from frazil.metrics import METRICS, opentelemetry
from support.virtual_pair import VirtualPair, on_virtual_pair


@pytest.fixture
def reader():
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    installation = opentelemetry.install(provider)
    yield reader
    installation.uninstall()
    provider.shutdown()


def read(reader):
    """The metrics by name."""
    (resource,) = reader.get_metrics_data().resource_metrics
    (scope,) = resource.scope_metrics
    assert scope.scope.name == "frazil"
    return {metric.name: metric for metric in scope.metrics}


def points(metric):
    return {
        tuple(sorted(point.attributes.items())): point.value for point in metric.data.data_points
    }


def test_values(reader):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        await pair.connect()
        found = read(reader)
        counts = points(found["frazil.connection.count"])
        assert counts[("frazil.connection.state", "connected"),] == 2
        assert counts[("frazil.connection.state", "new"),] == 0
        (established,) = points(found["frazil.connection.established"])
        assert dict(established) == {
            "frazil.candidate.local.type": "host",
            "frazil.candidate.remote.type": "host",
            "network.transport": "udp",
        }

    main()
    (duration,) = read(reader)["frazil.connection.connect.duration"].data.data_points
    assert duration.count == 2
    assert duration.explicit_bounds[0] == 0.025


def test_every_metric_has_its_unit_and_meaning(reader):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        await pair.connect()
        pair.a.restartIce()
        await pair.negotiate()
        pair.net.block()
        async with RTCPeerConnection(network=pair.host_a) as unanswered:
            unanswered.createDataChannel("chat")
            await unanswered.setLocalDescription()
            await asyncio.sleep(120)

    main()
    found = read(reader)
    assert set(found) == {metric.opentelemetry for metric in METRICS}
    for metric in METRICS:
        same = found[metric.opentelemetry]
        assert (same.unit, same.description) == (metric.unit, metric.meaning.replace("`", ""))
        attributes = {name for point in same.data.data_points for name in point.attributes}
        assert attributes == {label.opentelemetry for label in metric.labels}
