"""Texts that are too many for one request: split, sent side by side, and put together again in their order."""

import asyncio
from collections.abc import Sequence
from typing import Any

from apps.inference.calling.choosing import fit_texts, read_texts
from apps.inference.calling.course import Course, add_usage
from apps.inference.calling.trying import send
from apps.inference.curated import CuratedModel
from apps.inference.errors import InferenceError
from apps.inference.exchange import Body, Usage
from apps.inference.tokens import read_usage, tell_usage


async def answer_texts(course: Course, model: CuratedModel, body: Body) -> dict[str, Any]:
    texts = fit_texts(model, read_texts(body))
    batches = [texts[start : start + model.batch_size] for start in range(0, len(texts), model.batch_size)]
    if len(batches) == 1:
        return await send(course, model, {**body, "input": texts})
    side_by_side = asyncio.Semaphore(max(1, model.provider.kept_connections))

    async def answer(batch: Sequence[Any]) -> dict[str, Any]:
        async with side_by_side:
            return await send(course, model, {**body, "input": batch})

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(answer(batch)) for batch in batches]
    except* InferenceError as errors:
        raise errors.exceptions[0] from None
    return join([task.result() for task in tasks])


def join(answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    items = [item for answer in answers for item in sorted(answer["data"], key=place_of)]
    data = [{**item, "index": place} for place, item in enumerate(items)]
    usage = Usage()
    for answer in answers:
        usage = add_usage(usage, read_usage(answer) or Usage())
    return {**answers[0], "data": data, "usage": tell_usage(usage)}


def place_of(item: dict[str, Any]) -> int:
    return int(item["index"])
