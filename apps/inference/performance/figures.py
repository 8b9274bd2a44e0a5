"""Figures of a stretch of time, as the API gives them and the page shows them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from apps.inference.performance.latency import Latency
from apps.inference.performance.windows import Span

CANCELLED = "cancelled"
FINE = ("ok", CANCELLED)
NAMED = 20
"""Models, aliases and people that are listed; the others are added up."""


@dataclass(frozen=True, slots=True)
class Line:
    """Calls that are alike but for when they were."""

    owner: int
    target: str
    model: str
    tier: str
    cache: str
    outcome: str
    calls: int
    retries: int
    prompt_tokens: int
    completion_tokens: int
    cost: Decimal


@dataclass(slots=True)
class Sum:
    """What some lines come to."""

    name: str = ""
    requests: int = 0
    errors: int = 0
    retries: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: Decimal = Decimal(0)
    latency: Latency | None = None

    def add(self, line: Line) -> None:
        self.requests += line.calls
        self.errors += 0 if line.outcome in FINE else line.calls
        self.retries += line.retries
        self.prompt_tokens += line.prompt_tokens
        self.completion_tokens += line.completion_tokens
        self.cost += line.cost

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "requests": self.requests,
            "failed": self.errors,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "cost": float(self.cost),
            **({"latency_ms": self.latency.as_dict()} if self.latency else {}),
        }


@dataclass(frozen=True, slots=True)
class Bar:
    """What a bar of the chart stands for, from `at` on."""

    at: Any
    requests: int
    errors: int
    cost: Decimal


@dataclass(frozen=True)
class Figures:
    """`of_all` says whether they are everybody's. `people` has what people are called, where they are told apart."""

    span: Span
    of_all: bool
    lines: Sequence[Line]
    latency: Latency
    latencies: Mapping[str, Latency]
    bars: Sequence[Bar]
    people: Mapping[int, str] = field(default_factory=dict)

    @property
    def total(self) -> Sum:
        return sum_up(self.lines)

    @property
    def tiers(self) -> list[Sum]:
        """Answers of caches count as a tier of their own: they cost no model anything."""
        answered = [line for line in self.lines if line.outcome in FINE]
        return group(answered, lambda line: "cache" if line.cache else line.tier or "none")

    @property
    def caches(self) -> list[Sum]:
        return group([line for line in self.lines if line.cache], lambda line: line.cache)

    @property
    def errors(self) -> list[Sum]:
        return group([line for line in self.lines if line.outcome not in FINE], lambda line: line.outcome)

    @property
    def cancelled(self) -> int:
        return sum(line.calls for line in self.lines if line.outcome == CANCELLED)

    @property
    def models(self) -> list[Sum]:
        found = group([line for line in self.lines if line.model], lambda line: line.model)
        for one in found:
            one.latency = self.latencies.get(one.name)
        return found

    @property
    def targets(self) -> list[Sum]:
        return group(self.lines, lambda line: line.target or "names that nobody curated")

    @property
    def by_person(self) -> list[Sum]:
        if not self.of_all:
            return []
        return group(self.lines, lambda line: self.people.get(line.owner, f"#{line.owner}"))

    @property
    def cache_share(self) -> float:
        """Of the requests, those that a cache answered."""
        total = self.total.requests
        return sum(one.requests for one in self.caches) / total if total else 0.0

    def as_dict(self) -> dict[str, Any]:
        total = self.total
        return {
            "window": self.span.window.value,
            "since": self.span.since,
            "until": self.span.until,
            "whose": "all" if self.of_all else "own",
            "requests": total.requests,
            "failed": total.errors,
            "cancelled": self.cancelled,
            "retries": total.retries,
            "prompt_tokens": total.prompt_tokens,
            "completion_tokens": total.completion_tokens,
            "cost": float(total.cost),
            "cache_share": round(self.cache_share, 4),
            "latency_ms": {**self.latency.as_dict(), "buckets": list_buckets(self.latency)},
            "tiers": [count_of(one) for one in self.tiers],
            "caches": [count_of(one) for one in self.caches],
            "errors_by_code": [count_of(one) for one in self.errors],
            "models": [one.as_dict() for one in self.models],
            "targets": [one.as_dict() for one in self.targets],
            "people": [one.as_dict() for one in self.by_person],
            "series": [
                {"at": bar.at, "requests": bar.requests, "failed": bar.errors, "cost": float(bar.cost)}
                for bar in self.bars
            ],
        }


def sum_up(lines: Sequence[Line], name: str = "") -> Sum:
    total = Sum(name)
    for line in lines:
        total.add(line)
    return total


def group(lines: Sequence[Line], name_of: Callable[[Line], str]) -> list[Sum]:
    """The largest first; what is beyond NAMED is added up as "others"."""
    found: dict[str, Sum] = {}
    for line in lines:
        name = name_of(line)
        found.setdefault(name, Sum(name)).add(line)
    ordered = sorted(found.values(), key=lambda one: (-one.requests, one.name))
    if len(ordered) <= NAMED:
        return ordered
    kept = {one.name for one in ordered[: NAMED - 1]}
    return [*ordered[: NAMED - 1], sum_up([line for line in lines if name_of(line) not in kept], "others")]


def count_of(one: Sum) -> dict[str, Any]:
    return {"name": one.name, "requests": one.requests}


def list_buckets(latency: Latency) -> list[dict[str, Any]]:
    """Without the empty ones. `up_to` is None for what is above the last bound."""
    bounds: list[float | None] = [*latency.bounds, None]
    return [{"up_to": bound, "requests": count} for bound, count in zip(bounds, latency.counts, strict=True) if count]
