"""Failures over a small catalogue, as sweeps store them."""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.core.targets.types import Diagnosis, Failure, Outcome, Question
from apps.functions.evaluation.diagnosis import diagnose
from apps.functions.models import Function
from apps.functions.references import refer_to
from apps.functions.search.query import list_synonyms, parse_query
from apps.functions.services.live import live_index
from tests.functions.factories import FunctionFactory, LibraryFactory


def make(name: str, description: str, library: str = "lib", **data: Any) -> Function:
    bare = {"code": "", "signature": "", "keywords": [], **data}
    return FunctionFactory(name=name, description=description, library=LibraryFactory(name=library), **bare)


def fail(
    query: str,
    expected: Sequence[Function | str],
    got: Sequence[Function] = (),
    *,
    filters: Mapping[str, str] | None = None,
    **outcome: Any,
) -> Failure:
    """The outcome has the rank and the trace that go with its answers, unless others are given."""
    wanted = [one if isinstance(one, str) else refer_to(one) for one in expected]
    answers = [{"id": refer_to(one), "title": one.name, "language": one.language, "score": 0.5} for one in got]
    rank = next((place for place, answer in enumerate(answers, start=1) if answer["id"] in wanted), None)
    groups = live_index().synonyms
    trace = {"steps": [], "terms": list_synonyms(parse_query(query, groups=groups), groups), "language": None}
    values = {"right": False, "rank": rank, "answered": True, "got": answers, "trace": trace, **outcome}
    return Failure(Question(1, query, {}, wanted, filters or {}), Outcome(**values))


def diagnose_one(*args: Any, **data: Any) -> Diagnosis:
    [diagnosis] = diagnose([fail(*args, **data)])
    return diagnosis


def proposals(diagnosis: Diagnosis) -> dict[str, dict[str, str]]:
    """The fixes by name, each with the values that its form proposes."""
    return {fix.name: {name: value for name, _, value in fix.fields} for fix in diagnosis.fixes}
