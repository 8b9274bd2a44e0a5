from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.inference.recording.texts import MOST_CHARACTERS, read_answer, read_question

pytestmark = pytest.mark.unit

PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Hi"}]}, None),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "What is it?"}, PICTURE]}]}, None),
        ({"prompt": "Once upon"}, "Once upon"),
        ({"input": ["one", "two"]}, "one\n\ntwo"),
        ({"input": [[1, 2, 3]]}, ""),
        ({}, ""),
    ],
)
def test_questions(body: dict[str, Any], text: str | None) -> None:
    expected = {2: "system: Be short.\n\nuser: Hi", 1: "user: What is it?\n[image_url]"}
    assert read_question(body) == (expected[len(body["messages"])] if text is None else text)


def test_answers_and_the_tools_that_are_called() -> None:
    assert read_answer({"choices": [{"text": "a time"}]}) == "a time"
    tools = [{"id": "1", "function": {"name": "look_up", "arguments": "{}"}}]
    assert "look_up" in read_answer({"choices": [{"message": {"content": None, "tool_calls": tools}}]})
    assert read_answer({"data": [{"embedding": [0.1]}]}) == ""


def test_calls_of_tools_that_cannot_be_written_are_told_of() -> None:
    nested: Any = {}
    for _ in range(400):
        nested = {"a": nested}
    asked = {"messages": [{"role": "assistant", "content": "Look.", "tool_calls": [nested]}]}
    assert read_question(asked) == "assistant: Look.\n[tool_calls]"


def test_long_ones_are_cut_and_nul_is_left_out() -> None:
    assert len(read_question({"prompt": "x" * (MOST_CHARACTERS + 5)})) == MOST_CHARACTERS
    assert read_question({"prompt": "a\0b"}) == "ab"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["role", "content", "text", "type", "message", "tool_calls", "messages", "choices", "prompt", "input"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["messages", "prompt", "input", "choices"]), ANYTHING))
def test_no_body_breaks_it(body: dict[str, Any]) -> None:
    assert isinstance(read_question(body), str)
    assert isinstance(read_answer(body), str)
