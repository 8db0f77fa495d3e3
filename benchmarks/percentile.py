"""Percentiles of samples."""

from collections.abc import Sequence


def percentile(ascending: Sequence[float], percent: int) -> float:
    """The smallest value that is not below ``percent`` % of all (nearest rank)."""
    return ascending[max(0, -(-len(ascending) * percent // 100) - 1)]
