"""The metrics for OpenTelemetry, by way of its API; an application chooses the SDK."""

from collections.abc import Callable
from typing import TypeAlias

from opentelemetry.metrics import Meter, MeterProvider, get_meter

from frazil.metrics.catalogue import METRICS
from frazil.metrics.installation import Installation
from frazil.metrics.metric import Metric, MetricKind

_Record: TypeAlias = Callable[[float, dict[str, str]], None]


def install(provider: MeterProvider | None = None) -> Installation:
    """Tell a meter provider of every connection made from now on.

    Args:
        provider: Which; the global one, unless given.
    """
    return Installation(_Sink(get_meter("frazil", meter_provider=provider)))


class _Sink:
    __slots__ = ("_record",)

    def __init__(self, meter: Meter) -> None:
        self._record = {each: _make(each, meter) for each in METRICS}

    def take(self, metric: Metric, amount: float, labels: tuple[str, ...]) -> None:
        names = (each.opentelemetry for each in metric.labels)
        self._record[metric](amount, dict(zip(names, labels, strict=True)))


def _make(metric: Metric, meter: Meter) -> _Record:
    name, meaning = metric.opentelemetry, metric.meaning.replace("`", "")
    match metric.kind:
        case MetricKind.COUNTER:
            return meter.create_counter(name, metric.unit, meaning).add
        case MetricKind.GAUGE:
            return meter.create_up_down_counter(name, metric.unit, meaning).add
        case MetricKind.HISTOGRAM:
            return meter.create_histogram(
                name,
                metric.unit,
                meaning,
                explicit_bucket_boundaries_advisory=metric.buckets,
            ).record
