"""Every metric there is. The reference page and both exporters follow from this table."""

from typing import Final

from frazil.metrics.metric import Label, Metric, MetricKind

UNEXPLAINED: Final = "unexplained"
"""The code of a failure for which no finding was made."""
UNKNOWN: Final = "unknown"
"""The type of a candidate that was replaced before it could be looked at."""

CONNECTIONS: Final = Metric(
    MetricKind.GAUGE,
    "frazil_connections",
    "frazil.connection.count",
    "{connection}",
    "Connections that are not closed, by their state.",
    (Label("state", "frazil.connection.state", "`connectionState`, all but `closed`"),),
)
CONNECT_DURATION: Final = Metric(
    MetricKind.HISTOGRAM,
    "frazil_connect_duration_seconds",
    "frazil.connection.connect.duration",
    "s",
    "From the first description that a connection applied until it was `connected` at first.",
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
ESTABLISHED: Final = Metric(
    MetricKind.COUNTER,
    "frazil_connections_established",
    "frazil.connection.established",
    "{connection}",
    "Connections that were `connected` at least once, by the pair in use at that moment.",
    (
        Label("local", "frazil.candidate.local.type", "`host`, `srflx`, `prflx` or `relay`"),
        Label("remote", "frazil.candidate.remote.type", "the same of the peer"),
        Label(
            "protocol",
            "network.transport",
            "`udp` or `tcp`, of the local candidate; `udp` for every relay",
        ),
    ),
)
FAILURES: Final = Metric(
    MetricKind.COUNTER,
    "frazil_connection_failures",
    "frazil.connection.failures",
    "{failure}",
    "Times that a connection became `failed`, by the likeliest cause.",
    (Label("code", "error.type", f"a [finding](findings.md), or `{UNEXPLAINED}`"),),
)
ABANDONED: Final = Metric(
    MetricKind.COUNTER,
    "frazil_connections_abandoned",
    "frazil.connection.abandoned",
    "{connection}",
    "Connections with a description that were closed before they were `connected` or `failed`, "
    "and with which something was wrong, by the likeliest cause.",
    (Label("code", "error.type", "a [finding](findings.md)"),),
)
DISCONNECTS: Final = Metric(
    MetricKind.COUNTER,
    "frazil_disconnects",
    "frazil.connection.disconnects",
    "{disconnect}",
    "Times that a connection became `disconnected`.",
)
RESTARTS: Final = Metric(
    MetricKind.COUNTER,
    "frazil_ice_restarts",
    "frazil.ice.restarts",
    "{restart}",
    "ICE restarts of either side, counted for each transport.",
)

METRICS: Final = (
    CONNECTIONS,
    CONNECT_DURATION,
    ESTABLISHED,
    FAILURES,
    ABANDONED,
    DISCONNECTS,
    RESTARTS,
)
