"""Servers that speak OpenAI's API, through OpenAI's own library: its addresses, headers and errors, none of its models.

Answers stay the dictionaries that they came as: to build the library's objects takes longer than the rest of a call.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import httpx2
import openai
import orjson

from apps.inference.curated import CuratedModel, CuratedProvider
from apps.inference.errors import BadAnswer, LostAnswer, Refused
from apps.inference.exchange import Body, Operation
from apps.inference.providers.base import Part
from apps.inference.providers.connecting import Transport
from apps.inference.providers.events import has_text, read_events
from apps.inference.providers.refusals import explain_status

PATHS = {
    Operation.CHAT: "/chat/completions",
    Operation.COMPLETION: "/completions",
    Operation.EMBEDDING: "/embeddings",
}
HEADERS = {"Content-Type": "application/json"}
NO_KEY = "none"
"""The library wants a key, also for servers that want none."""


class OpenAIAdapter:
    def __init__(self, provider: CuratedProvider) -> None:
        self._client = openai.AsyncOpenAI(
            api_key=provider.api_key or NO_KEY,
            base_url=provider.base_url,
            max_retries=0,
            http_client=httpx2.AsyncClient(transport=Transport(provider), follow_redirects=False, trust_env=False),
        )
        self._urls = {operation: f"{provider.base_url}{path}" for operation, path in PATHS.items()}
        """Whole, since the library takes its time to join them for each request."""
        self._tells_no_usage: set[str] = set()
        """Models whose server refuses to be asked for a stream's usage."""

    async def send(self, model: CuratedModel, body: Body, *, timeout: float) -> dict[str, Any]:
        response = await self._post(model, {**body, "model": model.remote_name}, timeout, stream=False)
        return read_answer(response.content, model.operation, body)

    async def stream(self, model: CuratedModel, body: Body, *, timeout: float) -> AsyncGenerator[Part, None]:
        response = await self._open_stream(model, body, timeout)
        try:
            async with aclosing(read_events(response.aiter_bytes())) as events:
                async for part in events:
                    yield part
        finally:
            await response.aclose()

    async def check(self, provider: CuratedProvider) -> str:
        try:
            response = await self._client.get("/models", cast_to=httpx2.Response, options={"timeout": provider.timeout})
        except openai.APIStatusError as error:
            raise explain_status(error) from error
        models = read_object(response.content).get("data")
        if not isinstance(models, list):
            raise BadAnswer("its list of models is none")
        return f"{len(models)} models"

    async def close(self) -> None:
        await self._client.close()

    async def _open_stream(self, model: CuratedModel, body: Body, timeout: float) -> httpx2.Response:
        wanted = {**body, "model": model.remote_name, "stream": True}
        if model.remote_name in self._tells_no_usage:
            return await self._post(model, wanted, timeout, stream=True)
        options = {"stream_options": {**(body.get("stream_options") or {}), "include_usage": True}}
        try:
            return await self._post(model, wanted | options, timeout, stream=True)
        except Refused as error:
            if "stream_options" not in error.detail:
                raise
            self._tells_no_usage.add(model.remote_name)
            wanted.pop("stream_options", None)
            return await self._post(model, wanted, timeout, stream=True)

    async def _post(self, model: CuratedModel, body: Body, timeout: float, *, stream: bool) -> httpx2.Response:
        try:
            content = orjson.dumps(body)
        except orjson.JSONEncodeError as error:
            raise Refused(f"it cannot be written as JSON: {error}") from error
        try:
            response = await self._client.post(
                self._urls[model.operation],
                cast_to=httpx2.Response,
                content=content,
                options={"headers": HEADERS, "timeout": timeout},
                stream=stream,
                stream_cls=openai.AsyncStream[object],
            )
        except openai.APIStatusError as error:
            raise explain_status(error) from error
        except openai.APIConnectionError as error:
            raise LostAnswer(f"what it sent cannot be read: {error.__cause__}") from error
        assert isinstance(response, httpx2.Response)
        return response


def read_answer(content: bytes, operation: Operation, body: Body) -> dict[str, Any]:
    """Raises LostAnswer for what is no answer of this kind: it was paid for all the same."""
    answer = read_object(content)
    if operation is Operation.EMBEDDING:
        texts = body.get("input")
        wanted = len(texts) if isinstance(texts, list) and not isinstance(texts[0], int) else 1
        is_good = has_vectors(answer.get("data"), wanted)
    else:
        is_good = has_choices(answer.get("choices"), "message" if operation is Operation.CHAT else "text")
    if not is_good:
        raise LostAnswer("there is no answer in what it sent")
    return answer


def has_vectors(items: Any, wanted: int) -> bool:
    return (
        isinstance(items, list)
        and len(items) == wanted
        and all(
            isinstance(item, dict) and isinstance(item.get("index"), int) and item.get("embedding") for item in items
        )
    )


def has_choices(choices: Any, name: str) -> bool:
    return isinstance(choices, list) and bool(choices) and all(has_text(choice, name) for choice in choices)


def read_object(content: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise LostAnswer(f"it is no JSON: {error}") from error
    if not isinstance(answer, dict):
        raise LostAnswer("it is no object")
    return answer
