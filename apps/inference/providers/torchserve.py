"""TorchServe: predictions of a classifier, each request with a list of texts, and what its management address tells.

Its handler takes {"instances": ["a text", ...]} and gives {"predictions": [...]}, one for each, as KServe's protocol
has it; a bare list is taken too. Predictions come back as they are, in the form that OpenAI's API has for embeddings.
"""

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import orjson

from apps.core import metrics
from apps.inference.curated import CuratedModel, CuratedProvider
from apps.inference.errors import (
    BadAnswer,
    InferenceError,
    Misconfigured,
    NotSupported,
    RateLimited,
    Refused,
    TimedOut,
)
from apps.inference.exchange import Body
from apps.inference.providers.base import Part
from apps.inference.providers.connecting import Answer, Connections
from apps.inference.providers.refusals import SHOWN, read_text

READY = "READY"
MOST_DESCRIBED = 20
"""Models whose workers a check looks at."""


class TorchServeAdapter:
    def __init__(self, provider: CuratedProvider) -> None:
        self._provider = provider
        self._connections = Connections(provider)

    async def send(self, model: CuratedModel, body: Body, *, timeout: float) -> dict[str, Any]:
        texts = read_texts(body)
        started = time.perf_counter()
        outcome = "cancelled"
        try:
            predictions = read_predictions(await self._predict(model, texts, timeout), len(texts))
            outcome = "ok"
        except InferenceError as error:
            outcome = error.code
            raise
        finally:
            metrics.count("torchserve_requests", model=model.name, outcome=outcome)
            metrics.observe("torchserve_seconds", time.perf_counter() - started, model=model.name)
        data = [
            {"object": "prediction", "index": place, "prediction": prediction}
            for place, prediction in enumerate(predictions)
        ]
        return {"object": "list", "data": data}

    async def stream(self, model: CuratedModel, body: Body, *, timeout: float) -> AsyncGenerator[Part, None]:
        raise NotSupported(f"{self._provider.name} streams nothing")
        yield {}

    async def check(self, provider: CuratedProvider) -> str:
        """That it answers, and, where its management address is known, that each model has a worker that is ready."""
        said = await self._ask("GET", f"{provider.base_url}/ping", provider.timeout)
        if not isinstance(said, dict) or said.get("status") != "Healthy":
            raise BadAnswer(f"it says of itself: {str(said)[:SHOWN]}")
        if not provider.management_url:
            return "Healthy"
        models = [await self._describe(provider, name) for name in await self._list_models(provider)]
        return ", ".join(["Healthy", *models])

    async def close(self) -> None:
        await self._connections.close()

    async def _predict(self, model: CuratedModel, texts: Sequence[str], timeout: float) -> Any:
        url = f"{self._provider.base_url}/predictions/{quote(model.remote_name)}"
        return await self._ask("POST", url, timeout, orjson.dumps({"instances": texts}))

    async def _list_models(self, provider: CuratedProvider) -> list[str]:
        listed = await self._ask("GET", f"{provider.management_url}/models", provider.timeout)
        rows = listed.get("models") if isinstance(listed, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise BadAnswer("its list of models is none")
        return [str(row.get("modelName")) for row in rows[:MOST_DESCRIBED]]

    async def _describe(self, provider: CuratedProvider, name: str) -> str:
        """Raises BadAnswer where no worker is ready."""
        told = await self._ask("GET", f"{provider.management_url}/models/{quote(name)}", provider.timeout)
        try:
            states = [worker["status"] for version in told for worker in version["workers"]]
        except (KeyError, TypeError) as error:
            raise BadAnswer(f"what it tells of {name} has no workers in it") from error
        ready = states.count(READY)
        if not ready:
            raise BadAnswer(f"none of the {len(states)} workers of {name} is ready")
        return f"{name}: {ready} of {len(states)} workers ready"

    async def _ask(self, method: str, url: str, timeout: float, content: bytes | None = None) -> Any:
        """What it answers, as JSON. Raises apps.inference.errors."""
        reached = False
        try:
            answer = await self._connections.ask(method, url, content, timeout=timeout)
            reached = True
        finally:
            metrics.set_gauge("torchserve_connection", reached, provider=self._provider.name)
        if answer.status != 200:
            raise explain_status(answer)
        try:
            return orjson.loads(answer.content)
        except orjson.JSONDecodeError as error:
            raise BadAnswer(f"its answer is no JSON: {error}") from error


def read_texts(body: Body) -> list[str]:
    given = body["input"]
    texts = [given] if isinstance(given, str) else list(given)
    if not all(isinstance(text, str) for text in texts):
        raise Refused("it takes texts, and no tokens", message="The model takes texts, and no tokens.")
    return texts


def read_predictions(answer: Any, wanted: int) -> list[Any]:
    predictions = answer.get("predictions") if isinstance(answer, dict) else answer
    if not isinstance(predictions, list):
        raise BadAnswer("it answers with no list of predictions")
    if len(predictions) != wanted:
        raise BadAnswer(f"it gives {len(predictions)} predictions for {wanted} texts")
    return predictions


def explain_status(answer: Answer) -> InferenceError:
    """Of TorchServe's own statuses: 503 is also that no worker is there, and 507 that one ran out of memory."""
    status = answer.status
    detail = f"status {status}: {read_message(answer)}"
    if status == 429:
        return RateLimited(detail)
    if status == 408:
        return TimedOut(detail)
    if status >= 500:
        return BadAnswer(detail)
    if status in (400, 413, 422):
        return Refused(detail)
    return Misconfigured(detail)


def read_message(answer: Answer) -> str:
    with suppress(orjson.JSONDecodeError):
        told = orjson.loads(answer.content)
        if isinstance(told, dict):
            return f"{told.get('type')}: {told.get('message')}"[:SHOWN]
    return read_text(answer)
