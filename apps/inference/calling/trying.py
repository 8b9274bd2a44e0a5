"""One request to a provider: admitted, paid for at the most, timed, and settled once whatever comes of it."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, Self, TypeVar

from apps.core import metrics
from apps.inference.breaker import breaker_of
from apps.inference.budgets.reserving import Reservation, reserve
from apps.inference.calling.course import Course
from apps.inference.curated import CuratedModel
from apps.inference.errors import BudgetSpent, InferenceError, Spent, TimedOut
from apps.inference.exchange import MILLION, Body, Usage
from apps.inference.models import ProviderKind
from apps.inference.providers import adapter_of, prepare_adapter
from apps.inference.tokens import (
    LIMITS,
    count_answer,
    count_answers,
    count_pictures,
    count_prompt,
    most_completion,
    read_usage,
    tell_usage,
)

TRIES = 3
FIRST_WAIT = 0.2
LONGEST_WAIT = 10.0
"""Seconds. Who is told to wait longer asks the next model, or is told so."""

TOO_LITTLE_LEFT = (
    "What is left of a budget is less than this costs. Ask for less, or wait until its next day or month begins (UTC)."
)

Got = TypeVar("Got")


async def try_again(course: Course, model: CuratedModel, once: Callable[[], Awaitable[Got]]) -> Got:
    """The first answer of up to three requests, while there is time. Raises what the last one raised."""
    for number in range(TRIES):
        try:
            return await once()
        except InferenceError as error:
            wait = choose_wait(error, number)
            if not error.try_again or number == TRIES - 1 or wait > min(LONGEST_WAIT, course.seconds_left):
                raise
        await asyncio.sleep(wait)
        if model.provider.kind is ProviderKind.TORCHSERVE:
            metrics.count("torchserve_retries", model=model.name)
    raise AssertionError("the last try either answers or raises")


def choose_wait(error: InferenceError, number: int) -> float:
    """Seconds before the next try: anything up to a span that doubles, and at least what the server asks for."""
    return max(error.retry_after or 0.0, random.uniform(0, FIRST_WAIT * 2**number))  # noqa: S311 - only spreads load


async def send(course: Course, model: CuratedModel, body: Body) -> dict[str, Any]:
    """The whole answer of a model, with up to three tries."""
    return await try_again(course, model, lambda: _send_once(course, model, body))


async def _send_once(course: Course, model: CuratedModel, body: Body) -> dict[str, Any]:
    trial = await Trial.begin(course, model, body)
    try:
        async with trial.limit():
            answer = await adapter_of(model.provider).send(model, trial.limit_answer(), timeout=trial.seconds)
    except TimeoutError:
        await trial.fail(error := TimedOut(f"after {trial.seconds:.1f} s"))
        raise error from None
    except InferenceError as error:
        await trial.fail(error)
        raise
    except BaseException:
        await trial.cancel()
        raise
    usage = read_usage(answer)
    if usage is None:
        usage = trial.estimate(count_answer(model.operation, answer))
        answer["usage"] = tell_usage(usage)
    await trial.succeed(usage)
    return answer


class Trial:
    def __init__(self, course: Course, model: CuratedModel, body: Body) -> None:
        self.course = course
        self.model = model
        self.body = body
        self.prompt = count_prompt(model.operation, body) + count_pictures(body)
        self.most = Usage(self.prompt, most_completion(model.operation, body, model.max_output_tokens))
        self.reservation: Reservation
        self._answers = count_answers(body)
        self.seconds = 0.0
        self.is_limited = False
        """Whether less was granted than it may cost."""
        self._breaker = breaker_of(model.provider)
        self._started = time.monotonic()

    @classmethod
    async def begin(cls, course: Course, model: CuratedModel, body: Body) -> Self:
        """Raises TimedOut past the deadline, BreakerOpen, and BudgetSpent."""
        await prepare_adapter(model.provider.kind, course.seconds_left)
        trial = cls(course, model, body)
        try:
            await trial._admit()
        except InferenceError as error:
            course.note_skip(model, error)
            raise
        return trial

    async def _admit(self) -> None:
        self._take_time()
        await self._breaker.admit()
        try:
            await self._reserve()
        except BaseException:
            await self._breaker.released()
            raise

    async def _reserve(self) -> None:
        dollars = self.model.prices.cost(self.most)
        self.reservation = await reserve(
            self.course.exchange.caller, self.course.alias, dollars=dollars, tokens=self.most.total
        )
        self.is_limited = self.reservation.dollars < dollars or self.reservation.tokens < self.most.total
        try:
            if self.is_limited and self.affordable < self._answers:
                raise BudgetSpent("what is left is less than the question costs", message=TOO_LITTLE_LEFT)
            self._take_time()  # what is left of it after waiting for the breaker and the budgets
        except InferenceError:
            await self.reservation.settle(Decimal(0), 0)
            raise

    def _take_time(self) -> None:
        self.seconds = min(self.course.seconds_left, self.model.provider.timeout)
        if self.seconds <= 0:
            raise TimedOut("the deadline has passed")

    def limit(self) -> asyncio.Timeout:
        """Raises TimeoutError at the deadline, or before it when the provider's own time is up."""
        return asyncio.timeout(self.seconds)

    def limit_answer(self) -> Body:
        """The body for a whole answer that costs no more than was granted."""
        if not self.is_limited:
            return self.body
        names = [name for name in LIMITS if self.body.get(name)] or LIMITS[-1:]
        return {**self.body, **dict.fromkeys(names, self.affordable // self._answers)}

    @property
    def affordable(self) -> int:
        """Tokens of an answer that what was granted pays for; negative where the question alone is dearer."""
        tokens = self.reservation.tokens - self.prompt
        prices = self.model.prices
        if not prices.completion:
            return tokens if self.reservation.dollars >= prices.cost(Usage(self.prompt)) else -1
        left = self.reservation.dollars - prices.cost(Usage(self.prompt))
        return min(tokens, int(left * MILLION / prices.completion))

    def estimate(self, completion: int) -> Usage:
        return Usage(self.prompt, completion, estimated=True)

    async def begins(self) -> None:
        await self._breaker.answers()

    async def succeed(self, usage: Usage) -> None:
        await self._settle("ok", usage)
        await self._breaker.succeeded()

    async def fail(self, error: InferenceError, usage: Usage | None = None) -> None:
        """`usage` where it is known, else what the error has probably cost."""
        await self._settle(error.code, usage or self._guess(error.spent))
        await self._breaker.failed(error)

    async def cancel(self, usage: Usage | None = None) -> None:
        await self._settle("cancelled", usage or self._guess(Spent.SOME))
        await self._breaker.released()

    def _guess(self, spent: Spent) -> Usage:
        if spent is Spent.NOTHING:
            return Usage()
        if spent is Spent.SOME and self.course.streamed:
            return self.estimate(0)
        return self.estimate(min(self.most.completion, self.affordable) if self.is_limited else self.most.completion)

    async def _settle(self, outcome: str, usage: Usage) -> None:
        """Waits for nothing, so that nobody who is cancelled twice leaves it undone."""
        cost = self.model.prices.cost(usage)
        self.course.note_attempt(self.model, outcome, (time.monotonic() - self._started) * 1000, usage, cost)
        await self.reservation.settle(cost, usage.total)
