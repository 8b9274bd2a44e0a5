"""What is known of one exchange while it is under way."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from apps.inference.caching.exchanges import let_go
from apps.inference.curated import CuratedAlias, CuratedModel
from apps.inference.errors import InferenceError
from apps.inference.exchange import Attempt, Body, Exchange, Reply, Usage
from apps.inference.recording.calls import record_call


class Course:
    """What was tried and what it cost. It is recorded once, however it ends."""

    def __init__(self, exchange: Exchange, *, streamed: bool) -> None:
        self.exchange = exchange
        self.streamed = streamed
        self.alias: CuratedAlias | None = None
        self.model: CuratedModel | None = None
        self.attempts: list[Attempt] = []
        self.usage = Usage()
        self.cost = Decimal(0)
        self.first_ms: float | None = None
        self._started = time.monotonic()

    @property
    def seconds_left(self) -> float:
        return self.exchange.deadline - time.monotonic()

    @property
    def ms(self) -> float:
        return (time.monotonic() - self._started) * 1000

    def note_skip(self, model: CuratedModel, error: InferenceError) -> None:
        self.attempts.append(Attempt(model.name, model.provider.name, error.code))

    def note_attempt(self, model: CuratedModel, outcome: str, ms: float, usage: Usage, cost: Decimal) -> None:
        self.model = model
        self.attempts.append(Attempt(model.name, model.provider.name, outcome, ms, cost))
        self.usage = add_usage(self.usage, usage)
        self.cost += cost

    def reply(self, body: Body) -> Reply:
        """With all that was spent on the way to it."""
        model = self.model
        names = (model.name, model.provider.name, model.tier.value) if model else ("", "", "")
        return Reply(body, *names, self.usage, self.cost, tuple(self.attempts))

    def record(
        self, reply: Reply | None = None, *, error: InferenceError | None = None, cancelled: bool = False
    ) -> None:
        let_go(self.exchange)
        if error is not None:
            error.attempts = tuple(self.attempts)
        record_call(
            self.exchange,
            reply=reply or self.reply({}),
            error=error,
            cancelled=cancelled,
            streamed=self.streamed,
            ms=self.ms,
            first_ms=self.first_ms,
        )

    @contextmanager
    def recording_failure(self) -> Iterator[None]:
        """For as long as there is no answer yet: what ends the exchange within is recorded, and raised."""
        try:
            yield
        except InferenceError as error:
            self.record(error=error)
            raise
        except BaseException:
            self.record(cancelled=True)
            raise


def add_usage(one: Usage, other: Usage) -> Usage:
    return Usage(one.prompt + other.prompt, one.completion + other.completion, one.estimated or other.estimated)
