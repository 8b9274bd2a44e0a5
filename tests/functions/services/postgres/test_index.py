"""PostgreSQL answers as the index of files does, and at once after every edit."""

from unittest.mock import patch

import pytest

from apps.core.jobs.services import run_inline
from apps.functions.models import Function, FunctionEmbedding, Library, Origin, SearchEntry
from apps.functions.search.names import keys_of_name
from apps.functions.search.query import parse_query
from apps.functions.services import catalogue, embedding, live, searching
from apps.functions.services.postgres.index import PostgresIndex
from apps.inference import services as inference
from apps.inference.embedding import EmbeddingModelMissing
from tests.functions.services.postgres.conftest import TEXTS, build, make, names, search

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("own_index"),
]

QUERIES = [
    "load spreadsheet rows from disk", "parseDate", "sort numbers", "smtp", "text to date in python", "http server",
    "order a list", "parse time", "comma separated table", "quantum chromodynamics", "serve requests",
]  # fmt: skip


def shown(answer: searching.SearchAnswer) -> list[tuple[object, ...]]:
    return [(str(result.function), pytest.approx(result.score, abs=0.002), result.matched) for result in answer.results]


class TestLikeTheFiles:
    def test_the_same_answers(self, functions, settings, quiet):
        build()
        assert isinstance(live.live_index().get(), PostgresIndex)
        by_postgres = {query: search(query) for query in QUERIES}
        settings.SEARCH_BACKEND = "files"
        searching.get_cache("functions.answers").local.clear()
        live.live_index.cache_clear()
        build()
        for query, answer in by_postgres.items():
            by_files = search(query)
            assert shown(answer) == shown(by_files), query
            assert (answer.tier, answer.answered) == (by_files.tier, by_files.answered), query
            assert answer.confidence == pytest.approx(by_files.confidence, abs=0.01), query

    def test_the_same_by_words_alone(self, functions, settings, quiet):
        build()
        queries = [parse_query(query) for query in QUERIES]
        found = [live.live_index().get().search(query, None) for query in queries]
        settings.SEARCH_BACKEND = "files"
        live.live_index.cache_clear()
        build()
        for query, one in zip(queries, found, strict=True):
            other = live.live_index().get().search(query, None)
            assert [hit.id for hit in one.hits] == [hit.id for hit in other.hits], query.text
            assert [hit.why for hit in one.hits] == [hit.why for hit in other.hits]

    def test_names_are_found_in_every_spelling(self, functions):
        build()
        for query in ("dates.parse_time", "parseTime", "parse_time()", "lib.dates.parse_time", "HTTP_server"):
            answer = search(query)
            assert answer.tier == "rules", query
            assert names(answer)[0] in ("dates.parse_time", "HTTPServer")

    @pytest.mark.parametrize(
        "name", ["dates.parse_time", "HTTPServer", "a::B->c", "über.straße", "x/y\\z$1", "_", "Σ.σίγμα", "n" * 290]
    )
    def test_the_keys_of_a_name_are_those_of_the_files(self, name):
        build()
        function = make(name, "Does something.", library="My-Lib 2")
        known = SearchEntry.objects.get(pk=function.pk).name_keys
        assert set(known) == set(keys_of_name(name, "My-Lib 2"))

    def test_similar_functions(self, functions):
        other = make("write_csv", "Write a table of comma separated values to a file.")
        build()
        similar = searching.similar_functions(function=functions["read_csv"], limit=2)
        assert similar[0].function == other
        assert functions["read_csv"] not in [result.function for result in similar]
        FunctionEmbedding.objects.all().delete()
        by_words = searching.similar_functions(function=functions["read_csv"], limit=2)
        assert by_words[0].function == other
        assert functions["read_csv"] not in [result.function for result in by_words]

    def test_misspelled_words_are_read(self, functions):
        build()
        with patch.object(inference, "embed_query", side_effect=EmbeddingModelMissing("no model")):
            assert names(search("seperated valeus"))[:1] == ["read_csv"]


class TestFilters:
    def test_language_and_library(self, functions):
        make("sort_slice", "Sort a slice of numbers.", library="gophers", language="go")
        build()
        assert names(search("sort numbers", language="golang")) == ["sort_slice"]
        said = search("sort numbers in go")
        assert (names(said), said.language) == (["sort_slice"], "go")
        assert names(search("sort numbers", library="gophers")) == ["sort_slice"]
        assert "sort_slice" not in names(search("sort numbers", library="lib"))
        assert names(search("sort_slice", library="lib", limit=1)) != ["sort_slice"]
        assert live.live_index().get().languages == ("go", "python")

    def test_without_a_vector_only_words_count(self, functions):
        build()
        with patch.object(inference, "embed_query", side_effect=EmbeddingModelMissing("no model")):
            answer = search("comma separated values of a table")
            assert (names(answer)[0], answer.tier) == ("read_csv", "lexical")
            assert search("chromodynamics").results == []

    @pytest.mark.parametrize(
        "query",
        [
            "sort & ! | ( ) numbers",
            "sort' numbers \\ ''",
            "sort:* <-> numbers:A",
            "sort %s %(x)s numbers %",
            "sort\x00 numbers",
            "\ud800 sort numbers",
            "'; DROP TABLE functions_function; -- sort numbers",
            "sort " * 390,
            "numbers c# c++ sort",
        ],
    )
    def test_hostile_text_is_only_text(self, functions, query):
        build()
        assert "sort_list" in names(search(query))
        assert Function.objects.count() == len(TEXTS)


class TestFreshness:
    def test_before_any_build_nothing_is_found_and_nothing_fails(self, functions):
        assert search("sort numbers").results == []

    def test_a_new_function_is_found_at_once(self, functions):
        build()
        search("warm")
        make("yodel", "Yodel loudly from a mountain.")
        assert names(search("yodel from a mountain"))[0] == "yodel"
        assert search("yodel").tier == "rules"

    def test_an_edit_is_found_at_once_and_its_old_text_is_not(self, functions):
        build()
        changes = {"description": "Fetch the weather forecast of a town.", "name": "forecast"}
        catalogue.update_function(function=functions["sort_list"], changes=changes, user_id=None, origin=Origin.PAGE)
        assert names(search("weather forecast"))[0] == "forecast"
        assert search("sort_list").tier != "rules"

    def test_an_edit_by_any_way_takes_the_vector_of_the_old_text_away(self, functions):
        build()
        Function.objects.filter(name="send_mail").update(description="Bake bread.")
        entry = SearchEntry.objects.get(function__name="send_mail")
        assert entry.vector is None
        assert names(search("bake bread"))[0] == "send_mail"

    def test_retired_functions_and_drafts_are_never_shown(self, functions):
        make("secret_plan", "Conquer the world with penguins.", state="draft")
        build()
        mails = Function.objects.filter(name="send_mail")
        catalogue.set_state(functions=mails, state="retired", user_id=None, origin=Origin.ADMIN)
        assert "send_mail" not in names(search("send an e-mail message"))
        assert search("send_mail").tier != "rules"
        assert "secret_plan" not in names(search("conquer the world with penguins"))
        catalogue.set_state(functions=mails, state="published", user_id=None, origin=Origin.ADMIN)
        assert names(search("send an e-mail message"))[0] == "send_mail"
        assert SearchEntry.objects.get(function__name="send_mail").vector is not None

    def test_a_cached_answer_goes_with_an_edit(self, functions):
        build()
        search("send_mail")
        assert search("send_mail").tier == "cache"
        make("send_mail_later", "Send an e-mail at a given time.")
        assert search("send_mail").tier == "rules"

    def test_a_cached_answer_goes_with_a_new_vector(self, functions):
        FunctionEmbedding.objects.all().delete()
        build()
        before = live.live_index().version
        run_inline(kind=embedding.KIND, params={"then_build": False})
        assert live.live_index().version != before
        assert names(search("load spreadsheet rows from disk"))[0] == "read_csv"

    def test_a_deleted_function_leaves_nothing(self, functions):
        build()
        function = functions["send_mail"]
        function.revisions.all().delete()
        function.delete()
        assert not SearchEntry.objects.filter(pk=function.pk).exists()
        assert "send_mail" not in names(search("send an e-mail message"))

    def test_a_renamed_library_is_found_by_its_new_name(self, functions):
        build()
        Library.objects.filter(name="lib").update(name="toolbox")
        assert search("toolbox.send_mail").tier == "rules"
        assert search("lib.send_mail").tier != "rules"
