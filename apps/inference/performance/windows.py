"""The stretches of time that figures are shown of."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MOST_BINS = 62
STEPS = tuple(
    timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080)
)


class Window(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    RESET = "reset"

    @property
    def label(self) -> str:
        return TITLES[self]


TITLES = {
    Window.HOUR: "Last hour",
    Window.DAY: "Last day",
    Window.WEEK: "Last week",
    Window.RESET: "Since the last reset",
}
LENGTHS = {Window.HOUR: timedelta(hours=1), Window.DAY: timedelta(days=1), Window.WEEK: timedelta(days=7)}


@dataclass(frozen=True, slots=True)
class Span:
    """From `since` to `until`, and how long each bar of its chart stands for."""

    window: Window
    since: datetime
    until: datetime

    @property
    def step(self) -> timedelta:
        length = self.until - self.since
        return next((step for step in STEPS if step * MOST_BINS >= length), STEPS[-1])

    @property
    def bins(self) -> list[datetime]:
        """Where each bar begins, whole steps after the first, at most some hundred of them."""
        count = min(2 * MOST_BINS, int((self.until - self.since) / self.step) + 1)
        return [self.since + place * self.step for place in range(count)]

    def place(self, moment: datetime) -> int:
        """Which bar a moment falls in."""
        return max(0, min(len(self.bins) - 1, int((moment - self.since) / self.step)))


def span_of(window: Window, *, now: datetime, reset: datetime | None, first: datetime | None) -> Span:
    """Since the last reset, or, without one, since the `first` call that is counted."""
    since = reset or first or now
    if window is not Window.RESET:
        since = now.replace(second=0, microsecond=0) - LENGTHS[window]
    return Span(window, min(since, now), now)
