"""Each client with each part it has, and what is to come of it at any address that speaks the protocol."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from tests.clients import node_client
from tests.clients.target import Target

MODULES = {
    "openai": "tests.clients.python_openai",
    "langchain": "tests.clients.langchain_client",
    "curl": "tests.clients.curl_client",
    "node": "tests.clients.node_client",
}
LACKING = {"langchain": {"models", "stream_tools", "errors"}, "curl": {"tools", "stream_tools", "structure", "embed"}}
Check = Callable[[Any, Target], None]


def check_models(found: Any, target: Target) -> None:
    assert {target.model, target.embedding} <= set(found)


def check_chat(found: Any, target: Target) -> None:
    assert found["text"]
    assert found["reason"] == "stop"
    assert found["request"]
    check_usage(found["usage"])


def check_stream(found: Any, target: Target) -> None:
    assert found["text"]
    assert found["pieces"] > 1
    assert found["reason"] == "stop"
    check_usage(found["usage"])


def check_usage(usage: dict[str, int]) -> None:
    assert usage["prompt_tokens"] > 0
    assert usage["completion_tokens"] > 0
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def check_tools(found: Any, target: Target) -> None:
    assert found["name"] == "get_weather"
    assert isinstance(found["arguments"]["town"], str)
    # OpenAI says "stop" where the one function was asked for by name, other servers "tool_calls".
    assert found["reason"] in ("tool_calls", "stop")


def check_structure(found: Any, target: Target) -> None:
    assert set(found) == {"name", "age"}
    assert isinstance(found["name"], str)
    assert isinstance(found["age"], int)


def check_embed(found: Any, target: Target) -> None:
    assert (found["count"], found["same"]) == (3, True)
    assert found["dimensions"] >= len(found["first"]) == 4


def check_errors(found: Any, target: Target) -> None:
    assert found == {
        "model": {"kind": "NotFoundError", "status": 404},
        "key": {"kind": "AuthenticationError", "status": 401},
        "input": {"kind": "BadRequestError", "status": 400},
    }


def check_abort(found: Any, target: Target) -> None:
    # What had come by then may still be read.
    assert 2 <= found["pieces"] < 50


CHECKS: dict[str, Check] = {
    "models": check_models,
    "chat": check_chat,
    "stream": check_stream,
    "tools": check_tools,
    "stream_tools": check_tools,
    "structure": check_structure,
    "embed": check_embed,
    "errors": check_errors,
    "abort": check_abort,
}


def every_part() -> list[Any]:
    """Parameters `client`, `part`: those of Node are skipped where there is no Node."""
    missing = node_client.find_missing()
    return [
        pytest.param(
            client,
            part,
            id=f"{client}-{part}",
            marks=[pytest.mark.skipif(client == "node" and missing is not None, reason=missing or "")],
        )
        for client in MODULES
        for part in CHECKS
        if part not in LACKING.get(client, set())
    ]


def run_part(client: str, part: str, target: Target) -> Any:
    """Does it, checks what came, and gives it for what only one address can promise."""
    found = getattr(import_module(MODULES[client]), part)(target)
    CHECKS[part](found, target)
    return found
