"""Many samples in one cell: the median, the range, and the ratio to the baseline."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from metric import Sample


@dataclass(frozen=True, slots=True)
class Cell:
    """One quantity of one subject over the rounds.

    Attributes:
        median: Over the rounds.
        low: The least.
        high: The most.
        ratio: The median of the ratios to the baseline *of the same round*, so that a machine that
            slows down for a while slows both down.
    """

    median: float
    low: float
    high: float
    ratio: float | None

    def __str__(self) -> str:
        low, middle, high = (number(one) for one in (self.low, self.median, self.high))
        spread = "" if low == high else f" [{low}–{high}]"
        ratio = "" if self.ratio is None else f" ({_ratio(self.ratio)}×)"
        return f"{middle}{spread}{ratio}"


def summarize(
    samples: Sequence[Sample | None], baseline: Sequence[Sample | None], key: str
) -> Cell | None:
    """The cell of one quantity; ``None`` without any sample.

    Args:
        samples: Of one subject, by round.
        baseline: Of the one to compare with, by round; may be empty.
        key: Which quantity.
    """
    values = [sample[key] for sample in samples if sample and key in sample]
    if not values:
        return None
    ratios = [
        sample[key] / other[key]
        for sample, other in zip(samples, baseline, strict=False)
        if sample and other and key in sample and other.get(key)
    ]
    return Cell(median(values), min(values), max(values), median(ratios) if ratios else None)


def number(value: float) -> str:
    """Three digits that mean something, and separators from a thousand on."""
    if abs(value) >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 9.995 else f"{value:.2f}"


def _ratio(value: float) -> str:
    return f"{value:.1f}" if value >= 9.95 else f"{value:.2g}" if value < 0.0995 else f"{value:.2f}"
