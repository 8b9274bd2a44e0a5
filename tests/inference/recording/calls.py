"""Calls as they are put down."""

import time
from decimal import Decimal
from typing import Any

from apps.inference.exchange import Attempt, Caller, Operation, Usage
from apps.inference.recording.facts import OK, CallFacts
from apps.inference.recording.writing import Batch, write_calls

A_MOMENT_AGO = time.time()
"""The same for all calls: one between two minutes would be counted with neither."""
QUESTION = {"messages": [{"role": "user", "content": "How many moons has Mars?"}]}
ANSWER = {"choices": [{"message": {"role": "assistant", "content": "Two."}}]}


def a_call(user: int | None = None, **facts: Any) -> CallFacts:
    """One that went well; `at` is in seconds of the epoch."""
    model = facts.get("model", "small-one")
    given: dict[str, Any] = {
        "at": A_MOMENT_AGO,
        "caller": Caller(user, None, "trace-1"),
        "operation": Operation.CHAT,
        "target": "cheap",
        "model": model,
        "provider": "somewhere",
        "tier": "small",
        "cache": "",
        "outcome": OK,
        "streamed": False,
        "usage": Usage(10, 5),
        "cost": Decimal("0.002"),
        "ms": 40.0,
        "first_ms": None,
        "attempts": (Attempt(model, "somewhere", OK, 40.0, Decimal("0.002")),),
        "question": None,
        "answer": None,
        **facts,
    }
    return CallFacts(**given)


def write(*calls: CallFacts) -> None:
    write_calls(Batch(list(calls)))
