"""What the server is to do with one request, and the queue of it for each model."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One request's fate. Without anything it is answered well, which `ok` only says aloud. Times are in seconds."""

    ok: bool = True
    delay: float = 0.0
    """Before anything is sent."""
    chunk_delay: float = 0.0
    """Before each chunk of a stream but the first, and before it is cut."""
    status: int = 0
    """An error with this status in the form of the protocol."""
    retry_after: float | None = None
    """The header that goes with a 429 or 503."""
    raw: str | None = None
    """The body instead of what the protocol wants, as text/html: what a proxy in between answers."""
    reset: bool = False
    """The connection is reset without an answer."""
    finishes: bool = False
    """A whole answer is made, and counted, also where the client leaves before it is sent: many servers do so."""
    hang: bool = False
    """No answer ever comes, and the connection stays."""
    hang_after: int | None = None
    """After so many chunks of content no more of a stream ever comes, and the connection stays."""
    together: int = 0
    """Nothing is sent before so many requests are there that wait for each other in this way."""
    cut_after: int | None = None
    """The connection ends after so many chunks of content; within the body where there is no stream."""
    error_after: int | None = None
    """After so many chunks of content a stream holds an error, and ends."""
    wrong_json: bool = False
    """The body, or the third event of a stream, is no JSON."""
    wrong_schema: bool = False
    """What is to fit a schema does not."""
    no_usage: bool = False
    """The tokens are not told."""
    tokens: int | None = None
    """So many in the answer, where the request allows as many."""
    per_chunk: int = 1
    """Tokens in one chunk of a stream."""
    content: str | None = None
    """The answer, word for word."""
    no_tools: bool = False
    """Answered in words although there are tools."""

    @property
    def is_plain(self) -> bool:
        """Whether it can be answered at once and whole."""
        return not (self.delay or self.reset or self.hang or self.together or self.cut_after is not None)


KEYS = frozenset(field.name for field in fields(Step))


def read_step(raw: Mapping[str, Any]) -> Step:
    """Raises ValueError that names what is not known."""
    unknown = sorted(set(raw) - KEYS)
    if unknown:
        raise ValueError(f"no step has {', '.join(unknown)}; known are {', '.join(sorted(KEYS))}")
    return Step(**raw)


class Script:
    """The steps of each model: those queued, then what it always does, then what its name says."""

    def __init__(self, by_name: Mapping[str, Step]) -> None:
        self._by_name = by_name
        self._queued: dict[str, deque[Step]] = defaultdict(deque)
        self._always: dict[str, Step] = {}

    @property
    def models(self) -> list[str]:
        """All that exist: those with a name that says what they do, and those a test has named."""
        return [*self._by_name, *sorted((set(self._queued) | set(self._always)) - set(self._by_name))]

    def add(self, model: str, steps: Iterable[Step], always: Step | None) -> None:
        self._queued[model].extend(steps)
        if always is not None:
            self._always[model] = always

    def take(self, model: str) -> Step | None:
        """None where there is no such model."""
        queued = self._queued.get(model)
        if queued:
            return queued.popleft()
        if model in self._always:
            return self._always[model]
        return self._by_name.get(model, Step() if queued is not None else None)

    def count_left(self) -> dict[str, int]:
        return {model: len(steps) for model, steps in self._queued.items() if steps}
