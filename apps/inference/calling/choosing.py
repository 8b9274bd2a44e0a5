"""Which of an alias's models may be asked at all, and in what form a request is sent to one."""

from collections.abc import Mapping
from typing import Any

from apps.inference.curated import CuratedModel
from apps.inference.errors import InferenceError, InputTooLong, NotSupported, Refused
from apps.inference.exchange import Body, Exchange, Operation
from apps.inference.models import TooLong
from apps.inference.tokens import BYTES_PER_TOKEN, count_prompt

PREDICTION_CHARACTERS = 2048
"""Of each text of a classifier that has no limit of its own."""
OF_TEXTS = (Operation.EMBEDDING, Operation.PREDICTION)
SCHEMA_KINDS = ("json_schema", "json_object")


def check_fit(model: CuratedModel, exchange: Exchange, *, streamed: bool) -> InferenceError | None:
    """Why this model can't be asked this; None where it can."""
    body = exchange.body
    if model.operation is not exchange.operation:
        return refuse(model, f"is for {model.operation.value}, not for {exchange.operation.value}")
    if streamed and not model.can_stream:
        return refuse(model, "can't stream: ask without 'stream'")
    if body.get("tools") and not model.can_use_tools:
        return refuse(model, "can't use tools")
    if wants_json(body) and not model.can_keep_schema:
        return refuse(model, "can't keep to JSON ('response_format')")
    if model.operation in OF_TEXTS:
        return None
    tokens = count_prompt(model.operation, body)
    if tokens > model.context_tokens:
        message = f"The request has about {tokens:,} tokens, and the model takes {model.context_tokens:,}."
        return InputTooLong(f"{model.name}: {message}", message=message)
    return None


def refuse(model: CuratedModel, why: str) -> NotSupported:
    return NotSupported(f"{model.name} {why}", message=f"The model {why}.")


def wants_json(body: Body) -> bool:
    wanted = body.get("response_format")
    return isinstance(wanted, Mapping) and wanted.get("type") in SCHEMA_KINDS


def read_texts(body: Body) -> list[Any]:
    """`input` as a list of texts, or of texts that were made tokens already. Raises Refused."""
    given = body.get("input")
    if isinstance(given, str) or is_tokens(given):
        return [given]
    if not isinstance(given, list) or not given or not all(isinstance(one, str) or is_tokens(one) for one in given):
        raise Refused(message="input must be a text or a list of texts, of which there is at least one.")
    return given


def is_tokens(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(type(one) is int for one in value)


def fit_texts(model: CuratedModel, texts: list[Any]) -> list[Any]:
    """Each no longer than the model takes: cut, or refused with InputTooLong, as the model is set."""
    most = most_characters(model)
    if all(len(text) <= most for text in texts):
        return texts
    if model.too_long is TooLong.REFUSE:
        place = next(place for place, text in enumerate(texts) if len(text) > most)
        message = f"input[{place}] has {len(texts[place]):,} characters, and the model takes {most:,}."
        raise InputTooLong(f"{model.name}: {message}", message=message)
    return [text[:most] for text in texts]


def most_characters(model: CuratedModel) -> int:
    if model.max_input_characters:
        return model.max_input_characters
    if model.operation is Operation.PREDICTION:
        return PREDICTION_CHARACTERS
    return model.context_tokens * BYTES_PER_TOKEN
