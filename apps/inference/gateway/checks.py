"""What fields of a body may hold. Pure, and quick: what is not known here is passed on as it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

ROLES = frozenset(("system", "developer", "user", "assistant", "tool", "function"))
FORMATS = frozenset(("text", "json_object", "json_schema"))
MOST_STOPS = 4

Fits = Callable[[Any], bool]


class Unfit(Exception):
    """`param` is the field's path, such as messages[0].role."""

    def __init__(self, param: str, wanted: str) -> None:
        super().__init__(f"'{param}' {wanted}.")
        self.param = param


@dataclass(frozen=True, slots=True)
class Rule:
    """`wanted` follows the field's name in the message."""

    fits: Fits
    wanted: str


def is_number(value: Any) -> bool:
    return type(value) is int or type(value) is float


def is_text_list(value: Any) -> bool:
    return isinstance(value, list) and all(type(one) is str for one in value)


def is_tokens(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(type(one) is int and one >= 0 for one in value)


def is_input(value: Any) -> bool:
    """One text or many, or the tokens of one or many."""
    if isinstance(value, str):
        return bool(value)
    if not isinstance(value, list) or not value:
        return False
    return all(type(one) is str and one for one in value) or is_tokens(value) or all(map(is_tokens, value))


def is_stop(value: Any) -> bool:
    return isinstance(value, str) or (is_text_list(value) and len(value) <= MOST_STOPS)


def is_schema_of_object(value: Any) -> bool:
    return isinstance(value, dict) and is_text_list(value.get("required") or [])


def is_object_of_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


def between(least: float, most: float) -> Rule:
    return Rule(lambda value: is_number(value) and least <= value <= most, f"is to be a number from {least} to {most}")


def whole(least: int, most: int | None = None) -> Rule:
    limit = f"from {least} to {most}" if most is not None else f"of at least {least}"
    return Rule(
        lambda value: type(value) is int and value >= least and (most is None or value <= most),
        f"is to be a whole number {limit}",
    )


def instance(kind: type, wanted: str) -> Rule:
    return Rule(lambda value: isinstance(value, kind), f"is to be {wanted}")


YES_OR_NO = instance(bool, "true or false")
TEXT = instance(str, "a text")
OBJECT = instance(dict, "an object")

COMMON: Mapping[str, Rule] = {
    "stream": YES_OR_NO,
    "stream_options": OBJECT,
    "temperature": between(0, 2),
    "top_p": between(0, 1),
    "presence_penalty": between(-2, 2),
    "frequency_penalty": between(-2, 2),
    "n": whole(1, 128),
    "max_tokens": whole(1),
    "max_completion_tokens": whole(1),
    "seed": instance(int, "a whole number"),
    "stop": Rule(is_stop, f"is to be a text, or at most {MOST_STOPS} of them"),
    "user": TEXT,
    "logit_bias": OBJECT,
}
CHAT: Mapping[str, Rule] = {
    **COMMON,
    "tools": instance(list, "a list of tools"),
    "tool_choice": Rule(lambda value: isinstance(value, str | dict), "is to be a text or an object"),
    "parallel_tool_calls": YES_OR_NO,
    "response_format": OBJECT,
    "metadata": Rule(is_object_of_texts, "is to be an object of texts"),
    "logprobs": YES_OR_NO,
    "top_logprobs": whole(0, 20),
}
COMPLETION: Mapping[str, Rule] = {
    **COMMON,
    "prompt": Rule(is_input, "is to be a text, a list of texts, or tokens, and not empty"),
    "suffix": TEXT,
    "echo": YES_OR_NO,
    "best_of": whole(1, 20),
}
EMBEDDING: Mapping[str, Rule] = {
    "input": Rule(is_input, "is to be a text, a list of texts, or tokens, and not empty"),
    "dimensions": whole(1),
    "encoding_format": Rule(lambda value: value in ("float", "base64"), "is to be float or base64"),
    "user": TEXT,
}


def check_fields(body: Mapping[str, Any], rules: Mapping[str, Rule]) -> None:
    """Raises Unfit. A null is as good as nothing."""
    for name, value in body.items():
        rule = rules.get(name)
        if rule is not None and value is not None and not rule.fits(value):
            raise Unfit(name, rule.wanted)


def check_chat(body: Mapping[str, Any]) -> None:
    check_messages(body.get("messages"))
    check_fields(body, CHAT)
    check_stream_options(body)
    if body.get("tools"):
        check_tools(body["tools"])
    if body.get("response_format"):
        check_format(body["response_format"])


def check_completion(body: Mapping[str, Any]) -> None:
    check_given(body, "prompt")
    check_fields(body, COMPLETION)
    check_stream_options(body)


def check_embedding(body: Mapping[str, Any]) -> None:
    check_given(body, "input")
    check_fields(body, EMBEDDING)


def check_given(body: Mapping[str, Any], name: str) -> None:
    if body.get(name) is None:
        raise Unfit(name, "is missing")


def check_stream_options(body: Mapping[str, Any]) -> None:
    if body.get("stream_options") is not None and not body.get("stream"):
        raise Unfit("stream_options", "is only for requests with 'stream'")


def check_messages(messages: Any) -> None:
    if not isinstance(messages, list) or not messages:
        raise Unfit("messages", "is to be a list of at least one message")
    for number, message in enumerate(messages):
        if not isinstance(message, dict):
            raise Unfit(f"messages[{number}]", "is to be an object")
        role, content = message.get("role"), message.get("content")
        if not isinstance(role, str) or role not in ROLES:
            raise Unfit(f"messages[{number}].role", f"is to be one of {', '.join(sorted(ROLES))}")
        if content is None and role != "assistant":
            raise Unfit(f"messages[{number}].content", "is missing")
        if content is not None and not isinstance(content, str):
            check_parts(content, f"messages[{number}].content")
        if message.get("tool_calls") is not None:
            check_calls(message["tool_calls"], f"messages[{number}].tool_calls")


def check_parts(content: Any, path: str) -> None:
    if not isinstance(content, list):
        raise Unfit(path, "is to be a text or a list of parts")
    for number, part in enumerate(content):
        if not isinstance(part, dict) or not isinstance(part.get("type"), str):
            raise Unfit(f"{path}[{number}]", "is to be an object with a type")


def check_calls(calls: Any, path: str) -> None:
    if not isinstance(calls, list):
        raise Unfit(path, "is to be a list of calls")
    for number, call in enumerate(calls):
        if not isinstance(call, dict) or not isinstance(call.get("function") or {}, dict):
            raise Unfit(f"{path}[{number}]", "is to be the call of a function")


def check_tools(tools: list[Any]) -> None:
    for number, tool in enumerate(tools):
        path = f"tools[{number}]"
        if not isinstance(tool, dict) or not isinstance(tool.get("type"), str):
            raise Unfit(path, "is to be an object with a type")
        if tool["type"] == "function":
            function = tool.get("function")
            if not isinstance(function, dict) or not isinstance(function.get("name"), str) or not function["name"]:
                raise Unfit(f"{path}.function.name", "is to be the function's name")
            if not is_schema_of_object(function.get("parameters") or {}):
                raise Unfit(f"{path}.function.parameters", "is to be a JSON schema")


def check_format(wanted: Mapping[str, Any]) -> None:
    kind = wanted.get("type")
    if not isinstance(kind, str) or kind not in FORMATS:
        raise Unfit("response_format.type", f"is to be one of {', '.join(sorted(FORMATS))}")
    if kind == "json_schema":
        told = wanted.get("json_schema")
        if not isinstance(told, dict) or not isinstance(told.get("schema"), dict):
            raise Unfit("response_format.json_schema.schema", "is to be a JSON schema")
