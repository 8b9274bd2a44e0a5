"""Bodies as somebody sends them who means no good: refused by name, and never a failure of ours."""

from typing import Any

import orjson
import pytest

from apps.inference.exchange import Operation
from apps.inference.gateway.bodies import DEEP, read_wanted
from apps.inference.gateway.refusals import WrongBody
from apps.inference.tokens import count_prompt

pytestmark = pytest.mark.unit

CHAT: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}
PROMPT: dict[str, Any] = {"model": "m", "prompt": "Hello"}


def nest(depth: int) -> Any:
    nested: Any = "x"
    for _ in range(depth):
        nested = {"a": nested}
    return nested


def refuse(operation: Operation, body: dict[str, Any]) -> str | None:
    with pytest.raises(WrongBody) as caught:
        read_wanted(operation, orjson.dumps(body))
    return caught.value.param


@pytest.mark.parametrize("limit", [-1_000_000, 0, "5", 1.5, [1], True])
def test_no_limit_of_tokens_is_less_than_one(limit: Any) -> None:
    assert refuse(Operation.COMPLETION, {**PROMPT, "max_completion_tokens": limit}) == "max_completion_tokens"
    assert refuse(Operation.CHAT, {**CHAT, "max_completion_tokens": limit}) == "max_completion_tokens"


@pytest.mark.parametrize(
    ("calls", "param"),
    [
        (5, "messages[0].tool_calls"),
        (["x"], "messages[0].tool_calls[0]"),
        ([{"function": "x"}], "messages[0].tool_calls[0]"),
    ],
)
def test_calls_in_messages_are_calls(calls: Any, param: str) -> None:
    assert refuse(Operation.CHAT, {**CHAT, "messages": [{"role": "assistant", "tool_calls": calls}]}) == param


@pytest.mark.parametrize("required", [5, [5], [{}]])
def test_a_tool_requires_names(required: Any) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"required": required}}}
    assert refuse(Operation.CHAT, {**CHAT, "tools": [tool]}) == "tools[0].function.parameters"


@pytest.mark.parametrize("depth", [260, 1000])
@pytest.mark.parametrize(("open", "close"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_brackets_without_end(depth: int, open: bytes, close: bytes) -> None:
    content = orjson.dumps({**CHAT, "metadata": "HERE"}).replace(b'"HERE"', open * depth + b"1" + close * depth)
    with pytest.raises(WrongBody):
        read_wanted(Operation.CHAT, content)


def test_what_is_let_through_can_be_written_and_counted() -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": nest(DEEP - 10)}}
    many = [{"role": "user", "content": [{"type": "text", "text": "x"}]}] * 500
    wanted = read_wanted(Operation.CHAT, orjson.dumps({**CHAT, "messages": many, "tools": [tool]}))
    assert orjson.dumps([[wanted.body]])
    assert count_prompt(Operation.CHAT, wanted.body) > 500
