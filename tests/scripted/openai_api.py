"""The paths under /v1/."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from tests.scripted.chat import prepare_chat
from tests.scripted.counts import Counts
from tests.scripted.delivery import deliver
from tests.scripted.errors import Refusal, encode_error
from tests.scripted.http import Channel, Handled, Reply, Request
from tests.scripted.models import INTENT
from tests.scripted.prepared import Prepared, new_id
from tests.scripted.steps import Script, Step
from tests.scripted.texts import prepare_completion, prepare_embeddings

Prepare = Callable[[Mapping[str, Any], Step], Prepared]
POSTS: dict[str, Prepare] = {
    "/v1/chat/completions": prepare_chat,
    "/v1/completions": prepare_completion,
    "/v1/embeddings": prepare_embeddings,
}
MODELS = "/v1/models"
CREATED = 1_700_000_000


class OpenAIPart:
    def __init__(self, script: Script, counts: Counts, key: str) -> None:
        self._script = script
        self._counts = counts
        self._authorization = f"Bearer {key}"

    def handle(self, request: Request, channel: Channel) -> Handled:
        headers = (("x-request-id", new_id("req")), ("openai-version", "2020-10-01"))
        body: Any = None
        model = request.path
        try:
            if request.headers.get("authorization") != self._authorization:
                raise Refusal(401)
            prepare = self._find(request)
            body = read_body(request)
            model = body.get("model") or request.path
            step = self._take(request, body)
            prepared = prepare(body, step)
        except Refusal as refusal:
            counts = self._counts.note_request(request.method, request.path, str(model), request.headers, body)
            counts.outcomes[f"status_{refusal.status}"] += 1
            return Reply(refusal.status, encode_error(refusal.status, str(refusal), refusal.param), headers=headers)
        counts = self._counts.note_request(request.method, request.path, model, request.headers, body)
        return deliver(prepared, step, channel, self._counts, counts, headers)

    def _find(self, request: Request) -> Prepare:
        if request.method == "POST" and request.path in POSTS:
            return POSTS[request.path]
        if request.method == "GET" and request.path == MODELS:
            return self._prepare_models
        if request.method == "GET" and request.path.startswith(f"{MODELS}/"):
            name = request.path.removeprefix(f"{MODELS}/")
            return lambda body, step: self._prepare_model(name)
        raise Refusal(404, f"Invalid URL ({request.method} {request.path})")

    def _take(self, request: Request, body: Mapping[str, Any]) -> Step:
        """The listing of models has steps under its path."""
        if request.method == "GET":
            return self._script.take(request.path) or Step()
        name = body.get("model")
        if not isinstance(name, str) or not name:
            raise Refusal(400, "you must provide a model parameter", "model")
        step = self._script.take(name)
        if step is None:
            raise Refusal(404, f"The model `{name}` does not exist or you do not have access to it.", "model")
        return step

    def _prepare_models(self, body: Mapping[str, Any], step: Step) -> Prepared:
        data = [describe_model(name) for name in self._script.models if name != INTENT and not name.startswith("/")]
        return Prepared(0, 0, body=orjson.dumps({"object": "list", "data": data}))

    def _prepare_model(self, name: str) -> Prepared:
        if name not in self._script.models:
            raise Refusal(404, f"The model '{name}' does not exist", "model")
        return Prepared(0, 0, body=orjson.dumps(describe_model(name)))


def describe_model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "scripted"}


def read_body(request: Request) -> dict[str, Any]:
    if request.method == "GET":
        return {}
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        raise Refusal(400, "We could not parse the JSON body of your request.") from None
    if not isinstance(body, dict):
        raise Refusal(400, "The body of a request is an object.")
    return body
