"""What a limit is, how it stands, and how the headers say so (draft-ietf-httpapi-ratelimit-headers)."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

MINUTE = 60


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in any minute of one key, person or address. `kind` is which of these, and names the policy."""

    kind: str
    who: str
    quota: int


@dataclass(frozen=True, slots=True)
class Budget:
    """So many requests of a key in a calendar month (UTC)."""

    key: int
    quota: int
    month: date

    @property
    def renews(self) -> datetime:
        return datetime.combine(next_month(self.month), time(), UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """A sliding window's two counters, and the seconds until each is no more: what `limits` calls them too."""

    previous: int
    previous_left: float
    current: int
    current_left: float

    def remaining(self, quota: int) -> int:
        return max(0, quota - self._weighted)

    def wait(self, quota: int) -> int:
        """Whole seconds until one more request is within the quota; 0 when it is now."""
        if self._weighted < quota:
            return 0
        if self.current < quota:
            left, fits = self.previous_left, (quota - self.current) * MINUTE / self.previous
        else:
            # The current counter, kept for two windows, takes the place of the previous one after the first.
            left, fits = self.current_left, min(MINUTE, quota * MINUTE / self.current)
        return math.floor(left - fits) + 1

    @property
    def whole_in(self) -> int:
        """Whole seconds until nothing counts any more."""
        left = [self.previous_left if self.previous else 0.0, self.current_left if self.current else 0.0]
        return math.ceil(max(left))

    @property
    def _weighted(self) -> int:
        return math.floor(self.previous * self.previous_left / MINUTE) + self.current


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may go on, and what its answer says of the limits that it was counted against.

    `version` is that of who asks, see `Counted`.
    """

    limit: Limit
    window: Window
    budget: Budget | None = None
    used: int = 0
    code: str = ""
    version: int | None = None

    def headers(self, now: datetime) -> dict[str, str]:
        remaining = self.window.remaining(self.limit.quota)
        reset = self.window.wait(self.limit.quota) or self.window.whole_in
        policies = [f'"{self.limit.kind}";q={self.limit.quota};w={MINUTE}']
        states = [f'"{self.limit.kind}";r={remaining};t={reset}']
        if self.budget:
            left = max(0, self.budget.quota - self.used)
            policies.append(f'"budget";q={self.budget.quota};w={month_seconds(self.budget.month)}')
            states.append(f'"budget";r={left};t={seconds_until(self.budget.renews, now)}')
        return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(states)}

    def wait(self, now: datetime) -> int:
        """Seconds to wait after a refusal."""
        if self.code == "budget_spent" and self.budget:
            return seconds_until(self.budget.renews, now)
        return self.window.wait(self.limit.quota) or 1


def month_of(now: datetime) -> date:
    return now.astimezone(UTC).date().replace(day=1)


def next_month(month: date) -> date:
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def month_seconds(month: date) -> int:
    return (next_month(month) - month).days * 86_400


def seconds_until(moment: datetime, now: datetime) -> int:
    return max(1, math.ceil((moment - now).total_seconds()))
