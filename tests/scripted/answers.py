"""What a model says: it follows from the question alone, so that an answer that went to the wrong caller is noticed."""

import base64
import json
import struct
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from tests.scripted.steps import Step
from tests.scripted.tokens import TOKEN, read_text

WORDS = ("the", "quick", "brown", "fox", "jumps", "over", "lazy", "dogs", "while", "seven", "wizards", "boil", "tea")
LENGTH = 16
"""Tokens of an answer, unless something else is asked for."""
DIMENSIONS = 384


def name_question(question: str) -> str:
    """What answers to this question begin with: one token."""
    return f"q{zlib.crc32(question.encode()):08x}"


@lru_cache(1024)
def write_words(question: str, tokens: int) -> str:
    words = [name_question(question), *(WORDS[place % len(WORDS)] for place in range(tokens - 1))]
    return " ".join(words[:tokens])


def write_answer(body: Mapping[str, Any], question: str, step: Step) -> str:
    """The text, before `max_tokens` cuts it."""
    if step.content is not None:
        return step.content
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        return json.dumps({"unexpected": True} if step.wrong_schema else fit(wanted["json_schema"]["schema"]))
    if wanted.get("type") == "json_object":
        return json.dumps({"answer": name_question(question)})
    return write_words(question, LENGTH if step.tokens is None else step.tokens)


def cut_tokens(text: str, most: int | None) -> tuple[list[str], bool]:
    """The tokens, each with the space before it, and whether some were left out."""
    ends = [found.end() for found in TOKEN.finditer(text)]
    parts = [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    if most is not None and len(parts) > most:
        return parts[:most], True
    return parts, False


def choose_tool(body: Mapping[str, Any], step: Step) -> Mapping[str, Any] | None:
    """The function that is called: the one named, or else the first, unless a tool has just answered."""
    choice = body.get("tool_choice", "auto")
    if not body.get("tools") or choice == "none" or step.no_tools or body["messages"][-1].get("role") == "tool":
        return None
    functions = [tool["function"] for tool in body["tools"]]
    if isinstance(choice, Mapping):
        return next((one for one in functions if one["name"] == choice["function"]["name"]), None)
    return functions[0]


def write_arguments(function: Mapping[str, Any], step: Step) -> str:
    return json.dumps({"unexpected": True} if step.wrong_schema else fit(function.get("parameters") or {}))


def last_question(body: Mapping[str, Any]) -> str:
    return read_text(body["messages"][-1])


def embed(text: str, dimensions: int, encoding: str) -> list[float] | str:
    """A vector of length 1 that follows from the text; in base64 it is little-endian float32."""
    seed = zlib.crc32(text.encode())
    values = []
    for _ in range(dimensions):
        seed = (1_103_515_245 * seed + 12_345) % 2**31
        values.append(seed / 2**30 - 1.0)
    length = sum(value * value for value in values) ** 0.5
    packed = struct.pack(f"<{dimensions}f", *(value / length for value in values))
    return base64.b64encode(packed).decode() if encoding == "base64" else list(struct.unpack(f"<{dimensions}f", packed))


def fit(schema: Mapping[str, Any], definitions: Mapping[str, Any] | None = None) -> Any:
    """A value that fits a JSON schema: all properties, the first of what may be chosen, the least that is allowed."""
    definitions = definitions or {**schema.get("definitions", {}), **schema.get("$defs", {})}
    if "$ref" in schema:
        return fit(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    for name in ("enum", "examples"):
        if schema.get(name):
            return schema[name][0]
    for name in ("anyOf", "oneOf", "allOf"):
        if schema.get(name):
            return fit(schema[name][0], definitions)
    return fit_type(schema, definitions)


def fit_type(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Any:
    kind = schema.get("type", "object")
    match kind[0] if isinstance(kind, list) else kind:
        case "object":
            return {name: fit(one, definitions) for name, one in schema.get("properties", {}).items()}
        case "array":
            return [fit(schema.get("items", {}), definitions)] * max(1, schema.get("minItems", 1))
        case "integer":
            return int(schema.get("minimum", 1))
        case "number":
            return float(schema.get("minimum", 0.5))
        case "boolean":
            return True
        case "null":
            return None
    return "text".ljust(schema.get("minLength", 0), "t")[: schema.get("maxLength")]
