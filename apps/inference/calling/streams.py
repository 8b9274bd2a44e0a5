"""An answer that comes in parts."""

from collections.abc import AsyncGenerator, Iterator
from typing import Self

from apps.inference.caching.exchanges import keep
from apps.inference.calling.chunks import Assembled, Part, split, tell_usage_part
from apps.inference.calling.course import Course
from apps.inference.calling.patience import Patience
from apps.inference.calling.trying import Trial, try_again
from apps.inference.curated import CuratedModel
from apps.inference.errors import BudgetSpent, InferenceError, LostAnswer, Spent, TimedOut
from apps.inference.exchange import Reply, Usage
from apps.inference.providers import adapter_of
from apps.inference.tokens import read_usage, tell_usage


class Stream:
    """Parts in the form of OpenAI's chunks. Recorded once: at its end, at an error, or when it is closed.

    Who does not read it to its end closes it: `aclose()` ends the request at the provider. One task reads it.
    """

    def __init__(self, course: Course, model: str, provider: str, tier: str) -> None:
        self.model = model
        self.provider = provider
        self.tier = tier
        self.cache = ""
        """As a reply's."""
        self._course = course
        self._asks_usage = bool((course.exchange.body.get("stream_options") or {}).get("include_usage"))
        self._reply: Reply | None = None

    @property
    def trace(self) -> str:
        return self._course.exchange.caller.trace_id

    def reply(self) -> Reply:
        """What came, and what it cost. Only after its end."""
        if self._reply is None:
            raise RuntimeError("the stream has not ended")
        return self._reply

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Part:
        """Raises apps.inference.errors where it breaks off."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Does nothing at its end."""
        raise NotImplementedError

    def _end(self, reply: Reply, *, error: InferenceError | None = None, cancelled: bool = False) -> None:
        self._reply = reply
        self._course.record(reply, error=error, cancelled=cancelled)


class LiveStream(Stream):
    """From a provider that has begun to answer."""

    def __init__(self, trial: Trial, parts: AsyncGenerator[Part, None], first: Part) -> None:
        model = trial.model
        super().__init__(trial.course, model.name, model.provider.name, model.tier.value)
        self._trial = trial
        self._parts = parts
        self._first: Part | None = first
        self._usage: Usage | None = None
        self._came = Assembled(model.operation)
        self._is_over = False
        self._patience = Patience(trial.course.seconds_left, model.provider.timeout)

    async def __anext__(self) -> Part:
        if self._is_over:
            raise StopAsyncIteration
        try:
            while True:
                part = await self._read()
                if self._take(part):
                    return part
        except StopAsyncIteration:
            await self._finish()
            raise
        except InferenceError as error:
            await self._break_off(error)
            raise
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        if not self._is_over:
            self._close()
            await self._parts.aclose()
            await self._trial.cancel(self._count())
            self._end(self._assemble(), cancelled=True)

    async def _read(self) -> Part:
        if self._first is not None:
            part, self._first = self._first, None
            return part
        try:
            return await self._patience.wait(anext(self._parts))
        except TimeoutError:
            raise TimedOut("the next part did not come in time") from None

    def _take(self, part: Part) -> bool:
        """Whether it is passed on. Raises BudgetSpent when more came than was granted."""
        part["model"] = self.model
        if part.get("usage"):
            self._usage = read_usage(part) or self._usage
        if not self._asks_usage:
            part.pop("usage", None)
            if not part.get("choices"):
                return False
        self._came.add(part)
        if self._trial.is_limited and self._came.tokens > self._trial.affordable:
            raise BudgetSpent(message="The budget for models was spent in the midst of the answer.")
        return True

    def _close(self) -> None:
        self._is_over = True
        self._patience.end()

    def _count(self) -> Usage:
        return self._usage or self._trial.estimate(self._came.tokens)

    def _assemble(self) -> Reply:
        return self._course.reply(self._came.whole(tell_usage(self._count())))

    async def _finish(self) -> None:
        self._close()
        await self._trial.succeed(self._count())
        reply = self._assemble()
        keep(self._course.exchange, reply)
        self._end(reply)

    async def _break_off(self, error: InferenceError) -> None:
        self._close()
        await self._parts.aclose()
        usage = None if error.spent is Spent.MOST else self._count()
        await self._trial.fail(error, usage)
        self._end(self._assemble(), error=error)


class ReplayedStream(Stream):
    """An earlier answer, in parts again."""

    def __init__(self, course: Course, reply: Reply) -> None:
        super().__init__(course, reply.model, reply.provider, reply.tier)
        self.cache = reply.cache
        self._kept = reply
        self._parts = self._split()

    async def __anext__(self) -> Part:
        for part in self._parts:
            return part
        if self._reply is None:
            self._end(self._kept)
        raise StopAsyncIteration

    async def aclose(self) -> None:
        if self._reply is None:
            self._end(self._kept, cancelled=True)

    def _split(self) -> Iterator[Part]:
        part: Part = {}
        for part in split(self._kept.body):
            yield part
        if self._asks_usage:
            yield tell_usage_part(part, tell_usage(self._kept.usage))


async def open_live(course: Course, model: CuratedModel) -> Stream:
    """A stream whose first part has come. Until then it is tried again as whole answers are."""
    return await try_again(course, model, lambda: _open_once(course, model))


async def _open_once(course: Course, model: CuratedModel) -> Stream:
    trial = await Trial.begin(course, model, course.exchange.body)
    parts = adapter_of(model.provider).stream(model, trial.body, timeout=trial.seconds)
    try:
        if trial.is_limited and trial.affordable < 1:
            raise BudgetSpent("what is left is less than the question costs")
        async with trial.limit():
            first = await anext(parts)
    except TimeoutError:
        await trial.fail(late := TimedOut(f"no part in {trial.seconds:.1f} s"))
        raise late from None
    except StopAsyncIteration:
        await trial.fail(empty := LostAnswer("the stream has no part"))
        raise empty from None
    except InferenceError as error:
        await trial.fail(error)
        raise
    except BaseException:
        await trial.cancel()
        raise
    course.first_ms = course.ms
    return LiveStream(trial, parts, first)
