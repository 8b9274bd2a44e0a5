from unittest.mock import patch

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.core import metrics
from apps.core.errors import InvalidInput
from apps.core.jobs.services import run_inline
from apps.functions.models import SynonymGroup
from apps.functions.services import indexing, live, measuring, searching, synonyms, tiers
from apps.functions.services.measuring import measure_search
from apps.inference.embedding import EmbeddingModelMissing
from tests.functions.factories import FunctionFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

QUERY = "calculate how many lines a file has"


@pytest.fixture(autouse=True)
def catalogue(settings, tmp_path):
    settings.INDEX_DIR = tmp_path / "index"
    settings.INDEX_REFRESH_SECONDS = 60
    live.live_index.cache_clear()
    SynonymGroup.objects.all().delete()
    synonyms.save_group(group=None, words=["calculate", "compute"], user_id=None)
    FunctionFactory(name="count_lines")
    FunctionFactory(name="parse_date", description="Parse a date.", code="", keywords=[], language="go")
    run_inline(kind=indexing.KIND, params={})
    yield
    live.live_index.cache_clear()


def test_it_answers_as_a_search_does():
    measured, searched = measure_search(query=QUERY).answer, searching.search_functions(query=QUERY)
    assert measured.results == searched.results
    assert (measured.tier, measured.confidence, measured.answered) == (
        searched.tier,
        searched.confidence,
        searched.answered,
    )
    assert [step["tier"] for step in measured.steps] == [step["tier"] for step in searched.steps[1:]]


def test_it_says_which_synonyms_were_searched():
    assert measure_search(query="Calculate a date").terms == {"calculate": ["compute"]}
    assert measure_search(query="a date").terms == {}


def test_it_neither_reads_nor_leaves_anything(monkeypatch):
    def refuse(*args, **labels):
        raise AssertionError(f"touched {args}")

    monkeypatch.setattr(searching, "get_cache", refuse)
    monkeypatch.setattr(tiers, "get_cache", refuse)
    monkeypatch.setattr(metrics, "count", refuse)
    monkeypatch.setattr(metrics, "observe", refuse)
    assert measure_search(query=QUERY).answer.tier == "local_model"
    assert measure_search(query="parse_date").answer.tier == "rules"


def test_without_a_model_words_still_find():
    with patch.object(measuring.inference, "embed_texts", side_effect=EmbeddingModelMissing("no model")):
        answer = measure_search(query="lines of a big file").answer
    assert (answer.tier, answer.results[0].function.name) == ("lexical", "count_lines")


def test_filters_and_limit():
    assert [result.function.name for result in measure_search(query="a date", language="go").answer.results] == [
        "parse_date"
    ]
    assert len(measure_search(query="a date of a file", limit=1).answer.results) == 1
    with pytest.raises(InvalidInput, match="language"):
        measure_search(query="a date", language="klingon")


def test_one_query_reads_the_rows(django_assert_num_queries: DjangoAssertNumQueries):
    measure_search(query="warm")
    with django_assert_num_queries(1):
        measure_search(query=QUERY)
