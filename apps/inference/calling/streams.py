"""An answer that comes in parts."""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, Self

from apps.inference.caching.exchanges import keep
from apps.inference.calling.choosing import wants_json
from apps.inference.calling.chunks import Assembled, Part, split, tell_usage_part
from apps.inference.calling.course import Course
from apps.inference.calling.patience import Patience
from apps.inference.calling.trying import Trial, try_again
from apps.inference.curated import CuratedModel
from apps.inference.errors import BudgetSpent, InferenceError, LostAnswer, Spent, TimedOut, WrongForm
from apps.inference.exchange import Operation, Reply, Usage
from apps.inference.providers import adapter_of
from apps.inference.tokens import read_usage, tell_usage

if TYPE_CHECKING:
    from apps.inference.calling.forms import Form

WRONG_FORM = (
    "The answer does not keep to the JSON schema. Ask without 'stream' to have such an answer put right. {problem}"
)


class Stream:
    """Parts in the form of OpenAI's chunks. Recorded once: at its end, at an error, or when it is closed.

    The part that tells the usage comes after that, so that what it all cost is known with it. Who does not read a
    stream to its end closes it: `aclose()` ends the request at the provider. One task reads it.
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

    def __init__(
        self, trial: Trial, parts: AsyncGenerator[Part, None], first: Part, form: "Form | None" = None
    ) -> None:
        """`form` is what the whole answer must be, where JSON was asked for."""
        model = trial.model
        super().__init__(trial.course, model.name, model.provider.name, model.tier.value)
        self._trial = trial
        self._parts = parts
        self._first: Part | None = first
        self._form = form
        self._usage: Usage | None = None
        self._told: dict[str, Any] | None = None
        """The usage in the provider's own words."""
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
            if not self._asks_usage:
                raise
            return self._came.tell_usage(self._told or tell_usage(self._count()))
        except InferenceError as error:
            await self._break_off(error)
            raise
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        if not self._is_over:
            self._close()
            try:
                await self._trial.cancel(self._count())
            finally:
                self._end(self._assemble(), cancelled=True)
                await self._parts.aclose()

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
        if part.get("usage") and (usage := read_usage(part)):
            self._usage, self._told = usage, part["usage"]
        if not part.get("choices") and (not self._asks_usage or part.get("usage")):
            return False
        if not self._asks_usage:
            part.pop("usage", None)
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
        """Raises WrongForm."""
        self._close()
        try:
            await self._trial.succeed(self._count())
        finally:
            problem = await self._conclude()
        if problem is not None:
            raise problem

    async def _conclude(self) -> InferenceError | None:
        reply = self._assemble()
        try:
            problem = await self._check(reply)
        except BaseException:
            self._end(reply, cancelled=True)
            raise
        if problem is None:
            keep(self._course.exchange, reply)
        self._end(reply, error=problem)
        return problem

    async def _check(self, reply: Reply) -> InferenceError | None:
        """What is wrong with the whole answer. Its parts are with the caller: nothing can be put right any more."""
        if self._form is None:
            return None
        try:
            found = await self._form.find_problem_within(self._course.seconds_left, reply.body)
        except InferenceError as error:
            return error
        return WrongForm(found, message=WRONG_FORM.format(problem=found)) if found else None

    async def _break_off(self, error: InferenceError) -> None:
        self._close()
        usage = None if error.spent is Spent.MOST else self._count()
        try:
            await self._trial.fail(error, usage)
        finally:
            self._end(self._assemble(), error=error)
            await self._parts.aclose()


class ReplayedStream(Stream):
    """An earlier answer, in parts again."""

    def __init__(self, course: Course, reply: Reply) -> None:
        super().__init__(course, reply.model, reply.provider, reply.tier)
        self.cache = reply.cache
        self._kept = reply
        self._parts = split(reply.body)
        self._last: Part = {}

    async def __anext__(self) -> Part:
        for part in self._parts:
            self._last = part
            return part
        if self._reply is None:
            self._end(self._kept)
            if self._asks_usage:
                return tell_usage_part(self._last, tell_usage(self._kept.usage))
        raise StopAsyncIteration

    async def aclose(self) -> None:
        if self._reply is None:
            self._end(self._kept, cancelled=True)


async def open_live(course: Course, model: CuratedModel) -> Stream:
    """A stream whose first part has come. Until then it is tried again as whole answers are.

    Raises Refused for a JSON schema that is none, before anybody is asked.
    """
    form = None
    if model.operation is Operation.CHAT and wants_json(course.exchange.body):
        from apps.inference.calling.forms import read_form_within  # what checks schemas takes its time to import

        form = await read_form_within(course.seconds_left, course.exchange.body)
    return await try_again(course, model, lambda: _open_once(course, model, form))


async def _open_once(course: Course, model: CuratedModel, form: "Form | None") -> Stream:
    trial = await Trial.begin(course, model, course.exchange.body)
    try:
        async with trial.limit():
            parts = adapter_of(model.provider).stream(model, trial.body, timeout=trial.seconds)
            first = await anext(parts)
            await trial.begins()
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
    return LiveStream(trial, parts, first, form)
