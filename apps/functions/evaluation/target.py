"""Function search as a sweep measures it."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Count, Max

from apps.core.errors import InvalidInput
from apps.core.targets.types import CaseRecord, Diagnosis, Failure, Outcome, Question, Shown
from apps.functions.evaluation.changes import explain_change
from apps.functions.evaluation.diagnosis import CAUSES, diagnose
from apps.functions.evaluation.fixes import apply_fix
from apps.functions.evaluation.known_languages import known_languages
from apps.functions.index.warming import compile_kernels
from apps.functions.languages import explain_unknown_language, find_language
from apps.functions.models import Function, Revision
from apps.functions.references import find_referred, refer_to
from apps.functions.search.confidence import ANSWER_THRESHOLD
from apps.functions.services import generating
from apps.functions.services.batching import Asked, Measured, measure_searches
from apps.functions.services.indexing import read_index_digest
from apps.functions.services.live import live_index
from apps.functions.services.searching import MAX_QUERY, find_trace, search_functions
from apps.inference import services as inference

LIMIT = 10
BATCH = 500
"""Questions that are answered at a time: enough to share what they read, and few enough to show progress."""

SUGGESTIONS = 8
MAX_EXPECTED = 50
FILTERS = ("language", "library")


class SearchTarget:
    """A case's `expected` lists functions, any of which is right; an empty list says that nothing shall be answered."""

    title = "Function search"
    causes = CAUSES

    def check_case(self, record: CaseRecord) -> dict[str, str]:
        errors: dict[str, str] = {}
        if not record.query.strip():
            errors["query"] = "is empty"
        elif len(record.query) > MAX_QUERY:
            errors["query"] = f"is longer than {MAX_QUERY:,} characters"
        if record.input:
            errors["input"] = "is not for function search: give a query"
        if reason := _check_expected(record.expected):
            errors["expected"] = reason
        unknown = sorted(set(record.filters) - set(FILTERS))
        language = record.filters.get("language")
        if unknown:
            errors["filters"] = f"has {unknown[0]}; known are {', '.join(FILTERS)}"
        elif not all(isinstance(value, str) and value for value in record.filters.values()):
            errors["filters"] = "must have texts as values"
        elif language and find_language(language) is None:
            errors["filters"] = explain_unknown_language(language)
        return errors

    def pin_state(self) -> dict[str, str]:
        catalogue = Function.objects.aggregate(functions=Count("pk"), newest=Max("change_xid"))
        revisions = Revision.objects.aggregate(newest=Max("pk"))
        holder = live_index()
        holder.get()
        return {
            "catalogue": f"{catalogue['functions']} functions, revision {revisions['newest'] or 0}",
            "index": read_index_digest() or "none",
            "synonyms": f"{len(holder.synonyms)} groups, {holder.synonyms_digest}",
            "embedding_model": inference.model_digest()[:16] or "none",
            "answer_threshold": str(ANSWER_THRESHOLD),
        }

    def make_ready(self) -> None:
        live_index().load()
        compile_kernels()  # but no model: onnxruntime has threads, which a fork leaves behind

    def answer(self, questions: Sequence[Question]) -> Iterator[Outcome]:
        languages = known_languages().find({reference for question in questions for reference in question.expected})
        for start in range(0, len(questions), BATCH):
            part = questions[start : start + BATCH]
            for question, found in zip(part, measure_searches([_ask(one) for one in part], limit=LIMIT), strict=True):
                labels = {"language": _label_language(question, languages)}
                if isinstance(found, InvalidInput):
                    yield Outcome(right=False, error=str(found), labels=labels)
                else:
                    yield _judge(found, question, labels)

    def diagnose(self, failures: Sequence[Failure]) -> list[Diagnosis]:
        return diagnose(failures)

    def apply_fix(self, name: str, failure: Failure, values: Mapping[str, str], *, user_id: int | None) -> str:
        return apply_fix(name, failure, values, user_id=user_id)

    def explain_change(self, before: Outcome, after: Outcome) -> str:
        return explain_change(before.trace, after.trace, before.got, after.got)

    def show_answers(self, ids: Collection[Any]) -> dict[Any, Shown]:
        found = find_referred({one for one in ids if isinstance(one, str)})
        return {reference: _show(functions[0]) for reference, functions in found.items()}

    def find_answer(self, trace_id: str, *, user: Any) -> dict[str, Any] | None:
        trace = find_trace(trace_id, user)
        if trace is None:
            return None
        functions = Function.objects.in_order(trace["results"][:LIMIT])
        return {
            "query": trace["query"],
            "filters": trace.get("filters", {}),
            "got": [{"id": refer_to(function), "title": str(function)} for function in functions],
            "trace": {key: trace[key] for key in ("tier", "answered", "confidence", "steps")},
        }

    def suggest_answers(self, text: str, filters: Mapping[str, str]) -> list[tuple[str, Shown]]:
        answer = search_functions(query=text, language=filters.get("language"), limit=SUGGESTIONS)
        return [(refer_to(result.function), _show(result.function)) for result in answer.results]

    def generate_cases(self, *, count: int, seed: int) -> Iterator[CaseRecord]:
        return generating.generate_cases(count=count, seed=seed)


def _check_expected(expected: object) -> str:
    """Why this cannot be what is expected; empty when it can."""
    if not isinstance(expected, list | tuple):
        return 'must be a list of function ids; "[]" says that nothing is to be found'
    if not all(isinstance(one, str) and one.strip() for one in expected):
        return "must have texts in its list: ids of functions"
    return f"has more than {MAX_EXPECTED} ids" if len(expected) > MAX_EXPECTED else ""


def _ask(question: Question) -> Asked:
    return Asked(question.query, question.filters.get("language"), question.filters.get("library"))


def _label_language(question: Question, languages: Mapping[str, str]) -> str:
    """The language that the right answers are in; empty when they are in several."""
    expected = {languages[reference] for reference in question.expected if reference in languages}
    return expected.pop() if len(expected) == 1 else question.filters.get("language", "")


def _judge(found: Measured, question: Question, labels: Mapping[str, str]) -> Outcome:
    expected = set(question.expected)
    places = enumerate(found.results, start=1)
    rank = next((place for place, (function, _) in places if not expected.isdisjoint(function.names)), None)
    # Where nothing is to be found, the right answer is to say so.
    right = rank == 1 if expected else not found.answered
    return Outcome(
        right=right,
        rank=rank,
        score=1 / math.log2(1 + rank) if rank else float(right),
        answered=found.answered,
        confidence=found.confidence,
        tier=found.tier,
        latency_ms=found.took_ms,
        labels=labels,
        got=[
            {"id": one.names[1], "title": one.title, "language": one.language, "score": round(hit.score, 4)}
            for one, hit in found.results
        ],
        trace={"steps": found.steps, "terms": found.terms, "language": found.language},
    )


def _show(function: Function) -> Shown:
    detail = f"{function.language}, {function.library.name}"
    return Shown(str(function), detail, function.get_absolute_url())
