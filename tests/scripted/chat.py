"""POST /v1/chat/completions."""

from collections.abc import Mapping
from typing import Any

import orjson

from tests.scripted.answers import choose_tool, cut_tokens, last_question, write_answer, write_arguments
from tests.scripted.errors import Refusal
from tests.scripted.prepared import (
    Event,
    Prepared,
    check_common,
    encode_event,
    finish_stream,
    group,
    new_id,
    start_object,
    tell_usage,
    wants_usage,
)
from tests.scripted.steps import Step
from tests.scripted.tokens import count_prompt, count_tokens

ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})


def prepare_chat(body: Mapping[str, Any], step: Step) -> Prepared:
    check_chat(body)
    prompt = count_prompt(body)
    tool = choose_tool(body, step)
    call: dict[str, Any] | None = None
    if tool:
        arguments = write_arguments(tool, step)
        tokens, reason = cut_tokens(arguments, None)[0], "tool_calls"
        call = {"id": new_id("call"), "type": "function", "function": {"name": tool["name"], "arguments": arguments}}
        message: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": [call]}
    else:
        most = body.get("max_completion_tokens") or body.get("max_tokens")
        tokens, was_cut = cut_tokens(write_answer(body, last_question(body), step), most)
        reason = "length" if was_cut else "stop"
        message = {"role": "assistant", "content": "".join(tokens), "refusal": None}
    times = body.get("n") or 1
    completion = times * (len(tokens) + (count_tokens(call["function"]["name"]) if call else 0))
    if body.get("stream"):
        return Prepared(prompt, completion, events=stream_chat(body, tokens, call, reason, prompt, completion, step))
    choices = [
        {"index": place, "message": message, "logprobs": None, "finish_reason": reason} for place in range(times)
    ]
    whole = {**start_object("chat.completion", "chatcmpl", body["model"]), "choices": choices}
    if not step.no_usage:
        whole["usage"] = tell_usage(prompt, completion)
    return Prepared(prompt, completion, body=orjson.dumps(whole))


def check_chat(body: Mapping[str, Any]) -> None:
    check_common(body)
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refusal(400, "Missing required parameter: 'messages'.", "messages")
    for place, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in ROLES:
            raise Refusal(400, f"Invalid value for 'messages[{place}].role'.", f"messages[{place}].role")


def stream_chat(
    body: Mapping[str, Any],
    tokens: list[str],
    call: dict[str, Any] | None,
    reason: str,
    prompt: int,
    completion: int,
    step: Step,
) -> list[Event]:
    base = start_object("chat.completion.chunk", "chatcmpl", body["model"])
    if wants_usage(body):
        base["usage"] = None
    events: list[Event] = []

    def add(place: int, delta: dict[str, Any], count: int, ends: str | None = None) -> None:
        choice = {"index": place, "delta": delta, "logprobs": None, "finish_reason": ends}
        events.append(Event(encode_event({**base, "choices": [choice]}), count, bool(count)))

    for place in range(body.get("n") or 1):
        if call:
            first = {"index": 0, **call, "function": {"name": call["function"]["name"], "arguments": ""}}
            opening = {"role": "assistant", "content": None, "tool_calls": [first]}
            add(place, opening, count_tokens(call["function"]["name"]))
        else:
            add(place, {"role": "assistant", "content": "", "refusal": None}, 0)
        for text, count in group(tokens, step.per_chunk):
            piece = {"tool_calls": [{"index": 0, "function": {"arguments": text}}]} if call else {"content": text}
            add(place, piece, count)
        add(place, {}, 0, reason)
    finish_stream(events, base, tell_usage(prompt, completion), body, step)
    return events
