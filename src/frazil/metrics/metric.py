"""What one number is, and what each monitoring system calls it."""

from enum import StrEnum
from typing import NamedTuple


class MetricKind(StrEnum):
    """How the values of a metric add up."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Label(NamedTuple):
    """A dimension of a metric.

    Attributes:
        prometheus: Its name as a label.
        opentelemetry: Its name as an attribute.
        meaning: What its values are.
    """

    prometheus: str
    opentelemetry: str
    meaning: str


class Metric(NamedTuple):
    """A number about all connections of the process.

    Attributes:
        kind: How values add up.
        prometheus: Its name, which for a counter is told with ``_total``.
        opentelemetry: Its name.
        unit: In the notation of UCUM, which OpenTelemetry uses.
        meaning: One sentence.
        labels: Its dimensions.
        buckets: The upper bounds of a histogram, in its unit.
    """

    kind: MetricKind
    prometheus: str
    opentelemetry: str
    unit: str
    meaning: str
    labels: tuple[Label, ...] = ()
    buckets: tuple[float, ...] = ()
