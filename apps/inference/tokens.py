"""Tokens and what they may cost, where a provider does not say: about four bytes of UTF-8 each."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from apps.inference.exchange import Body, Operation, Usage

BYTES_PER_TOKEN = 4
PER_MESSAGE = 4
PER_CHAT = 3
"""What a message, and a chat, cost beside their texts."""
PER_PICTURE = 1000
"""About what servers count for one, or for a sound or a file, that is large. How large it is only they can see."""
LIMITS = ("max_completion_tokens", "max_tokens")
MOST_TOKENS = 100_000_000
"""Of a request: what says more is wrong, or wants to burst what counts it."""


def count_text(text: str) -> int:
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


def count_prompt(operation: Operation, body: Body) -> int:
    """An estimate of what a request is counted as."""
    if operation is Operation.CHAT:
        tokens = sum(PER_MESSAGE + sum(map(count_text, read_texts(one))) for one in body.get("messages") or ())
        extra = [body[name] for name in ("tools", "response_format") if body.get(name)]
        return PER_CHAT + tokens + sum(-(-len(orjson.dumps(one)) // BYTES_PER_TOKEN) for one in extra)
    texts = body.get("prompt" if operation is Operation.COMPLETION else "input") or ""
    return sum(map(count_item, texts if isinstance(texts, list) else [texts]))


def count_pictures(body: Body) -> int:
    """Tokens of what is no text in the messages of a chat."""
    contents = (message.get("content") for message in body.get("messages") or ())
    parts = (part for content in contents if isinstance(content, list) for part in content)
    return PER_PICTURE * sum(isinstance(part, dict) and not isinstance(part.get("text"), str) for part in parts)


def count_item(item: Any) -> int:
    """Of a text, or of one that was made tokens already."""
    if isinstance(item, str):
        return count_text(item)
    return len(item) if isinstance(item, list) else 1


def read_texts(message: Mapping[str, Any]) -> Iterator[str]:
    """All that is written in a message, the calls of tools too."""
    content = message.get("content")
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        yield from (part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    for call in message.get("tool_calls") or ():
        function = call.get("function") or {}
        yield from (text for text in (function.get("name"), function.get("arguments")) if isinstance(text, str))


def count_answer(operation: Operation, answer: Body) -> int:
    if operation is Operation.CHAT:
        messages = [choice.get("message") or {} for choice in answer.get("choices") or ()]
        return sum(sum(map(count_text, read_texts(message))) for message in messages)
    if operation is Operation.COMPLETION:
        return sum(count_text(choice.get("text") or "") for choice in answer.get("choices") or ())
    return 0


def read_usage(answer: Body) -> Usage | None:
    """What the provider says; None where that is nothing, or nonsense."""
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        return None
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens", 0)
    if (
        type(prompt) is int
        and type(completion) is int
        and 0 <= prompt <= MOST_TOKENS
        and 0 <= completion <= MOST_TOKENS
    ):
        return Usage(prompt, completion)
    return None


def tell_usage(usage: Usage) -> dict[str, int]:
    """As OpenAI's API does."""
    return {"prompt_tokens": usage.prompt, "completion_tokens": usage.completion, "total_tokens": usage.total}


def most_completion(operation: Operation, body: Body, usual: int) -> int:
    """How many tokens an answer may have: `usual` where the request does not say."""
    if operation not in (Operation.CHAT, Operation.COMPLETION):
        return 0
    asked = max((read_number(body, name) for name in LIMITS), default=0) or usual
    return min(MOST_TOKENS, asked * count_answers(body))


def count_answers(body: Body) -> int:
    """How many are made of a request, those that are not given included."""
    prompts = body.get("prompt")
    times = len(prompts) if isinstance(prompts, list) and prompts and not isinstance(prompts[0], int) else 1
    return max(1, read_number(body, "n"), read_number(body, "best_of")) * times


def read_number(body: Body, name: str) -> int:
    """0 for what is no number above it: servers take such for nothing said, or refuse it."""
    value = body.get(name)
    return value if type(value) is int and value > 0 else 0
