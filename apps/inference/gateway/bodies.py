"""From the bytes of a body to what is asked of which model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from apps.inference.exchange import Operation
from apps.inference.gateway.checks import Unfit, check_chat, check_completion, check_embedding
from apps.inference.gateway.refusals import WrongBody

LONGEST_NAME = 200
DEEP = 200
"""Brackets: with no more of them nothing can be nested too deeply to be written again."""
OURS = frozenset(("model", "stream", "encoding_format"))
"""What the gateway sees to itself."""

CHECKS: Mapping[Operation, Callable[[Mapping[str, Any]], None]] = {
    Operation.CHAT: check_chat,
    Operation.COMPLETION: check_completion,
    Operation.EMBEDDING: check_embedding,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """`body` has all but what is said by the other fields."""

    target: str
    body: dict[str, Any]
    is_stream: bool
    is_base64: bool


def read_wanted(operation: Operation, content: bytes) -> Wanted:
    """Raises WrongBody."""
    given = parse_object(content)
    target = given.get("model")
    if not isinstance(target, str) or not target:
        raise WrongBody("model", "'model' is to be the name of a model or an alias.")
    if len(target) > LONGEST_NAME:
        raise WrongBody("model", f"'model' is longer than {LONGEST_NAME} characters.")
    try:
        CHECKS[operation](given)
    except Unfit as unfit:
        raise WrongBody(unfit.param, str(unfit)) from None
    body = {name: value for name, value in given.items() if name not in OURS}
    is_stream = operation != Operation.EMBEDDING and given.get("stream") is True
    return Wanted(target, body, is_stream, given.get("encoding_format") == "base64")


def parse_object(content: bytes) -> dict[str, Any]:
    try:
        given = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise WrongBody(None, f"The body is no JSON: {error}.") from None
    if not isinstance(given, dict):
        raise WrongBody(None, "The body is to be a JSON object.")
    if content.count(b"[") + content.count(b"{") > DEEP and not can_be_written(given):
        raise WrongBody(None, "The body is nested too deeply.")
    return given


def can_be_written(given: dict[str, Any]) -> bool:
    try:
        orjson.dumps(given)
    except orjson.JSONEncodeError:
        return False
    return True
