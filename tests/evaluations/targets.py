"""A target whose answers are written in its cases: deterministic, without anything behind it."""

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from apps.core.errors import InvalidInput
from apps.core.targets.types import CaseRecord, Cause, Diagnosis, Failure, Fix, Outcome, Question, Shown

NAME = "tests.fake"
PATH = "tests.evaluations.targets.FakeTarget"

STATE = {"fake_digest": "1", "fake_threshold": "0.5"}
"""What it pins; `monkeypatch.setitem(targets.STATE, ...)` for a run that measured something else."""

TRACES: dict[str, dict[str, Any]] = {}
"""Answers that feedback can be about, by trace id; `monkeypatch.setitem(targets.TRACES, ...)`."""


class FakeTarget:
    """A case's `input` says what comes of it.

    Keys are the fields of Outcome; without any the first answer is right. `raise` is the message of a RuntimeError
    that breaks the whole call off at this question. `cause` and `cluster` are the diagnosis.
    """

    title = "Fake answers"
    causes: Mapping[str, Cause] = {
        "wrong": Cause("Answered wrongly", "Write another answer into the case."),
        "failed": Cause("Failed", "Take the error out of the case."),
    }

    def check_case(self, record: CaseRecord) -> dict[str, str]:
        return {} if record.query or record.input else {"query": "is empty"}

    def pin_state(self) -> dict[str, str]:
        return dict(STATE)

    def make_ready(self) -> None:
        """Its answers are there."""

    def answer(self, questions: Sequence[Question]) -> Iterator[Outcome]:
        for question in questions:
            if "raise" in question.input:
                raise RuntimeError(question.input["raise"])
            yield make_outcome(question)

    def diagnose(self, failures: Sequence[Failure]) -> list[Diagnosis]:
        return [diagnose_one(failure) for failure in failures]

    def apply_fix(self, name: str, failure: Failure, values: Mapping[str, str], *, user_id: int | None) -> str:
        if name != "note":
            raise InvalidInput({"name": "is no fix of this target"})
        if not values.get("text"):
            raise InvalidInput({"text": "is empty"})
        return f"Noted {values['text']!r} for {failure.question.query!r}."

    def explain_change(self, before: Outcome, after: Outcome) -> str:
        return f"Tier {before.tier} became {after.tier}." if before.tier != after.tier else ""

    def show_answers(self, ids: Collection[Any]) -> dict[Any, Shown]:
        return {
            answer: Shown(title=f"Answer {answer}", detail="fake", url=f"/fake/{answer}/")
            for answer in ids
            if not str(answer).startswith("gone")
        }

    def find_answer(self, trace_id: str, *, user: Any) -> dict[str, Any] | None:
        """`of` in a trace is the key of who alone may read it."""
        trace = TRACES.get(trace_id)
        if trace is None or trace.get("of") not in (None, getattr(user, "pk", None)):
            return None
        return {name: value for name, value in trace.items() if name != "of"}

    def suggest_answers(self, text: str, filters: Mapping[str, str]) -> list[tuple[str, Shown]]:
        return [(f"{text}-{number}", Shown(title=f"Answer {text}-{number}")) for number in (1, 2)] if text else []

    def generate_cases(self, *, count: int, seed: int) -> Iterator[CaseRecord]:
        rng = random.Random(seed)
        for number in range(count):
            query = f"question {rng.randrange(1_000_000)}"
            yield CaseRecord(f"generated-{seed}-{number}", query, expected=["a"], made_by="fake", group=query)


def make_outcome(question: Question) -> Outcome:
    given = question.input
    right = bool(given.get("right", not given.get("error")))
    return Outcome(
        right=right,
        rank=given.get("rank", 1 if right else None),
        score=given.get("score", 1.0 if right else 0.0),
        answered=given.get("answered", right),
        confidence=given.get("confidence", 0.9 if right else 0.1),
        tier=given.get("tier", "rules"),
        latency_ms=given.get("latency_ms", 1.0),
        cost=given.get("cost", 0.0),
        labels=given.get("labels", {}),
        got=given.get("got", [{"id": "a" if right else "b", "title": "Answer"}]),
        trace=given.get("trace", {}),
        error=given.get("error", ""),
    )


def diagnose_one(failure: Failure) -> Diagnosis:
    given = failure.question.input
    cause = given.get("cause", "failed" if failure.outcome.error else "wrong")
    fix = Fix("note", "Note it", (("text", "Text", failure.question.query),))
    return Diagnosis(cause, given.get("detail", "as written"), given.get("cluster", ""), (fix,))
