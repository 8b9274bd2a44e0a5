"""`auto`: a ladder of models, from what was answered before and what costs nothing to what costs most.

Where curators put models into the alias, their order is the ladder's; else all of the kind are, by tier and price.
A model that can't do what is asked is skipped; one whose server is away, left alone or not paid for has failed; and the
next is asked. Nobody knows how sure a model is of free text. What can be looked at is looked at (`judging`): an answer
is sure when nothing is found, and then it is the cheapest that will do, which is not to say that it is right. Of a
stream nothing can be looked at before it is passed on: there the first model that begins is it.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Generic, TypeVar

from apps.inference.caching.exchanges import find_cached, keep, let_go
from apps.inference.calling import Stream, call_async, open_stream
from apps.inference.calling.checking import check_sometimes
from apps.inference.calling.choosing import check_fit
from apps.inference.calling.course import Course
from apps.inference.calling.streams import ReplayedStream
from apps.inference.curated import Curated, CuratedModel, get_curated_async
from apps.inference.errors import InferenceError, NoModels, NotSupported, TimedOut
from apps.inference.exchange import Attempt, Exchange, ModelTier, Operation, Reply, sum_costs
from apps.inference.gateway.judging import find_flaw
from apps.inference.gateway.traces import keep_trace
from apps.inference.ladder import CACHE, PAST_DEADLINE, Answer, AsyncTier, Climb, TierFailed, climb_async
from apps.inference.models import AUTO

SURE, UNSURE = 1.0, 0.0
ORDER = tuple(ModelTier)
NO_VECTORS = "Vectors of different models can't be compared: name one model instead of auto."
NONE_THERE = "There is no model for this yet. Whoever looks after models can add one."
GRACE_SECONDS = 0.5
"""A model ends by itself at the deadline, and then tells what it cost: it is not cut off before."""

Value = TypeVar("Value")
Got = TypeVar("Got", Reply, Stream)


@dataclass(frozen=True, slots=True)
class Opened:
    """A stream that has begun, and what was tried before it. `finish` is called once it has ended, well or not."""

    exchange: Exchange
    stream: Stream
    earlier: Sequence[Attempt] = ()
    climb: Climb[Any] | None = None

    def reply(self) -> Reply:
        """What came, and what it all cost. Only after its end."""
        return self.stream.reply().after(self.earlier)

    def finish(self) -> None:
        keep_trace(self.exchange, self.reply(), self.climb)


async def ask_auto(exchange: Exchange) -> Reply:
    """Raises apps.inference.errors. The reply's cost takes in the models that failed or were passed over."""
    tried: list[Attempt] = []

    async def recall() -> Reply | None:
        reply = await find_cached(exchange)
        if reply is not None:
            check_sometimes(exchange, reply)
            Course(exchange, streamed=False).record(reply)
        return reply

    async def answer(aimed: Exchange) -> Answer[Reply]:
        reply = await call_async(aimed)
        tried.extend(reply.attempts)
        return Answer(reply, UNSURE if find_flaw(exchange.body, reply.body) else SURE, float(reply.cost))

    climb, reply = await climb_models(exchange, recall, answer, tried, streamed=False)
    if not reply.cache:
        reply = replace(reply, attempts=tuple(tried), cost=sum_costs(tried))
        if climb.answered:
            keep(exchange, reply)
    keep_trace(exchange, reply, climb)
    return reply


async def open_auto(exchange: Exchange) -> Opened:
    """Raises apps.inference.errors."""
    tried: list[Attempt] = []

    async def recall() -> Stream | None:
        reply = await find_cached(exchange)
        if reply is None:
            return None
        check_sometimes(exchange, reply)
        return ReplayedStream(Course(exchange, streamed=True), reply)

    async def answer(aimed: Exchange) -> Answer[Stream]:
        return Answer(await open_stream(aimed), SURE)

    climb, stream = await climb_models(exchange, recall, answer, tried, streamed=True)
    return Opened(exchange, stream, tried, climb)


async def climb_models(
    exchange: Exchange,
    recall: Callable[[], Awaitable[Got | None]],
    answer: Callable[[Exchange], Awaitable[Answer[Got]]],
    tried: list[Attempt],
    *,
    streamed: bool,
) -> tuple[Climb[Got], Got]:
    """How the ladder was climbed, and its best answer. Raises why there is none.

    What failed on the way is added to `tried`, which is what the error that is raised says of it.
    """
    models = list_models(await get_curated_async(), exchange.operation)
    rungs: list[ModelRung[Got]] = [ModelRung[Got](model, answer, tried, streamed=streamed) for model in models]
    tiers: list[AsyncTier[Exchange, Got]] = [CacheRung[Got](recall)]
    tiers.extend(rungs)
    until = exchange.deadline + GRACE_SECONDS
    try:
        climb: Climb[Got] = await climb_async(tiers, exchange, clock=time.monotonic, deadline=until)
        if climb.answer is None:
            raise explain(rungs)
    except BaseException as error:
        let_go(exchange)
        if isinstance(error, InferenceError):
            error.attempts = tuple(tried)
        raise
    if streamed or not climb.answered:
        let_go(exchange)
    return climb, climb.answer.value


def list_models(curated: Curated, operation: Operation) -> Sequence[CuratedModel]:
    """The ladder's models, in order. Raises NotSupported."""
    if operation is Operation.EMBEDDING:
        raise NotSupported(message=NO_VECTORS)
    alias = curated.aliases.get(AUTO)
    if alias is not None and alias.models:
        return alias.models
    fit = [model for model in curated.models.values() if model.operation is operation]
    return sorted(fit, key=rank)


def rank(model: CuratedModel) -> tuple[int, Decimal, str]:
    return ORDER.index(model.tier), model.prices.prompt + model.prices.completion, model.name


def explain(rungs: Sequence["ModelRung[Any]"]) -> InferenceError:
    """Why nobody answered: what the last one asked said, else why the first one was not."""
    failed = [rung.failed for rung in rungs if rung.failed]
    unfit = [rung.unfit for rung in rungs if rung.unfit]
    return next(
        iter([*failed[::-1], *unfit]), TimedOut("no model was asked") if rungs else NoModels(message=NONE_THERE)
    )


class CacheRung(Generic[Value]):
    name = CACHE
    threshold = SURE

    def __init__(self, recall: Callable[[], Awaitable[Value | None]]) -> None:
        self._recall = recall

    def skip_reason(self, request: Exchange) -> str:
        return ""

    async def answer(self, request: Exchange) -> Answer[Value] | None:
        found = await self._recall()
        return None if found is None else Answer(found, SURE)


class ModelRung(Generic[Value]):
    """One model. Its name in the trace is tier and model, such as `local:qwen2.5-coder-1.5b`."""

    threshold = SURE

    def __init__(
        self,
        model: CuratedModel,
        answer: Callable[[Exchange], Awaitable[Answer[Value]]],
        tried: list[Attempt],
        *,
        streamed: bool,
    ) -> None:
        self.name = f"{model.tier.value}:{model.name}"
        self.unfit: InferenceError | None = None
        self.failed: InferenceError | None = None
        self._model = model
        self._answer = answer
        self._tried = tried
        self._streamed = streamed

    def skip_reason(self, request: Exchange) -> str:
        if time.monotonic() >= request.deadline:
            return PAST_DEADLINE
        self.unfit = check_fit(self._model, request, streamed=self._streamed)
        return self.unfit.code if self.unfit else ""

    async def answer(self, request: Exchange) -> Answer[Value] | None:
        """Raises what is wrong with the request, whoever is asked."""
        try:
            return await self._answer(replace(request, target=self._model.name, alias=AUTO))
        except InferenceError as error:
            self._tried.extend(error.attempts)
            if not error.try_next:
                raise
            self.failed = error
            raise TierFailed(error.code) from error
