"""The page about metrics."""

from collections.abc import Iterator

from frazil.metrics import METRICS, Metric, MetricKind
from generator.markdown import NOTICE, code, table

_OPENTELEMETRY_KINDS = {
    MetricKind.COUNTER: "Counter",
    MetricKind.GAUGE: "UpDownCounter",
    MetricKind.HISTOGRAM: "Histogram",
}


def metric_page() -> Iterator[str]:
    """Every metric by both of its names."""
    yield NOTICE
    yield "# Metrics"
    yield (
        "Numbers about all connections of a process, for Prometheus or OpenTelemetry, or both. "
        "Nothing is measured until it is asked for; connections made before that are not counted. "
        "[How to watch connections](../how-to/metrics.md) shows a program, alerts and queries."
    )
    for metric in METRICS:
        yield f"## {_prometheus_name(metric)}"
        yield metric.meaning
        yield table(("", "Prometheus", "OpenTelemetry"), _rows(metric))


def _rows(metric: Metric) -> Iterator[tuple[str, str, str]]:
    yield "name", code(_prometheus_name(metric)), code(metric.opentelemetry)
    yield "kind", metric.kind, f"{_OPENTELEMETRY_KINDS[metric.kind]}, unit {code(metric.unit)}"
    for label in metric.labels:
        yield (
            label.meaning,
            f"label {code(label.prometheus)}",
            f"attribute {code(label.opentelemetry)}",
        )
    if metric.buckets:
        bounds = ", ".join(f"{bound:g}" for bound in metric.buckets)
        yield "upper bounds", bounds, "the same, as advice"


def _prometheus_name(metric: Metric) -> str:
    return metric.prometheus + "_total" * (metric.kind is MetricKind.COUNTER)
