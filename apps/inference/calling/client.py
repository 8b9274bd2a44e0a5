"""One way from a request to an answer: caches, the models of its name in order, and a record of how it went."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from apps.inference.caching.exchanges import find_cached, keep
from apps.inference.calling.batches import answer_texts
from apps.inference.calling.checking import check_sometimes
from apps.inference.calling.choosing import OF_TEXTS, check_fit, wants_json
from apps.inference.calling.course import Course, add_usage
from apps.inference.calling.streams import ReplayedStream, Stream, open_live
from apps.inference.calling.trying import send
from apps.inference.curated import CuratedModel, get_curated_async
from apps.inference.errors import InferenceError, TimedOut, WrongForm
from apps.inference.exchange import Body, Exchange, Operation, Reply, Usage
from apps.inference.tokens import read_usage, tell_usage

Got = TypeVar("Got")


async def call_async(exchange: Exchange) -> Reply:
    """The whole answer. Raises apps.inference.errors; to cancel it ends the request at the provider."""
    course = Course(exchange, streamed=False)
    with course.recording_failure():
        reply = await find_cached(exchange)
        if reply is not None:
            check_sometimes(exchange, reply)
        else:
            reply = course.reply(await ask_in_order(course, ask_whole))
            keep(exchange, reply)
    course.record(reply)
    return reply


async def open_stream(exchange: Exchange) -> Stream:
    """Returns once the first part came: errors before it are raised here, after the next models were tried."""
    course = Course(exchange, streamed=True)
    with course.recording_failure():
        reply = await find_cached(exchange)
        if reply is not None:
            check_sometimes(exchange, reply)
            return ReplayedStream(course, reply)
        return await ask_in_order(course, open_live)


async def ask_in_order(course: Course, ask: Callable[[Course, CuratedModel], Awaitable[Got]]) -> Got:
    """What the first model that can and does answer gives. Raises what the last asked one did, else why none was."""
    exchange = course.exchange
    curated = await get_curated_async()
    course.alias = curated.aliases.get(exchange.alias or exchange.target)
    unfit: InferenceError | None = None
    failed: InferenceError | None = None
    for model in curated.find(exchange.target):
        if error := check_fit(model, exchange, streamed=course.streamed):
            course.note_skip(model, error)
            unfit = unfit or error
            continue
        try:
            return await ask(course, model)
        except InferenceError as reason:
            failed = reason
            if not reason.try_next or course.seconds_left <= 0:
                break
    raise failed or unfit or TimedOut("no model was asked")


async def ask_whole(course: Course, model: CuratedModel) -> dict[str, Any]:
    body = course.exchange.body
    if model.operation in OF_TEXTS:
        answer = await answer_texts(course, model, body)
    elif model.operation is Operation.CHAT and wants_json(body):
        answer = await answer_in_form(course, model, body)
    else:
        answer = await send(course, model, body)
    answer["model"] = model.name
    return answer


async def answer_in_form(course: Course, model: CuratedModel, body: Body) -> dict[str, Any]:
    """JSON that was checked; a model that gave none is told what is wrong, once. Raises WrongForm."""
    from apps.inference.calling.forms import ask_again, read_form_within  # what checks schemas takes its time to import

    form = await read_form_within(course.seconds_left, body)
    answer = await send(course, model, body)
    problem = await form.find_problem_within(course.seconds_left, answer)
    if not problem:
        return answer
    again = await send(course, model, ask_again(body, answer, problem))
    if problem := await form.find_problem_within(course.seconds_left, again):
        raise WrongForm(problem)
    usage = add_usage(read_usage(answer) or Usage(), read_usage(again) or Usage())
    return {**again, "usage": tell_usage(usage)}
