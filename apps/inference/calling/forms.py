"""Answers in JSON: whether they keep to the schema that was asked for, and how a model is asked to put one right."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError, best_match
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from pydantic import StringConstraints, TypeAdapter
from pydantic import ValidationError as NoMatch
from pydantic_core import SchemaError as PatternError
from referencing import Registry
from referencing.exceptions import Unresolvable

from apps.inference.errors import Refused
from apps.inference.exchange import Body

MOST_SAID = 500
"""Characters of what is wrong, as the model is told it."""
WRONG_SCHEMA = "response_format: the JSON schema cannot be used: "


class Form:
    """What answers to a request must be: JSON, and where a schema came with it, of that schema."""

    def __init__(self, validator: Validator | None) -> None:
        self._validator = validator

    def find_problem(self, answer: Body) -> str:
        """What is wrong with it, in a line; empty where nothing is, or where it holds no text but calls of tools."""
        for choice in answer["choices"]:
            message = choice.get("message") or {}
            content = message.get("content")
            if message.get("tool_calls") or message.get("refusal"):
                continue
            if problem := self._check(content or ""):
                return problem
        return ""

    def _check(self, content: str) -> str:
        try:
            value = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            return f"It is no JSON: {error}"
        if self._validator is None:
            return "" if isinstance(value, dict) else "It is JSON, and no object."
        try:
            problem = best_match(self._validator.iter_errors(value))
        except (Unresolvable, RecursionError) as error:
            raise Refused(message=f"{WRONG_SCHEMA}{type(error).__name__}") from error
        return f"{problem.json_path}: {problem.message}"[:MOST_SAID] if problem else ""


def read_form(body: Body) -> Form:
    """Of a request that asks for JSON. Raises Refused for a schema that is none."""
    wanted = body["response_format"]
    if wanted["type"] == "json_object":
        return Form(None)
    described = wanted.get("json_schema")
    schema = described.get("schema") if isinstance(described, Mapping) else None
    if not isinstance(schema, Mapping):
        raise Refused(message="response_format.json_schema.schema must be a JSON schema.")
    return _compile(orjson.dumps(schema))


def ask_again(body: Body, answer: Body, problem: str) -> dict[str, Any]:
    """The request with the answer and what is wrong with it."""
    said = answer["choices"][0]["message"].get("content") or ""
    words = f"That is not in the form asked for. {problem}\nAnswer again with JSON of that form and nothing else."
    more = [{"role": "assistant", "content": said}, {"role": "user", "content": words}]
    return {**body, "messages": [*body["messages"], *more]}


@lru_cache(256)
def _compile(schema: bytes) -> Form:
    parsed = orjson.loads(schema)
    if b'"patternProperties"' in schema:
        raise Refused(message=f"{WRONG_SCHEMA}patternProperties is not supported.")
    try:
        SchemaValidator.check_schema(parsed)
        for pattern in _find_patterns(parsed):
            _read_pattern(pattern)
    except SchemaError as error:
        raise Refused(message=f"{WRONG_SCHEMA}{error.message}"[:MOST_SAID]) from error
    except (PatternError, RecursionError) as error:
        raise Refused(message=f"{WRONG_SCHEMA}a pattern is none.") from error
    return Form(SchemaValidator(parsed, registry=Registry()))


def _find_patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        for value in schema.values():
            yield from _find_patterns(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _find_patterns(value)


@lru_cache(256)
def _read_pattern(pattern: str) -> TypeAdapter[str]:
    """Matched by pydantic's engine, which takes time in proportion to the text: Python's can take forever."""
    return TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)])


def _check_pattern(validator: Validator, pattern: str, value: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(value, str):
        try:
            _read_pattern(pattern).validate_python(value)
        except NoMatch:
            yield ValidationError(f"{value!r} does not match {pattern!r}")


SchemaValidator = extend(Draft202012Validator, {"pattern": _check_pattern})
