from typing import Any

import pytest

from apps.inference.gateway.judging import find_flaw

TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"required": ["a"]}}}]


def answer(content: str | None = "Hello", reason: str = "stop", calls: Any = None) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, **({"tool_calls": calls} if calls else {})}
    return {"choices": [{"index": 0, "message": message, "finish_reason": reason}]}


def call(name: str = "f", arguments: str = '{"a": 1}') -> list[dict[str, Any]]:
    return [{"id": "c", "type": "function", "function": {"name": name, "arguments": arguments}}]


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ({}, answer()),
        ({"max_tokens": 3}, answer(reason="length")),
        ({"max_completion_tokens": 3}, answer(reason="length")),
        ({"tools": TOOLS}, answer()),
        ({"tools": TOOLS, "tool_choice": "required"}, answer(None, "tool_calls", call())),
        ({"tools": [*TOOLS, {"type": "custom", "function": 5}]}, answer(calls=call())),
        ({}, {"choices": [{"text": "Hello", "finish_reason": "stop"}]}),
        ({}, {"choices": [{"message": {"content": None, "refusal": "I won't."}, "finish_reason": "stop"}]}),
    ],
)
def test_nothing_is_found(asked: dict[str, Any], answered: dict[str, Any]) -> None:
    assert find_flaw(asked, answered) == ""


@pytest.mark.parametrize(
    ("asked", "answered", "flaw"),
    [
        ({}, {"choices": []}, "nothing was answered"),
        ({}, answer(""), "the answer is empty"),
        ({}, answer("  \n"), "the answer is empty"),
        ({}, answer(reason="length"), "the answer was cut at the model's own limit"),
        ({}, answer(reason="content_filter"), "the answer was filtered"),
        ({"tools": TOOLS, "tool_choice": "required"}, answer(), "no tool was called"),
        ({"tools": TOOLS}, answer(calls=call("g")), "a tool was called that there is not"),
        ({"tools": TOOLS}, answer(calls=call(arguments="{")), "a tool was called with what is no JSON"),
        ({"tools": TOOLS}, answer(calls=call(arguments="{}")), "a tool was called without what it requires"),
        ({"tools": TOOLS}, answer(calls=call(arguments="[]")), "a tool was called without what it requires"),
        ({}, {"choices": [*answer()["choices"], *answer("")["choices"]]}, "the answer is empty"),
    ],
)
def test_a_flaw_is_found(asked: dict[str, Any], answered: dict[str, Any], flaw: str) -> None:
    assert find_flaw(asked, answered) == flaw
