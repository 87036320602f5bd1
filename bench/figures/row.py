"""One line of bench/run's table."""

import dataclasses

from figures.cluster import median, quantile
from figures.results import number, spread


@dataclasses.dataclass
class Row:
    what: str
    value: float
    unit: str
    reach: str  # the target, as text
    good: bool
    spread: str = ""  # smallest and largest of the runs
    beside: str = ""  # the limit or peer measured in the same run


def at_most(what, values, unit, limit, beside=""):
    value = median(values)
    return Row(what, value, unit, f"≤ {number(limit)}", value <= limit, spread(values), beside)


def at_least(what, values, unit, limit, beside=""):
    value = median(values)
    return Row(what, value, unit, f"≥ {number(limit)}", value >= limit, spread(values), beside)


def printed(what, values, unit, beside=""):
    return Row(what, median(values), unit, "printed", True, spread(values), beside)


def p50_at_most(what, samples, unit, limit, beside=""):
    """Of single measurements, not of runs: the spread is that of the middle half, and p99."""
    value = median(samples)
    around = f"quartiles {number(quantile(samples, 0.25))}–{number(quantile(samples, 0.75))}, p99 {number(quantile(samples, 0.99))}"
    return Row(what, value, unit, f"≤ {number(limit)}", value <= limit, around, beside)
