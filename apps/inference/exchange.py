"""A request to a model and its answer. Bodies are as OpenAI's API has them: the one form that all clients know."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self

Body = Mapping[str, Any]
MILLION = 1_000_000


class Operation(StrEnum):
    CHAT = "chat"
    COMPLETION = "completion"
    EMBEDDING = "embedding"
    PREDICTION = "prediction"
    """A classifier's: `input` is a text or a list of them, as for embeddings."""


class ModelTier(StrEnum):
    """From what costs nothing but time here to what costs most."""

    LOCAL = "local"
    SMALL = "small"
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is behind a request: whose budget it is on, and whose cached answers it may see.

    A program is known by its key, whose person pays too. Without either it is the product itself.
    """

    user: int | None = None
    key: int | None = None
    trace_id: str = ""

    @property
    def owner(self) -> str:
        """The same for a person's pages and keys: what they asked is theirs."""
        return f"user:{self.user}" if self.user is not None else "system"


EXACT, SEMANTIC = "exact", "semantic"
HIT, MISS, SKIPPED = "hit", "miss", "skipped"


@dataclass(frozen=True, slots=True)
class Look:
    """How one level of the cache was asked: EXACT for the same request, SEMANTIC for one in other words.

    `ms` is how long it took; `probability` is that the likeliest earlier question means the same; `reason` says why
    the level was skipped or had nothing.
    """

    level: str
    outcome: str
    ms: float = 0.0
    probability: float | None = None
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "level": self.level,
            "outcome": self.outcome,
            "ms": round(self.ms, 3),
            "probability": None if self.probability is None else round(self.probability, 4),
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Exchange:
    """`target` is a model's or an alias's name; `body` has neither `model` nor `stream`.

    `deadline` is in seconds of `time.monotonic()`. `alias` is the one that `target` is asked for, of its models.
    """

    operation: Operation
    target: str
    body: Body
    caller: Caller
    deadline: float
    alias: str = ""
    fresh: bool = False
    """Whether a new answer is wanted: none of a cache is given, and the new one takes its place."""
    looks: list[Look] = field(default_factory=list, compare=False, repr=False)
    """How the caches were asked, which note it here."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens. `estimated` where the provider did not say and we counted."""

    prompt: int = 0
    completion: int = 0
    estimated: bool = False

    @property
    def total(self) -> int:
        return self.prompt + self.completion


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars for a million tokens."""

    prompt: Decimal = Decimal(0)
    completion: Decimal = Decimal(0)

    def cost(self, usage: Usage) -> Decimal:
        """In US dollars."""
        return (self.prompt * usage.prompt + self.completion * usage.completion) / MILLION

    @property
    def is_free(self) -> bool:
        return not (self.prompt or self.completion)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request that was sent to a provider, or why none was. `ms` is its latency in milliseconds."""

    model: str
    provider: str
    outcome: str
    """"ok" or an error's code."""
    ms: float = 0.0
    cost: Decimal = Decimal(0)

    def as_dict(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "provider": self.provider,
            "outcome": self.outcome,
            "ms": round(self.ms, 3),
            "cost": float(self.cost),
        }


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of an exchange. `cost` in US dollars takes in every attempt, those that failed too."""

    body: Body
    model: str
    provider: str
    tier: str
    usage: Usage = Usage()
    cost: Decimal = Decimal(0)
    attempts: tuple[Attempt, ...] = field(default_factory=tuple)
    cache: str = ""
    """EXACT or SEMANTIC where the answer is an earlier one's."""

    def with_body(self, body: Body) -> Self:
        return replace(self, body=body)

    def after(self, attempts: Sequence[Attempt]) -> Self:
        """The same with what was tried before it, and what that cost."""
        return replace(self, attempts=(*attempts, *self.attempts), cost=self.cost + sum_costs(attempts))


def sum_costs(attempts: Iterable[Attempt]) -> Decimal:
    """In US dollars."""
    return sum((attempt.cost for attempt in attempts), Decimal(0))
