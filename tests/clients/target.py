"""What clients are pointed at, and what they ask."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

QUESTION = "Say hello"
WEATHER = "What is the weather in Paris?"
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a town",
        "parameters": {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]},
    },
}
CHOICE = {"type": "function", "function": {"name": "get_weather"}}
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
OURS = "touchstone"
"""The field of a stream's last event that only the gateway has."""
TEXTS = ["hello", "good bye", "hello"]


@dataclass(frozen=True, slots=True)
class Target:
    """The endless model never comes to the end of its answer: it is left in the middle."""

    base_url: str
    key: str
    model: str
    embedding: str
    endless: str


Part = Callable[[Target], Any]
