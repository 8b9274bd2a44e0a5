"""Asking a model or an alias once, by hand, to see what it really answers."""

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.inference.curated import CuratedModel, get_curated
from apps.inference.errors import InferenceError, NoModels, UnknownModel
from apps.inference.exchange import Attempt, Body, Caller, Exchange, Operation, Reply
from apps.inference.models import AUTO

SECONDS = 20.0
"""A web worker waits for no longer."""
QUESTION = "In one short sentence: what is a touchstone?"
MAX_QUESTION = 4000
MAX_TOKENS = 200
NUMBERS_SHOWN = 6
CHARACTERS_SHOWN = 20_000
EMPTY_AUTO = (
    "auto has no models of its own: the gateway then chooses the cheapest active model that will do. "
    "Ask the gateway for auto to try that, or put models into it to choose them and their order yourself."
)
EMPTY_ALIAS = (
    "{target} has no model that can be asked. Put one into it, or make one of its models and that model's provider "
    "active again."
)
NOT_ACTIVE = "{target} is not active, or its provider is not. Make them active, and try again."


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it: a reply with its answer in words, or the error. `ms` is the latency in milliseconds."""

    target: str
    ms: float
    reply: Reply | None = None
    answer: str = ""
    error: InferenceError | None = None

    @property
    def attempts(self) -> Sequence[Attempt]:
        if self.reply is not None:
            return self.reply.attempts
        return self.error.attempts if self.error is not None else ()


def try_target(*, target: str, question: str, user_id: int | None) -> Tried:
    """Really asks, on the person's budget and within `SECONDS`."""
    from apps.inference.calling import call  # clients of providers take their time to import

    started = time.monotonic()
    try:
        reply = call(make_exchange(target, question, user_id, started + SECONDS))
        return Tried(target, since(started), reply, read_answer(reply.body))
    except InferenceError as error:
        return Tried(target, since(started), error=error)


def make_exchange(target: str, question: str, user_id: int | None, deadline: float) -> Exchange:
    """Raises NoModels for a target that is not active, or has no active model, saying what to do about it."""
    try:
        model, *_ = get_curated().find(target)
    except NoModels as error:
        raise NoModels(message=EMPTY_AUTO if target == AUTO else EMPTY_ALIAS.format(target=target)) from error
    except UnknownModel as error:
        raise NoModels(message=NOT_ACTIVE.format(target=target)) from error
    caller = Caller(user=user_id, trace_id=uuid.uuid4().hex)
    return Exchange(model.operation, target, make_body(model, question), caller, deadline)


def make_body(model: CuratedModel, question: str) -> Body:
    most = {"max_tokens": min(MAX_TOKENS, model.max_output_tokens)}
    match model.operation:
        case Operation.CHAT:
            return {"messages": [{"role": "user", "content": question}], **most}
        case Operation.COMPLETION:
            return {"prompt": question, **most}
        case _:
            return {"input": question}


def read_answer(body: Body) -> str:
    """In words: the text of a chat, the beginning of a vector, whatever else as JSON."""
    for choice in list_of(body, "choices")[:1]:
        text = choice.get("text") or (choice.get("message") or {}).get("content")
        if text:
            return str(text)[:CHARACTERS_SHOWN]
    for row in list_of(body, "data")[:1]:
        numbers = row.get("embedding")
        if isinstance(numbers, list) and numbers:
            first = ", ".join(f"{number:.4f}" for number in numbers[:NUMBERS_SHOWN])
            return f"{len(numbers)} numbers: {first}, …"
    return json.dumps(body, ensure_ascii=False, indent=2, default=str)[:CHARACTERS_SHOWN]


def list_of(body: Body, name: str) -> list[Mapping[str, Any]]:
    rows = body.get(name)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, Sequence) else []


def since(started: float) -> float:
    return (time.monotonic() - started) * 1000
