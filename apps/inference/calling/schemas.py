"""JSON schemas as anybody may send them: read, and looked at no longer than an answer is worth.

They are checked in few threads for all who ask, so each way to make that long is closed: patterns run in an engine
that takes linear time, no schema fetches another or is of another draft, and all that is looked at is counted.
"""

import threading
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
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

MOST_BYTES = 32 * 1024
MOST_PATTERNS = 20
LONGEST_PATTERN = 500
"""Characters. To compile one pattern takes up to a tenth of a second, and megabytes."""
MOST_STEPS = 300_000
MOST_ERRORS = 100
"""The best of so many is told."""
MOST_SAID = 500
"""Characters of what is wrong with a schema."""
WRONG_SCHEMA = "response_format: the JSON schema cannot be used: "
NOT_SUPPORTED = ("patternProperties", "unevaluatedProperties", "unevaluatedItems")
DRAFT = "$schema"

Errors = Iterator[ValidationError]
Check = Callable[[Any, Any, Any, Any], Errors]
_taken = threading.local()


class TooManySteps(Exception):
    """Of one look at one answer."""


@lru_cache(64)
def compile_schema(schema: bytes) -> Validator:
    """Raises Refused for a schema that is none, or that is too much."""
    if len(schema) > MOST_BYTES:
        raise refuse(f"it has more than {MOST_BYTES // 1024} kB.")
    parsed = orjson.loads(schema)
    parsed.pop(DRAFT, None)
    check_words(orjson.dumps(parsed))
    try:
        SchemaValidator.check_schema(parsed)
        check_patterns(parsed)
    except SchemaError as error:
        raise refuse(error.message) from error
    except (PatternError, RecursionError) as error:
        raise refuse("a pattern is none.") from error
    return SchemaValidator(parsed, registry=Registry())


def find_error(validator: Validator, value: Any) -> ValidationError | None:
    """What is most wrong with a value. Raises Refused for a schema that leads nowhere, or to too much."""
    _taken.steps = 0
    try:
        return best_match(islice(validator.iter_errors(value), MOST_ERRORS))
    except (Unresolvable, RecursionError, orjson.JSONEncodeError) as error:
        raise refuse(type(error).__name__) from error
    except TooManySteps as error:
        raise refuse("to check the answer by it takes too long.") from error


def refuse(reason: str) -> Refused:
    return Refused(message=f"{WRONG_SCHEMA}{reason}"[:MOST_SAID])


def check_words(schema: bytes) -> None:
    for word in NOT_SUPPORTED:
        if f'"{word}"'.encode() in schema:
            raise refuse(f"{word} is not supported.")
    if f'"{DRAFT}"'.encode() in schema:
        raise refuse(f"{DRAFT} stands elsewhere than at its beginning.")


def check_patterns(schema: Any) -> None:
    patterns = set(islice(find_patterns(schema), MOST_PATTERNS + 1))
    if len(patterns) > MOST_PATTERNS or any(len(pattern) > LONGEST_PATTERN for pattern in patterns):
        raise refuse(f"it has more than {MOST_PATTERNS} patterns, or one of more than {LONGEST_PATTERN} characters.")
    for pattern in patterns:
        read_pattern(pattern)


def find_patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        for value in schema.values():
            yield from find_patterns(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from find_patterns(value)


@lru_cache(64)
def read_pattern(pattern: str) -> TypeAdapter[str]:
    """Matched by pydantic's engine, which takes time in proportion to the text: Python's can take forever."""
    return TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)])


def match_pattern(validator: Validator, pattern: str, value: Any, schema: Any) -> Errors:
    if isinstance(value, str):
        try:
            read_pattern(pattern).validate_python(value)
        except NoMatch:
            yield ValidationError(f"{value!r} does not match {pattern!r}")


def find_twins(validator: Validator, wanted: bool, value: Any, schema: Any) -> Errors:
    """By what is written, where the library compares each with each."""
    if not wanted or not isinstance(value, list):
        return
    if len({orjson.dumps(one, option=orjson.OPT_SORT_KEYS) for one in value}) < len(value):
        yield ValidationError("its items are not all different")


def counted(check: Check) -> Check:
    """Each keyword takes a step, and one more for each part of what it says and of what it is held against."""

    def count_and_check(validator: Any, wanted: Any, value: Any, schema: Any) -> Errors:
        _taken.steps += 1 + sum(len(one) for one in (wanted, value) if isinstance(one, list | dict))
        if _taken.steps > MOST_STEPS:
            raise TooManySteps
        yield from check(validator, wanted, value, schema) or ()

    return count_and_check


CHECKS: dict[str, Check] = {**Draft202012Validator.VALIDATORS, "pattern": match_pattern, "uniqueItems": find_twins}
SchemaValidator = extend(Draft202012Validator, {name: counted(check) for name, check in CHECKS.items()})
