"""TorchServe's inference and management paths, on one port: /ping, /predictions/NAME, /models.

Predictions speak what tests/torchserve's handler does: {"instances": ["a text", ...]} in, and out
{"predictions": [{"intent": "greeting", "confidence": 0.9}, ...]}, one for each text.
"""

import zlib
from collections.abc import Mapping
from typing import Any

import orjson

from tests.scripted.counts import Counts
from tests.scripted.delivery import Headers, deliver
from tests.scripted.errors import Refusal
from tests.scripted.http import Channel, Handled, Reply, Request
from tests.scripted.prepared import Prepared, new_id
from tests.scripted.steps import Script, Step
from tests.scripted.tokens import count_tokens

INTENTS = ("greeting", "farewell", "billing", "cancel", "help")
KINDS = {
    400: "BadRequestException",
    404: "ModelNotFoundException",
    405: "MethodNotAllowedException",
    500: "InternalServerException",
    503: "InternalServerException",
    507: "InternalServerException",
}
PREFIXES = ("/ping", "/predictions/", "/models")


class TorchServePart:
    def __init__(self, script: Script, counts: Counts) -> None:
        self._script = script
        self._counts = counts
        self._workers: dict[str, int] = {}

    @staticmethod
    def owns(path: str) -> bool:
        return path.startswith(PREFIXES)

    def handle(self, request: Request, channel: Channel) -> Handled:
        headers = (("x-request-id", new_id("ts")),)
        name, body = name_model(request.path), read_body(request)
        counts = self._counts.note_request(request.method, request.path, name, request.headers, body)
        try:
            step = self._script.take(name) or (Step() if name.startswith("/") else None)
            if step is None:
                raise Refusal(404, f"Model not found: {name}")
            prepared = self._prepare(request, name, body)
        except Refusal as refusal:
            counts.outcomes[f"status_{refusal.status}"] += 1
            return Reply(refusal.status, encode_error(refusal.status, str(refusal)), headers=headers)
        return deliver(prepared, step, channel, self._counts, counts, headers, refuse=refuse)

    def _prepare(self, request: Request, name: str, body: Any) -> Prepared:
        if request.path.startswith("/predictions/"):
            return predict(body)
        if request.path == "/ping":
            return Prepared(0, 0, body=b'{"status": "Healthy"}')
        if request.path == "/models":
            models = [{"modelName": "intent", "modelUrl": "intent.mar"}]
            return Prepared(0, 0, body=orjson.dumps({"models": models}))
        if request.method == "PUT":
            self._scale(request.target, name)
            return Prepared(0, 0, body=b'{"status": "Workers scaled"}')
        return Prepared(0, 0, body=orjson.dumps([self._describe(name)]))

    def _scale(self, target: str, name: str) -> None:
        asked = dict(pair.partition("=")[::2] for pair in target.partition("?")[2].split("&"))
        try:
            self._workers[name] = int(asked["min_worker"])
        except (KeyError, ValueError):
            raise Refusal(400, "min_worker: a whole number is needed") from None

    def _describe(self, name: str) -> dict[str, Any]:
        ids = range(9000, 9000 + self._workers.get(name, 1))
        workers = [{"id": str(one), "status": "READY", "memoryUsage": 0, "pid": 1, "gpu": False} for one in ids]
        return {"modelName": name, "modelVersion": "1.0", "batchSize": 32, "maxBatchDelay": 10, "workers": workers}


def predict(body: Any) -> Prepared:
    texts = body.get("instances") if isinstance(body, dict) else None
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise Refusal(503, "Prediction failed")
    answers = [{"intent": choose_intent(text), "confidence": 0.9} for text in texts]
    return Prepared(sum(map(count_tokens, texts)), 0, body=orjson.dumps({"predictions": answers}))


def choose_intent(text: str) -> str:
    """Follows from the text's checksum, or is named in it."""
    named = next((intent for intent in INTENTS if intent in text.lower()), None)
    return named or INTENTS[zlib.crc32(text.encode()) % len(INTENTS)]


def name_model(path: str) -> str:
    """The model in a path, without its version; the path itself where none is in it."""
    parts = path.strip("/").split("/")
    return parts[1] if parts[0] in ("predictions", "models") and len(parts) > 1 else path


def read_body(request: Request) -> Any:
    try:
        return orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError:
        return None


def encode_error(status: int, message: str) -> bytes:
    kind: Mapping[str, Any] = {"code": status, "type": KINDS.get(status, KINDS[500]), "message": message}
    return orjson.dumps(kind)


def refuse(step: Step, headers: Headers) -> Reply:
    if step.raw is not None:
        return Reply(step.status or 200, step.raw.encode(), "text/html", headers)
    return Reply(step.status, encode_error(step.status, "Prediction failed"), headers=headers)
