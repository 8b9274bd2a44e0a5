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
from apps.functions.services import indexing, live, measuring
from apps.functions.services.batching import Asked, measure_searches
from apps.functions.services.measuring import MeasuredSearch, measure_search
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


def without_times(measured: MeasuredSearch | InvalidInput) -> Any:
    """All that two answers can be compared by: the results bit for bit, ids of rows in place of the rows."""
    assert isinstance(measured, MeasuredSearch)
    answer = measured.answer
    results = [(one.function.pk, str(one.function), one.score, one.matched, one.why) for one in answer.results]
    steps = [{**step, "ms": 0} for step in answer.steps]
    return replace(answer, took_ms=0, trace_id="", results=[], steps=[]), results, steps, measured.terms


def test_each_is_answered_as_by_itself() -> None:
    together = measure_searches(ASKED)
    alone = [measure_search(query=one.query, language=one.language, library=one.library) for one in ASKED]
    assert [without_times(one) for one in together] == [without_times(one) for one in alone]
    assert len({one.answer.tier for one in alone}) > 1
    assert any(len(one.answer.results) > 2 for one in alone)


def test_the_order_and_the_company_change_nothing() -> None:
    forwards, backwards = measure_searches(ASKED), measure_searches(ASKED[::-1])
    assert [without_times(one) for one in forwards] == [without_times(one) for one in backwards[::-1]]


def test_without_a_model_too() -> None:
    with patch.object(measuring.inference, "embed_texts", side_effect=EmbeddingModelMissing("no model")):
        together = measure_searches(ASKED)
        alone = [measure_search(query=one.query, language=one.language, library=one.library) for one in ASKED]
    assert [without_times(one) for one in together] == [without_times(one) for one in alone]


def test_what_cannot_be_asked_fails_alone() -> None:
    bad = (Asked(""), Asked("date", "klingon"), Asked("date", None, "nowhere"), Asked("date", None, "a\0"))
    found = measure_searches([*bad, Asked("count_lines")])
    assert [one.errors for one in found if isinstance(one, InvalidInput)] == [_refusal(one) for one in bad]
    assert isinstance(found[-1], MeasuredSearch)
    assert found[-1].answer.results


def _refusal(asked: Asked) -> Any:
    with pytest.raises(InvalidInput) as caught:
        measure_search(query=asked.query, language=asked.language, library=asked.library)
    return caught.value.errors


def test_one_query_reads_the_rows(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    measure_searches(ASKED)
    with django_assert_num_queries(1):
        found = measure_searches([*ASKED, Asked("a date", None, "dates")])
        assert [result.function.library.name for one in found for result in one.answer.results]  # type: ignore[union-attr]


def test_what_was_retired_meanwhile_is_not_shown() -> None:
    Function.objects.filter(name="parse_date").update(state=FunctionState.RETIRED)
    [found] = measure_searches([Asked("parse_date")])
    assert isinstance(found, MeasuredSearch)
    assert "parse_date" not in [result.function.name for result in found.answer.results]


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
