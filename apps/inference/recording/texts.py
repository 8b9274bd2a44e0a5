"""What was asked and answered, as somebody would read it. Bodies are as OpenAI's API has them."""

from collections.abc import Iterator
from typing import Any

import orjson

from apps.inference.exchange import Body

MOST_CHARACTERS = 100_000
"""Of a question or an answer; what is longer is cut."""


def read_question(body: Body) -> str:
    messages = body.get("messages")
    if isinstance(messages, list):
        return cut("\n\n".join(read_message(message) for message in messages if isinstance(message, dict)))
    given = body.get("prompt", body.get("input"))
    return cut("\n\n".join(read_content(given)))


def read_answer(body: Body) -> str:
    """Vectors are no text: of an embedding there is none."""
    choices = body.get("choices")
    if not isinstance(choices, list):
        return ""
    return cut("\n\n".join(read_choice(choice) for choice in choices if isinstance(choice, dict)))


def read_message(message: dict[str, Any]) -> str:
    return f"{message.get('role', 'user')}: {read_parts(message)}"


def read_choice(choice: dict[str, Any]) -> str:
    message = choice.get("message")
    return read_parts(message) if isinstance(message, dict) else str(choice.get("text", ""))


def read_parts(message: dict[str, Any]) -> str:
    """The text of a message, and the tools that it calls."""
    parts = list(read_content(message.get("content")))
    calls = message.get("tool_calls")
    if calls:
        parts.append(write_calls(calls))
    return "\n".join(parts)


def write_calls(calls: object) -> str:
    try:
        return orjson.dumps(calls).decode()
    except orjson.JSONEncodeError:  # nested more deeply than it writes
        return "[tool_calls]"


def read_content(content: object) -> Iterator[str]:
    """A text, or the texts of a list; of a picture or a sound only that it was there."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            if isinstance(part, str):
                yield part
            elif isinstance(part, dict):
                yield str(part.get("text", "")) or f"[{part.get('type', 'part')}]"


def cut(text: str) -> str:
    """PostgreSQL keeps no NUL."""
    return text.replace("\0", "")[:MOST_CHARACTERS]
