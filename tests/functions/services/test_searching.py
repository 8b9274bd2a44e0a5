import threading
from unittest.mock import patch

import pytest
from django.db import connection, transaction

from apps.core.errors import InvalidInput
from apps.core.jobs.services import run_inline
from apps.core.models import Job
from apps.functions.models import Function, FunctionEmbedding, FunctionState, Origin
from apps.functions.services import catalogue, embedding, indexing, live, searching, tiers
from apps.inference.embedding import EmbeddingModelMissing

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

TEXTS = {
    "read_csv": "Read a table of comma separated values from a file.",
    "parse_date": "Turn text such as 2024-05-01 into a date.",
    "send_mail": "Send an e-mail message over SMTP.",
    "sort_list": "Sort a list of numbers in ascending order.",
}


@pytest.fixture(autouse=True)
def own_index(settings, tmp_path):
    settings.INDEX_DIR = tmp_path / "index"
    settings.INDEX_REFRESH_SECONDS = 0.0
    searching.get_cache("functions.answers").local.clear()
    live.live_index.cache_clear()
    yield
    live.live_index.cache_clear()


@pytest.fixture
def functions() -> dict[str, Function]:
    return {name: make(name, text) for name, text in TEXTS.items()}


def make(name: str, description: str, **data) -> Function:
    record = {"name": name, "language": "python", "description": description, **data}
    return catalogue.create_function(data=record, library="lib", user_id=None, origin=Origin.API)


def build() -> dict[str, object]:
    return run_inline(kind=indexing.KIND, params={}).result


def names(answer: searching.SearchAnswer) -> list[str]:
    return [result.function.name for result in answer.results]


def search(query: str, **filters) -> searching.SearchAnswer:
    return searching.search_functions(query=query, **filters)


class TestAnswers:
    def test_meaning_finds_what_shares_no_word(self, functions):
        build()
        answer = search("load spreadsheet rows from disk")
        assert names(answer)[0] == "read_csv"
        assert answer.tier == "local_model"

    def test_a_name_is_a_rule(self, functions):
        build()
        answer = search("parseDate")
        assert (names(answer)[0], answer.tier, answer.answered) == ("parse_date", "rules", True)
        assert answer.confidence > 0.8

    def test_an_answer_is_cached_until_the_index_changes(self, functions):
        build()
        first, second = search("send_mail"), search("  send_mail ")
        assert (first.tier, second.tier) == ("rules", "cache")
        assert names(first) == names(second)
        make("send_mail_later", "Send an e-mail at a given time.")
        assert search("send_mail").tier == "rules"

    def test_as_dict_is_the_contract(self, functions):
        build()
        answer = search("sort numbers").as_dict()
        assert {"query", "answered", "confidence", "tier", "took_ms", "trace_id", "results"} <= set(answer)
        best = answer["results"][0]
        assert best["name"] == "sort_list"
        assert {"id", "name", "language", "library", "signature", "description", "score", "matched", "why"} <= set(best)
        assert 0 <= best["score"] <= 1
        assert 0 <= answer["confidence"] <= 1
        assert best["why"]

    def test_the_trace_is_kept(self, functions):
        build()
        answer = search("sort numbers")
        trace = searching.get_trace(answer.trace_id)
        assert trace is not None
        assert [step["tier"] for step in trace["steps"]][:3] == ["cache", "rules", "words"]
        assert trace["filters"] == {}
        assert searching.get_trace("0" * 32) is None

    def test_the_trace_has_the_filters_as_they_were_given(self, functions):
        answer = searching.search_functions(query="numbers in rust", library="lib")
        trace = searching.get_trace(answer.trace_id)
        assert trace is not None
        assert trace["filters"] == {"library": "lib"}
        answer = searching.search_functions(query="lines", language="py")
        trace = searching.get_trace(answer.trace_id)
        assert trace is not None
        assert trace["filters"] == {"language": "py"}

    def test_without_a_model_words_still_find(self, functions):
        build()
        with patch.object(tiers.inference, "embed_query", side_effect=EmbeddingModelMissing("no model")):
            answer = search("comma separated values of a table")
        assert (names(answer)[0], answer.tier) == ("read_csv", "lexical")
        assert [step["outcome"] for step in answer.steps][3] == "failed"

    def test_filters(self, functions):
        make("sort_slice", "Sort a slice of numbers.", language="go")
        build()
        assert names(search("sort numbers", language="golang")) == ["sort_slice"]
        said = search("sort numbers in go")
        assert (names(said), said.language) == (["sort_slice"], "go")
        assert names(search("sort numbers", library="lib", limit=1)) in (["sort_list"], ["sort_slice"])


class TestFreshness:
    def test_an_empty_catalogue_answers_nothing(self):
        answer = search("anything")
        assert (answer.answered, answer.results, answer.confidence) == (False, [], 0.0)

    def test_an_edit_is_found_without_a_build(self, functions, quiet):
        build()
        search("warm")
        changes = {"description": "Fetch the weather forecast of a town."}
        catalogue.update_function(function=functions["sort_list"], changes=changes, user_id=None, origin=Origin.PAGE)
        assert names(search("weather forecast"))[0] == "sort_list"
        assert indexing.index_state().changes_waiting == 1

    def test_a_new_function_is_found_before_any_build(self, functions):
        assert names(search("smtp message"))[0] == "send_mail"

    def test_a_retired_function_is_gone_at_once_and_back_when_published(self, functions):
        build()
        mails = Function.objects.filter(name="send_mail")
        catalogue.set_state(functions=mails, state="retired", user_id=None, origin=Origin.ADMIN)
        assert "send_mail" not in names(search("send an e-mail message"))
        catalogue.set_state(functions=mails, state="published", user_id=None, origin=Origin.ADMIN)
        assert names(search("send an e-mail message"))[0] == "send_mail"

    def test_drafts_are_not_found(self, functions):
        make("secret_plan", "Conquer the world with penguins.", state="draft")
        build()
        assert "secret_plan" not in names(search("conquer the world with penguins"))

    def test_what_commits_late_is_not_missed(self, functions):
        """A transaction that began before a build and commits after it is beside the index, not lost."""
        began, built = threading.Event(), threading.Event()

        def write_slowly():
            try:
                with transaction.atomic():
                    Function.objects.filter(name="sort_list").update(description="Juggle with flaming torches.")
                    began.set()
                    built.wait(60)
            finally:
                connection.close()

        writer = threading.Thread(target=write_slowly)
        writer.start()
        assert began.wait(60)
        make("unrelated", "Moves the marks on.")
        build()
        built.set()
        writer.join()
        assert names(search("juggle flaming torches"))[0] == "sort_list"

    def test_searches_look_for_edits_only_every_so_often(self, functions, settings):
        build()
        search("warm")
        settings.INDEX_REFRESH_SECONDS = 60
        make("late_comer", "Yodel loudly from a mountain.")
        assert "late_comer" not in names(search("yodel from a mountain"))
        settings.INDEX_REFRESH_SECONDS = 0.0
        assert names(search("yodel from a mountain"))[0] == "late_comer"


class TestBadInput:
    @pytest.mark.parametrize(
        ("query", "filters", "field"),
        [
            ("", {}, "q"),
            ("  \t\n ", {}, "q"),
            ("\x00\x07\x1b", {}, "q"),
            ("x" * 100_000, {}, "q"),
            ("sort", {"language": "klingon"}, "language"),
            ("sort", {"library": "nowhere"}, "library"),
            ("sort", {"library": "lib\0"}, "library"),
            ("sort", {"limit": 0}, "limit"),
            ("sort", {"limit": 101}, "limit"),
        ],
    )
    def test_is_refused_with_its_field(self, functions, query, filters, field):
        with pytest.raises(InvalidInput) as caught:
            search(query, **filters)
        assert list(caught.value.errors) == [field]

    @pytest.mark.parametrize(
        "query",
        ["sort\x00 numbers", "\ud800 sort numbers", "🦀 sort numbers", "sort numbers' OR 1=1 --", "sort " * 390],
    )
    def test_strange_queries_are_answered(self, functions, query):
        build()
        assert "sort_list" in names(search(query))


class TestEmbedding:
    def test_the_job_embeds_what_has_no_vector_and_says_how_many(self, functions):
        FunctionEmbedding.objects.all().delete()
        job = run_inline(kind=embedding.KIND, params={"then_build": False})
        assert job.result == {"embedded": 4}
        assert FunctionEmbedding.objects.count() == 4
        assert run_inline(kind=embedding.KIND, params={"then_build": False}).result == {"embedded": 0}

    def test_vectors_of_another_model_are_not_mixed_in(self, functions):
        FunctionEmbedding.objects.update(model_digest="an older model")
        assert build()["with_vectors"] == 0
        assert indexing.index_state().waiting_embedding == 4
        assert run_inline(kind=embedding.KIND, params={"then_build": False}).result == {"embedded": 4}
        assert build()["with_vectors"] == 4

    def test_a_vector_of_an_older_text_stays_out(self, functions):
        Function.objects.filter(name="send_mail").update(description="Bake bread.")
        assert build()["with_vectors"] == 3

    def test_retired_functions_wait_for_nothing(self, functions):
        FunctionEmbedding.objects.all().delete()
        Function.objects.update(state=FunctionState.RETIRED)
        assert run_inline(kind=embedding.KIND, params={"then_build": False}).result == {"embedded": 0}


class TestUpkeep:
    def test_many_edits_ask_for_a_build(self, functions, monkeypatch, quiet):
        build()
        assert indexing.refresh_index() is False
        monkeypatch.setattr(indexing, "REBUILD_AFTER", 2)
        Function.objects.update(popularity=2)
        assert indexing.refresh_index() is True
        assert indexing.refresh_index() is False
        assert Job.objects.open().filter(kind=indexing.KIND).count() == 1

    def test_state_of_the_index(self, functions, quiet):
        assert indexing.index_state().is_current is False
        build()
        state = indexing.index_state()
        assert (state.documents, state.with_vectors, state.published) == (4, 4, 4)
        assert state.is_current
        assert state.built_at is not None

    def test_similar_functions(self, functions):
        other = make("write_csv", "Write a table of comma separated values to a file.")
        build()
        similar = searching.similar_functions(function=functions["read_csv"], limit=2)
        assert similar[0].function == other
        assert functions["read_csv"] not in [result.function for result in similar]
