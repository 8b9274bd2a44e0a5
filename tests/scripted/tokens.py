"""Tokens by one simple rule that a test can follow: each word and each mark is one."""

import json
import re
from collections.abc import Mapping
from typing import Any

TOKEN = re.compile(r"\w+|[^\w\s]")
PER_MESSAGE = 4
"""What a message costs beside its text."""


def count_tokens(text: str) -> int:
    return len(TOKEN.findall(text))


def count_prompt(body: Mapping[str, Any]) -> int:
    """Tokens of a chat's messages and tools."""
    tokens = sum(count_tokens(read_text(message)) + PER_MESSAGE for message in body["messages"])
    for name in ("tools", "response_format"):
        if body.get(name):
            tokens += count_tokens(json.dumps(body[name], sort_keys=True))
    return tokens


def read_text(message: Mapping[str, Any]) -> str:
    """The text of a message, in one piece or in parts, with the calls of tools in it."""
    content = message.get("content") or ""
    if isinstance(content, list):
        content = " ".join(part.get("text", "") for part in content if isinstance(part, dict))
    calls = message.get("tool_calls") or []
    return " ".join([content, *(json.dumps(call["function"], sort_keys=True) for call in calls)])
