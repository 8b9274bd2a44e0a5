"""Scales of charts: what range to show, where to put the ticks, and where a value is on the page."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

LEAST_SPAN = 0.02
"""Two points of a hundred: closer up, noise would look like mountains."""
TICKS = 5


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values from `low` to `high` to places from `start` to `end`, in the units of the drawing."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Rounded to a tenth; values outside are put at the edge."""
        inside = min(max(value, self.low), self.high)
        return round(self.start + (inside - self.low) / (self.high - self.low) * (self.end - self.start), 1)


def choose_range(values: Iterable[float]) -> tuple[float, float]:
    """What part of 0 to 1 to show for these shares: all of them, some air, whole ticks, and at least LEAST_SPAN."""
    shown = [min(max(value, 0.0), 1.0) for value in values] or [0.0, 1.0]
    low, high = min(shown), max(shown)
    air = max((high - low) * 0.08, (LEAST_SPAN - (high - low)) / 2)
    # At an edge the air that does not fit goes to the other side.
    low, high = max(0.0, low - air - max(0.0, high + air - 1)), min(1.0, high + air + max(0.0, air - low))
    step = choose_step(high - low)
    return max(0.0, math.floor(low / step + 1e-9) * step), min(1.0, math.ceil(high / step - 1e-9) * step)


def choose_step(span: float) -> float:
    """1, 2 or 5 times a power of ten, which cuts the span into about TICKS parts."""
    power = 10.0 ** math.floor(math.log10(span / TICKS))
    return next(power * factor for factor in (1, 2, 5, 10) if span / (power * factor) <= TICKS)


def list_ticks(low: float, high: float) -> list[float]:
    step = choose_step(high - low)
    first = math.ceil(low / step - 1e-9)
    return [round(place * step, 10) for place in range(first, math.floor(high / step + 1e-9) + 1)]


def show_tick(share: float, step: float) -> str:
    """In percent, with the digits that tell neighbours apart."""
    digits = max(0, -math.floor(math.log10(step * 100) + 1e-9))
    return f"{share * 100:.{digits}f} %"
