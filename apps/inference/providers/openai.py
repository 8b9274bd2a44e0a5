"""Servers that speak OpenAI's API. Bodies stay the dictionaries that they came as."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import aiohttp
import orjson

from apps.inference.curated import CuratedModel, CuratedProvider
from apps.inference.errors import BadAnswer, LostAnswer, Refused
from apps.inference.exchange import Body, Operation
from apps.inference.providers.base import Part
from apps.inference.providers.connecting import Answer, Connections, read_answer, read_parts
from apps.inference.providers.events import has_text, read_events
from apps.inference.providers.refusals import explain_refusal

PATHS = {
    Operation.CHAT: "/chat/completions",
    Operation.COMPLETION: "/completions",
    Operation.EMBEDDING: "/embeddings",
}


class OpenAIAdapter:
    def __init__(self, provider: CuratedProvider) -> None:
        self._connections = Connections(provider)
        self._models_url = f"{provider.base_url}/models"
        self._urls = {operation: f"{provider.base_url}{path}" for operation, path in PATHS.items()}
        self._tells_no_usage: set[str] = set()
        """Models whose server refuses to be asked for a stream's usage."""

    async def send(self, model: CuratedModel, body: Body, *, timeout: float) -> dict[str, Any]:
        content = write_body({**body, "model": model.remote_name})
        answer = await self._connections.ask("POST", self._urls[model.operation], content, timeout=timeout)
        return read_body(check_answer(answer), model.operation, body)

    async def stream(self, model: CuratedModel, body: Body, *, timeout: float) -> AsyncGenerator[Part, None]:
        response = await self._open_stream(model, body, timeout)
        try:
            async with aclosing(read_events(read_parts(response))) as events:
                async for part in events:
                    yield part
        finally:
            response.close()

    async def check(self, provider: CuratedProvider) -> str:
        answer = await self._connections.ask("GET", self._models_url, timeout=provider.timeout)
        models = read_object(check_answer(answer)).get("data")
        if not isinstance(models, list):
            raise BadAnswer("its list of models is none")
        return f"{len(models)} models"

    async def close(self) -> None:
        await self._connections.close()

    async def _open_stream(self, model: CuratedModel, body: Body, timeout: float) -> aiohttp.ClientResponse:
        wanted = {**body, "model": model.remote_name, "stream": True}
        if model.remote_name in self._tells_no_usage:
            return await self._open(model, wanted, timeout)
        options = {"stream_options": {**(body.get("stream_options") or {}), "include_usage": True}}
        try:
            return await self._open(model, wanted | options, timeout)
        except Refused as error:
            if "stream_options" not in error.detail:
                raise
            self._tells_no_usage.add(model.remote_name)
            wanted.pop("stream_options", None)
            return await self._open(model, wanted, timeout)

    async def _open(self, model: CuratedModel, body: Body, timeout: float) -> aiohttp.ClientResponse:
        url = self._urls[model.operation]
        response = await self._connections.open("POST", url, write_body(body), timeout=timeout)
        if response.status == 200:
            return response
        try:
            raise explain_refusal(await read_answer(response))
        finally:
            response.close()


def write_body(body: Body) -> bytes:
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError as error:
        raise Refused(f"it cannot be written as JSON: {error}") from error


def check_answer(answer: Answer) -> bytes:
    if not answer.is_good:
        raise explain_refusal(answer)
    return answer.content


def read_body(content: bytes, operation: Operation, body: Body) -> dict[str, Any]:
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
