"""POST /v1/completions and /v1/embeddings."""

from collections.abc import Mapping
from typing import Any

import orjson

from tests.scripted.answers import DIMENSIONS, cut_tokens, embed, write_answer
from tests.scripted.errors import Refusal
from tests.scripted.prepared import (
    Event,
    Prepared,
    check_common,
    encode_event,
    finish_stream,
    group,
    start_object,
    tell_usage,
    wants_usage,
)
from tests.scripted.steps import Step
from tests.scripted.tokens import count_tokens


def prepare_completion(body: Mapping[str, Any], step: Step) -> Prepared:
    check_common(body)
    texts = [text for text in read_texts(body, "prompt") for _ in range(body.get("n") or 1)]
    answers = [cut_tokens(write_answer({}, text, step), body.get("max_tokens")) for text in texts]
    prompt = sum(map(count_tokens, texts)) // (body.get("n") or 1)
    completion = sum(len(tokens) for tokens, _ in answers)
    base = start_object("text_completion", "cmpl", body["model"])
    usage = tell_usage(prompt, completion)
    if body.get("stream"):
        return Prepared(prompt, completion, events=stream_completion(body, answers, base, usage, step))
    choices = [write_choice(place, "".join(one), end_of(was_cut)) for place, (one, was_cut) in enumerate(answers)]
    told = {} if step.no_usage else {"usage": usage}
    return Prepared(prompt, completion, body=orjson.dumps({**base, "choices": choices, **told}))


def stream_completion(
    body: Mapping[str, Any],
    answers: list[tuple[list[str], bool]],
    base: dict[str, Any],
    usage: dict[str, Any],
    step: Step,
) -> list[Event]:
    if wants_usage(body):
        base = {**base, "usage": None}
    events: list[Event] = []
    for place, (tokens, was_cut) in enumerate(answers):
        for text, count in group(tokens, step.per_chunk):
            data = encode_event({**base, "choices": [write_choice(place, text, None)]})
            events.append(Event(data, count, is_content=True))
        events.append(Event(encode_event({**base, "choices": [write_choice(place, "", end_of(was_cut))]})))
    finish_stream(events, base, usage, body, step)
    return events


def write_choice(place: int, text: str, reason: str | None) -> dict[str, Any]:
    return {"text": text, "index": place, "logprobs": None, "finish_reason": reason}


def end_of(was_cut: bool) -> str:
    return "length" if was_cut else "stop"


def prepare_embeddings(body: Mapping[str, Any], step: Step) -> Prepared:
    texts = read_texts(body, "input")
    encoding = body.get("encoding_format") or "float"
    if encoding not in ("float", "base64"):
        raise Refusal(400, "Invalid value for 'encoding_format'.", "encoding_format")
    dimensions = body.get("dimensions") or DIMENSIONS
    data = [
        {"object": "embedding", "index": place, "embedding": embed(text, dimensions, encoding)}
        for place, text in enumerate(texts)
    ]
    prompt = sum(map(count_tokens, texts))
    whole: dict[str, Any] = {"object": "list", "data": data, "model": body["model"]}
    if not step.no_usage:
        whole["usage"] = {"prompt_tokens": prompt, "total_tokens": prompt}
    return Prepared(prompt, 0, body=orjson.dumps(whole))


def read_texts(body: Mapping[str, Any], name: str) -> list[str]:
    """One text or several; tokens, which some clients send, count as words."""
    value = body.get(name)
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or not value:
        raise Refusal(400, f"Missing required parameter: '{name}'.", name)
    if all(isinstance(one, int) for one in value):
        return [" ".join(map(str, value))]
    return [one if isinstance(one, str) else " ".join(map(str, one)) for one in value]
