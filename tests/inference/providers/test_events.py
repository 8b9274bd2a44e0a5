"""Server-sent events: the same whatever the pieces are that they come in."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.inference.errors import BadAnswer, InferenceError, LostAnswer
from apps.inference.providers import events
from apps.inference.providers.events import read_events

pytestmark = pytest.mark.unit
END = b"data: [DONE]\n\n"


async def pieces(data: bytes, cuts: list[int]) -> AsyncIterator[bytes]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in itertools.pairwise(places):
        yield data[start:end]


def read(data: bytes, cuts: list[int] | None = None) -> list[dict[str, Any]]:
    async def gather() -> list[dict[str, Any]]:
        return [event async for event in read_events(pieces(data, cuts or []))]

    return asyncio.run(gather())


def part(text: str) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}}]}


@given(
    st.lists(st.text()), st.lists(st.integers(0, 5000), max_size=30), st.sampled_from([b"\n", b"\r\n"]), st.booleans()
)
def test_any_pieces_give_the_same_events(texts: list[str], cuts: list[int], line: bytes, spaced: bool) -> None:
    field = b"data: " if spaced else b"data:"
    data = b": comment" + line * 2
    data += b"".join(field + orjson.dumps(part(text)) + line * 2 for text in texts) + END
    assert read(data, cuts) == [part(text) for text in texts]


@given(st.binary(max_size=200), st.lists(st.integers(0, 300), max_size=5))
def test_whatever_comes_is_parts_or_an_error_of_ours(data: bytes, cuts: list[int]) -> None:
    with suppress(InferenceError):
        for event in read(b"data:" + data, cuts):
            assert isinstance(event["choices"], list)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", LostAnswer),
        (b"data: {}\n\n", LostAnswer),
        (b"data: {\n\n" + END, LostAnswer),
        (b"data: []\n\n" + END, LostAnswer),
        (b'data: {"error": {"message": "away"}}\n\n' + END, BadAnswer),
        (b'data: {"choices": 5}\n\n' + END, LostAnswer),
        (b'data: {"choices": ["a"]}\n\n' + END, LostAnswer),
        (b'data: {"choices": [{"delta": {"content": 5}}]}\n\n' + END, LostAnswer),
        (b'data: {"choices": [{"delta": {"tool_calls": [5]}}]}\n\n' + END, LostAnswer),
        (b'data: {"choices": [{"delta": "text"}]}\n\n' + END, LostAnswer),
        (b'data: {"choices": [{"delta": {}, "index": [0]}]}\n\n' + END, LostAnswer),
        (b'data: {"choices": [{"delta": {}, "index": "a"}]}\n\n' + END, LostAnswer),
        (b'data: {"choices": [{"delta": {"tool_calls": [{"index": {}, "function": {}}]}}]}\n\n' + END, LostAnswer),
        (b'data: {"choices": [{"delta": {"tool_calls": [{"function": {"arguments": 5}}]}}]}\n\n' + END, LostAnswer),
    ],
)
def test_what_is_no_stream(data: bytes, kind: type[InferenceError]) -> None:
    with pytest.raises(kind):
        read(data)


def test_an_event_without_end_fills_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_EVENT", 1000)
    with pytest.raises(LostAnswer):
        read(b"data: " + b"x" * 5000, list(range(0, 5000, 100)))


def test_what_comes_after_the_end_is_not_read() -> None:
    assert read(END + b"data: nonsense\n\n") == []
