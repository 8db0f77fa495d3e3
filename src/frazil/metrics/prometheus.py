"""The metrics for Prometheus, by way of ``prometheus_client``."""

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from frazil.metrics.catalogue import METRICS
from frazil.metrics.installation import Installation
from frazil.metrics.metric import Metric, MetricKind


def install(registry: CollectorRegistry = REGISTRY) -> Installation:
    """Tell ``registry`` of every connection made from now on.

    Args:
        registry: The one that the application exposes.

    Raises:
        ValueError: The registry has these metrics already.
    """
    return Installation(_Sink(registry))


class _Sink:
    __slots__ = ("_instruments",)

    def __init__(self, registry: CollectorRegistry) -> None:
        self._instruments = {each: _make(each, registry) for each in METRICS}

    def take(self, metric: Metric, amount: float, labels: tuple[str, ...]) -> None:
        instrument = self._instruments[metric]
        child = instrument.labels(*labels) if labels else instrument
        if isinstance(child, Histogram):
            child.observe(amount)
        else:
            child.inc(amount)


def _make(metric: Metric, registry: CollectorRegistry) -> Counter | Gauge | Histogram:
    meaning = metric.meaning.replace("`", "")
    labels = [each.prometheus for each in metric.labels]
    if metric.kind is MetricKind.HISTOGRAM:
        return Histogram(
            metric.prometheus, meaning, labels, buckets=metric.buckets, registry=registry
        )
    if metric.kind is MetricKind.COUNTER:
        return Counter(metric.prometheus, meaning, labels, registry=registry)
    return Gauge(metric.prometheus, meaning, labels, registry=registry, multiprocess_mode="livesum")
