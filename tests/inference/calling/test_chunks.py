"""Whole answers and their chunks: nothing that was said is lost between the two, and all of it is counted."""

from typing import Any

import pytest

from apps.inference.calling.chunks import Assembled, split
from apps.inference.exchange import Operation

pytestmark = pytest.mark.unit
USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


def chat(**message: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": None, **message}
    choice = {"index": 0, "logprobs": None, "finish_reason": "stop", "message": said}
    return {"id": "c", "object": "chat.completion", "model": "m", "choices": [choice], "usage": USAGE}


@pytest.mark.parametrize(
    "body",
    [
        chat(content="Hello."),
        chat(refusal="I will not."),
        chat(content="42", reasoning_content="What is six times seven?"),
        chat(tool_calls=[{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]),
    ],
)
def test_a_whole_answer_comes_of_its_chunks(body: dict[str, Any]) -> None:
    came = Assembled(Operation.CHAT)
    for part in split(body):
        came.add(part)
    assert came.whole(USAGE) == body


@pytest.mark.parametrize("name", ["content", "refusal", "reasoning_content", "reasoning"])
def test_all_that_is_said_is_counted(name: str) -> None:
    came = Assembled(Operation.CHAT)
    for _ in range(10):
        came.add({"choices": [{"index": 0, "delta": {"role": "assistant", name: "four"}}]})
    assert came.tokens == 10


def test_a_piece_without_a_number_is_of_the_first() -> None:
    came = Assembled(Operation.CHAT)
    for place in (None, 0, 1):
        came.add({"choices": [{"index": place, "delta": {"content": "x"}, "finish_reason": "stop"}]})
    assert [choice["message"]["content"] for choice in came.whole(USAGE)["choices"]] == ["xx", "x"]
