"""Numbers about all connections of a process, for monitoring systems.

Nothing is measured until one of them is asked for::

    from frazil.metrics import prometheus

    prometheus.install()

:mod:`frazil.metrics.prometheus` needs ``frazil[prometheus]``, :mod:`frazil.metrics.opentelemetry`
needs ``frazil[opentelemetry]``. Both tell the same numbers, each by the names that are usual there.
"""

from frazil.metrics.catalogue import METRICS
from frazil.metrics.metric import Label, Metric, MetricKind

__all__ = ["METRICS", "Label", "Metric", "MetricKind"]
