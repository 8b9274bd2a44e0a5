"""The chart of requests as it is drawn: bars in the units of its SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.inference.performance.figures import Bar

WIDTH, HEIGHT = 720.0, 140.0
GAP = 1.0


@dataclass(frozen=True, slots=True)
class Column:
    """A bar of the chart: what failed stands on top of what did not. Lengths are in units of the SVG."""

    at: datetime
    requests: int
    errors: int
    x: float
    width: float
    y: float
    height: float
    error_y: float
    error_height: float


@dataclass(frozen=True, slots=True)
class Chart:
    columns: Sequence[Column]
    most: int
    width: float = WIDTH
    height: float = HEIGHT


def draw(bars: Sequence[Bar]) -> Chart:
    most = max((bar.requests for bar in bars), default=0)
    room = WIDTH / max(1, len(bars))
    unit = HEIGHT / most if most else 0.0
    columns = [
        Column(
            bar.at,
            bar.requests,
            bar.errors,
            x=round(place * room, 2),
            width=round(max(0.5, room - GAP), 2),
            y=round(HEIGHT - (bar.requests - bar.errors) * unit, 2),
            height=round((bar.requests - bar.errors) * unit, 2),
            error_y=round(HEIGHT - bar.requests * unit, 2),
            error_height=round(bar.errors * unit, 2),
        )
        for place, bar in enumerate(bars)
    ]
    return Chart(columns, most)
