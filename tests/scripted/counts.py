"""What was served, by model and by outcome, and what it cost."""

import asyncio
import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

KEPT = 1_000


@dataclass(slots=True)
class ModelCounts:
    """Tokens count when they are made: all of a whole answer, those sent so far of a stream that ends early."""

    requests: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    prompt_tokens: int = 0
    completion_tokens: int = 0
    streams: int = 0
    streams_left: int = 0
    """Those that the client left before their end."""
    bytes_sent: int = 0
    after_deadline: int = 0


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came; seconds since the counts began."""

    seconds: float
    method: str
    path: str
    model: str
    headers: dict[str, str]
    body: Any


class Counts:
    def __init__(self) -> None:
        self._began = time.monotonic()
        self._deadline: float | None = None
        self._models: defaultdict[str, ModelCounts] = defaultdict(ModelCounts)
        self._received: deque[Received] = deque(maxlen=KEPT)
        self.open = 0
        """Requests under way."""
        self._barriers: dict[int, asyncio.Barrier] = {}

    def barrier(self, parties: int) -> asyncio.Barrier:
        """For requests that are answered once so many of them are there."""
        return self._barriers.setdefault(parties, asyncio.Barrier(parties))

    def set_deadline(self, seconds: float) -> None:
        """Requests are late from so many seconds on."""
        self._deadline = time.monotonic() + seconds

    def note_request(self, method: str, path: str, model: str, headers: dict[str, str], body: Any) -> ModelCounts:
        now = time.monotonic()
        counts = self._models[model]
        counts.requests += 1
        counts.after_deadline += self._deadline is not None and now > self._deadline
        self._received.append(Received(now - self._began, method, path, model, headers, body))
        return counts

    def tell(self) -> dict[str, Any]:
        names = ("requests", "prompt_tokens", "completion_tokens", "streams", "streams_left", "after_deadline")
        totals = {name: sum(getattr(counts, name) for counts in self._models.values()) for name in names}
        return {"open": self.open, "totals": totals, "models": self._models}

    def tell_requests(self) -> list[Received]:
        return list(self._received)
