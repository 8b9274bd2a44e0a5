"""Latencies out of counts (pure). Where they lie between two bounds nobody knows any more: evenly, it is assumed."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True)
class Latency:
    """In milliseconds. `counts[i]` are those above `bounds[i - 1]` and up to `bounds[i]`; the last ones above all."""

    bounds: Sequence[float]
    counts: Sequence[int]
    total_ms: float

    @property
    def calls(self) -> int:
        return sum(self.counts)

    @property
    def mean(self) -> float | None:
        return self.total_ms / self.calls if self.calls else None

    def percentile(self, share: float) -> float | None:
        """Interpolated between the bounds it lies in; of what is above all bounds, the last bound."""
        wanted, passed = share * self.calls, 0
        if not wanted:
            return None
        for place, count in enumerate(self.counts):
            if count and passed + count >= wanted:
                if place == len(self.bounds):
                    return float(self.bounds[-1])
                low = self.bounds[place - 1] if place else 0.0
                return low + (self.bounds[place] - low) * (wanted - passed) / count
            passed += count
        return float(self.bounds[-1])

    def plus(self, other: "Latency") -> "Latency":
        counts = [one + another for one, another in zip(self.counts, other.counts, strict=True)]
        return Latency(self.bounds, counts, self.total_ms + other.total_ms)

    def coarsen(self, bounds: Sequence[float]) -> "Latency":
        """Counted by fewer of its own bounds."""
        counts = [0] * (len(bounds) + 1)
        for place, count in enumerate(self.counts):
            bound = self.bounds[place] if place < len(self.bounds) else inf
            counts[bisect_left(bounds, bound)] += count
        return Latency(bounds, counts, self.total_ms)

    def as_dict(self) -> dict[str, float | None]:
        return {
            "mean": rounded(self.mean),
            "p50": rounded(self.percentile(0.50)),
            "p95": rounded(self.percentile(0.95)),
            "p99": rounded(self.percentile(0.99)),
        }


def rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
