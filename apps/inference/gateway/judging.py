"""What can be told of an answer by looking at it. Pure."""

from collections.abc import Mapping
from typing import Any

import orjson

from apps.inference.exchange import Body

LIMITS = ("max_tokens", "max_completion_tokens")


def find_flaw(asked: Body, answer: Body) -> str:
    """Why the answer will not do; empty where nothing is found. Whether it keeps to a JSON schema was seen before."""
    for choice in answer.get("choices") or ():
        if flaw := find_flaw_of_choice(asked, choice):
            return flaw
    return "" if answer.get("choices") else "nothing was answered"


def find_flaw_of_choice(asked: Body, choice: Mapping[str, Any]) -> str:
    message = choice.get("message") or {}
    calls = message.get("tool_calls") or ()
    text = choice.get("text") or message.get("content") or ""
    if choice.get("finish_reason") == "content_filter":
        return "the answer was filtered"
    if choice.get("finish_reason") == "length" and not any(asked.get(name) for name in LIMITS):
        return "the answer was cut at the model's own limit"
    if calls:
        return find_flaw_of_calls(asked, calls)
    if wants_call(asked):
        return "no tool was called"
    return "" if text.strip() or message.get("refusal") else "the answer is empty"


def find_flaw_of_calls(asked: Body, calls: Any) -> str:
    """Of calls of functions: that they name one that there is, with arguments that have what it requires."""
    tools = [tool for tool in asked.get("tools") or () if tool.get("type") == "function"]
    functions = {tool["function"]["name"]: tool["function"] for tool in tools}
    for call in calls:
        function = call.get("function") or {}
        known = functions.get(function.get("name"))
        if known is None:
            return "a tool was called that there is not"
        try:
            arguments = orjson.loads(function.get("arguments") or "{}")
        except orjson.JSONDecodeError:
            return "a tool was called with what is no JSON"
        required = (known.get("parameters") or {}).get("required") or ()
        if not isinstance(arguments, dict) or not arguments.keys() >= set(required):
            return "a tool was called without what it requires"
    return ""


def wants_call(asked: Body) -> bool:
    choice = asked.get("tool_choice")
    return choice == "required" or isinstance(choice, Mapping)
