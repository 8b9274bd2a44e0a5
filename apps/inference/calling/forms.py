"""Answers in JSON: whether they keep to the schema that was asked for, and how a model is asked to put one right."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import orjson
from jsonschema.protocols import Validator

from apps.inference.calling.schemas import compile_schema, find_error
from apps.inference.errors import Refused, TimedOut
from apps.inference.exchange import Body

MOST_SAID = 500
"""Characters of what is wrong, as the model is told it."""
THREADS = 2
LEAST_SECONDS = 1.0
"""What came at the last moment is looked at all the same."""
LATE = "a JSON schema takes long to look at"

Got = TypeVar("Got")
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="schemas")
"""What a schema takes, at most about a second, it takes from others with one, and not from all who ask."""


class Form:
    """What answers to a request must be: JSON, and where a schema came with it, of that schema."""

    def __init__(self, validator: Validator | None) -> None:
        self._validator = validator

    async def find_problem_within(self, seconds: float, answer: Body) -> str:
        """`find_problem` in a thread. Raises TimedOut."""
        return await in_thread(seconds, partial(self.find_problem, answer))

    def find_problem(self, answer: Body) -> str:
        """What is wrong with it, in a line; empty where nothing is, or where it holds no text but calls of tools."""
        for choice in answer["choices"]:
            message = choice.get("message") or {}
            content = message.get("content")
            if message.get("tool_calls") or message.get("refusal"):
                continue
            if problem := self._check(content or ""):
                return problem
        return ""

    def _check(self, content: str) -> str:
        try:
            value = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            return f"It is no JSON: {error}"
        if self._validator is None:
            return "" if isinstance(value, dict) else "It is JSON, and no object."
        problem = find_error(self._validator, value)
        return f"{problem.json_path}: {problem.message}"[:MOST_SAID] if problem else ""


def read_form(body: Body) -> Form:
    """Of a request that asks for JSON. Raises Refused for a schema that is none."""
    wanted = body["response_format"]
    if wanted["type"] == "json_object":
        return Form(None)
    described = wanted.get("json_schema")
    schema = described.get("schema") if isinstance(described, Mapping) else None
    if not isinstance(schema, Mapping):
        raise Refused(message="response_format.json_schema.schema must be a JSON schema.")
    return Form(compile_schema(orjson.dumps(schema)))


async def read_form_within(seconds: float, body: Body) -> Form:
    """`read_form` in a thread. Raises TimedOut."""
    return await in_thread(seconds, partial(read_form, body))


async def in_thread(seconds: float, work: Callable[[], Got]) -> Got:
    try:
        async with asyncio.timeout(max(LEAST_SECONDS, seconds)):
            return await asyncio.get_running_loop().run_in_executor(_threads, work)
    except TimeoutError:
        raise TimedOut(LATE) from None


def ask_again(body: Body, answer: Body, problem: str) -> dict[str, Any]:
    """The request with the answer and what is wrong with it."""
    said = answer["choices"][0]["message"].get("content") or ""
    words = f"That is not in the form asked for. {problem}\nAnswer again with JSON of that form and nothing else."
    more = [{"role": "assistant", "content": said}, {"role": "user", "content": words}]
    return {**body, "messages": [*body["messages"], *more]}
