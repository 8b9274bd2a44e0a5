"""What is known of a call once it is over, and what it adds to the counts of its minute."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from apps.inference.errors import UnknownModel
from apps.inference.exchange import Attempt, Body, Caller, Operation, Usage
from apps.inference.recording.models import LATENCY_BOUNDS

OK = "ok"
CANCELLED = "cancelled"


class CallFacts(NamedTuple):
    """`at` is in seconds of the epoch. `question` and `answer` are bodies, where their texts may have to be kept."""

    at: float
    caller: Caller
    operation: Operation
    target: str
    model: str
    provider: str
    tier: str
    cache: str
    outcome: str
    streamed: bool
    usage: Usage
    cost: Decimal
    ms: float
    first_ms: float | None
    attempts: Sequence[Attempt]
    question: Body | None
    answer: Body | None

    @property
    def when(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    @property
    def retries(self) -> int:
        """Requests that were sent after one that failed: the batches of one list follow each other without."""
        sent = [attempt.outcome for attempt in self.attempts if attempt.ms]
        return sum(before != OK for before in sent[:-1])

    def alike(self, reset: datetime | None) -> "Alike":
        """Names that nobody curated come from outside: they are counted together.

        What comes after the last `reset` is not counted in one with what came before, in the same minute either.
        """
        when = self.when
        minute = when.replace(second=0, microsecond=0)
        return Alike(
            reset if reset and minute < reset <= when else minute,
            self.caller.user or 0,
            "" if self.outcome == UnknownModel.code else self.target[:100],
            self.model,
            self.provider,
            self.operation.value,
            self.tier,
            self.cache,
            self.outcome,
        )


class Alike(NamedTuple):
    """What calls have in common that are counted together. `owner` is 0 for the product itself."""

    minute: datetime
    owner: int
    target: str
    model: str
    provider: str
    operation: str
    tier: str
    cache: str
    outcome: str


@dataclass(slots=True)
class Counts:
    """`ms` is the sum; `buckets` counts latencies up to each of LATENCY_BOUNDS, and above the last."""

    calls: int = 0
    retries: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: Decimal = Decimal(0)
    ms: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BOUNDS) + 1))

    def add(self, call: CallFacts) -> None:
        self.calls += 1
        self.retries += call.retries
        self.prompt_tokens += call.usage.prompt
        self.completion_tokens += call.usage.completion
        self.cost += call.cost
        self.ms += call.ms
        self.buckets[bisect_left(LATENCY_BOUNDS, call.ms)] += 1


def count_calls(calls: Iterable[CallFacts], reset: datetime | None) -> dict[Alike, Counts]:
    """In the order in which all processes write them, so that no two wait for each other."""
    counted: dict[Alike, Counts] = {}
    for call in calls:
        counted.setdefault(call.alike(reset), Counts()).add(call)
    return dict(sorted(counted.items()))
