"""What a request may cost at most, and what servers say that it did cost: nothing in them lets a budget be passed."""

from typing import Any

import pytest

from apps.inference.exchange import Operation, Usage
from apps.inference.tokens import MOST_TOKENS, PER_PICTURE, count_pictures, most_completion, read_usage

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("body", "most"),
    [
        ({}, 1000),
        ({"max_tokens": 7}, 7),
        ({"max_completion_tokens": 1, "max_tokens": 500}, 500),
        ({"max_completion_tokens": 500, "max_tokens": 1}, 500),
        ({"max_tokens": 7, "n": 3}, 21),
        ({"max_tokens": 7, "n": 3, "best_of": 5}, 35),
        ({"max_tokens": 7, "prompt": ["a", "b"], "best_of": 2}, 28),
        ({"max_tokens": 7, "prompt": [1, 2, 3]}, 7),
        ({"max_tokens": 10**18, "n": 128}, MOST_TOKENS),
    ],
)
def test_the_most_that_an_answer_may_have(body: dict[str, Any], most: int) -> None:
    assert most_completion(Operation.COMPLETION, body, 1000) == most


@pytest.mark.parametrize("wrong", [-1_000_000, "5", [1], 1.5, True, None])
@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens", "n", "best_of"])
def test_what_is_no_number_counts_as_nothing_said(name: str, wrong: Any) -> None:
    assert most_completion(Operation.COMPLETION, {name: wrong}, 1000) == 1000


def test_pictures_are_paid_for_before_they_are_looked_at() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    text = {"type": "text", "text": "What is it?"}
    messages = [{"role": "user", "content": [text, picture, picture]}, {"role": "user", "content": "So?"}]
    assert count_pictures({"messages": messages}) == 2 * PER_PICTURE
    assert count_pictures({"messages": [messages[1], {"role": "assistant", "content": None}]}) == 0
    assert count_pictures({"input": "So?"}) == 0


@pytest.mark.parametrize(
    ("told", "usage"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 4}, Usage(3, 4)),
        ({"prompt_tokens": 3}, Usage(3, 0)),
        ({"prompt_tokens": -3, "completion_tokens": 4}, None),
        ({"prompt_tokens": 10**20, "completion_tokens": 4}, None),
        ({"prompt_tokens": 3, "completion_tokens": 2**63}, None),
        ({"prompt_tokens": 3.5, "completion_tokens": 4}, None),
        ([], None),
    ],
)
def test_nonsense_of_a_server_is_none(told: Any, usage: Usage | None) -> None:
    assert read_usage({"usage": told}) == usage
