"""Searches answered together are answered as each by itself."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from apps.core.errors import InvalidInput
from apps.core.jobs.services import run_inline
from apps.core.targets.types import Outcome, Question
from apps.functions.evaluation import target
from apps.functions.models import Function, FunctionState
from apps.functions.references import refer_to
from apps.functions.services import indexing, kept_vectors, live, measuring
from apps.functions.services.batching import Asked, Measured, measure_searches
from apps.functions.services.measuring import measure_search
from apps.inference.embedding import EmbeddingModelMissing
from tests.functions.factories import FunctionFactory, LibraryFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

ASKED = (
    Asked("count the lines of a file"),
    Asked("count_lines"),
    Asked("CountLines"),
    Asked("count_lines", "go"),
    Asked("parse a date", "go"),
    Asked("parse a date", None, "dates"),
    Asked("twin"),
    Asked("what twins do"),
    Asked("how is the weather in zurich"),
    Asked("calculate how many lines in python"),
    Asked("xyzzy"),
)


@pytest.fixture(autouse=True)
def catalogue(settings: Settings, tmp_path: Path) -> Any:
    settings.INDEX_DIR = tmp_path / "index"
    settings.INDEX_REFRESH_SECONDS = 60
    live.live_index.cache_clear()
    FunctionFactory(name="count_lines")
    FunctionFactory(name="count_lines", language="go")
    for number in range(3):
        FunctionFactory(name="twin", description="What twins do.", code="", external_id=f"twin{number}")
    dates = LibraryFactory(name="dates")
    FunctionFactory(name="parse_date", description="Parse a date.", code="", language="go", library=dates)
    run_inline(kind=indexing.KIND, params={})
    yield
    live.live_index.cache_clear()


def tell(measured: Measured | InvalidInput) -> Any:
    """All but the times, the results bit for bit."""
    assert isinstance(measured, Measured)
    results = [(one.names[1], one.title, one.language, hit.score) for one, hit in measured.results]
    steps = [{**step, "ms": 0} for step in measured.steps]
    return replace(measured, took_ms=0, results=[], steps=steps), results


def ask_alone(one: Asked) -> Any:
    """What `tell` tells of the same search by itself."""
    measured = measure_search(query=one.query, language=one.language, library=one.library)
    answer = measured.answer
    results = [(refer_to(one.function), str(one.function), one.function.language, one.score) for one in answer.results]
    steps = [{**step, "ms": 0} for step in answer.steps]
    return Measured(
        answer.answered, answer.confidence, answer.tier, 0, answer.language, [], steps, measured.terms
    ), results


def test_each_is_answered_as_by_itself() -> None:
    alone = [ask_alone(one) for one in ASKED]
    assert [tell(one) for one in measure_searches(ASKED)] == alone
    assert len({answer.tier for answer, _ in alone}) > 1
    assert any(len(results) > 2 for _, results in alone)


def test_the_order_and_the_company_change_nothing() -> None:
    forwards, backwards = measure_searches(ASKED), measure_searches(ASKED[::-1])
    assert [tell(one) for one in forwards] == [tell(one) for one in backwards[::-1]]


def test_without_a_model_too() -> None:
    with (
        patch.object(measuring.inference, "embed_texts", side_effect=EmbeddingModelMissing("no model")),
        patch.object(kept_vectors.inference, "model_digest", return_value=""),
    ):
        assert [tell(one) for one in measure_searches(ASKED)] == [ask_alone(one) for one in ASKED]


def test_what_cannot_be_asked_fails_alone() -> None:
    bad = (Asked(""), Asked("date", "klingon"), Asked("date", None, "nowhere"), Asked("date", None, "a\0"))
    found = measure_searches([*bad, Asked("count_lines")])
    assert [one.errors for one in found if isinstance(one, InvalidInput)] == [_refusal(one) for one in bad]
    assert isinstance(found[-1], Measured)
    assert found[-1].results


def _refusal(asked: Asked) -> Any:
    with pytest.raises(InvalidInput) as caught:
        measure_search(query=asked.query, language=asked.language, library=asked.library)
    return caught.value.errors


def test_one_query_reads_the_rows(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    measure_searches(ASKED)
    with django_assert_num_queries(1):
        found = measure_searches([*ASKED, Asked("a date", None, "dates")])
    assert all(isinstance(one, Measured) and one.results for one in found[-1:])


def test_what_was_retired_meanwhile_is_not_shown() -> None:
    Function.objects.filter(name="parse_date").update(state=FunctionState.RETIRED)
    [found] = measure_searches([Asked("parse_date")])
    assert isinstance(found, Measured)
    assert "parse_date" not in [function.title for function, _ in found.results]


def test_a_sweeps_outcomes_do_not_hang_on_how_many_are_asked_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    questions = [
        Question(number, one.query, {}, ["count_lines"], {"language": one.language} if one.language else {})
        for number, one in enumerate([*ASKED, Asked("")])
    ]
    together = list(target.SearchTarget().answer(questions))
    monkeypatch.setattr(target, "BATCH", 1)
    alone = list(target.SearchTarget().answer(questions))
    assert [_timeless(one) for one in together] == [_timeless(one) for one in alone]
    assert together[-1].error


def _timeless(outcome: Outcome) -> Outcome:
    steps = [{**step, "ms": 0} for step in outcome.trace.get("steps", [])]
    return replace(outcome, latency_ms=0, trace={**outcome.trace, "steps": steps})
