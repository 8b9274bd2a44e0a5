import importlib
from unittest.mock import patch

import numpy as np
import pytest
from django.apps import apps
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from apps.core.errors import InvalidInput
from apps.core.jobs.services import run_inline
from apps.functions.models import DIMENSIONS, SynonymGroup
from apps.functions.search.synonyms import SYNONYM_GROUPS
from apps.functions.services import indexing, live, searching, synonyms, tiers
from apps.inference.embedding import EmbeddingModelMissing
from tests.functions.factories import FunctionFactory
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def own_index(settings, tmp_path):
    settings.INDEX_DIR = tmp_path / "index"
    settings.INDEX_REFRESH_SECONDS = 0.0
    searching.get_cache("functions.answers").local.clear()
    live.live_index.cache_clear()
    SynonymGroup.objects.all().delete()
    yield
    live.live_index.cache_clear()


@pytest.fixture
def by_words():
    """Search without the model, so that only words and their synonyms find."""
    FunctionFactory(name="order_rows", description="Order the rows of a table.", code="", signature="", keywords=[])
    run_inline(kind=indexing.KIND, params={})
    with patch.object(tiers.inference, "embed_query", side_effect=EmbeddingModelMissing("no model")):
        yield


def save(*words: str, **data) -> SynonymGroup:
    return synonyms.save_group(group=None, words=words, user_id=None, **data)


def names(query: str) -> list[str]:
    return [result.function.name for result in searching.search_functions(query=query).results]


class TestSave:
    def test_words_are_lower_case_and_come_once(self):
        user = UserFactory()
        group = synonyms.save_group(group=None, words=[" Sort ", "order", "SORT", ""], note="why", user_id=user.pk)
        group.refresh_from_db()
        assert (group.words, group.note, group.enabled, group.changed_by) == (["sort", "order"], "why", True, user)

    def test_a_group_is_changed_in_place(self):
        group = save("sort", "order", note="old")
        synonyms.save_group(group=group, words=["sort", "arrange"], enabled=False, user_id=None)
        assert list(SynonymGroup.objects.values_list("words", "note", "enabled")) == [(["sort", "arrange"], "", False)]

    @pytest.mark.parametrize(
        "words",
        [
            [],
            ["sort"],
            ["sort", "SORT "],
            ["sort", "sorted"],
            ["sort", "put in order"],
            ["sort", "utf8"],
            ["sort", "sort!"],
            ["sort", "?"],
            ["sort", "show"],
            ["sort", "a\0b"],
            ["sort", "x" * 61],
            [f"word{chr(97 + place)}" for place in range(21)],
        ],
    )
    def test_what_is_refused_names_the_words(self, words):
        with pytest.raises(InvalidInput) as caught:
            save(*words)
        assert list(caught.value.errors) == ["words"]
        assert not SynonymGroup.objects.exists()

    def test_a_note_has_an_end(self):
        with pytest.raises(InvalidInput) as caught:
            save("sort", "order", note="x" * 301)
        assert list(caught.value.errors) == ["note"]

    def test_every_built_in_group_could_be_saved_as_it_is(self):
        assert [tuple(synonyms.check_words(words)) for words in SYNONYM_GROUPS] == list(SYNONYM_GROUPS)


class TestAdd:
    def test_extends_the_group_that_has_the_word(self):
        group = save("sort", "order", note="kept")
        assert synonyms.add_synonym(word="Sort", synonym="arrange", user_id=None) == group
        group.refresh_from_db()
        assert (group.words, group.note) == (["sort", "order", "arrange"], "kept")

    def test_makes_a_group_for_a_word_that_has_none(self):
        save("sort", "order", enabled=False)
        made = synonyms.add_synonym(word="sort", synonym="arrange", user_id=None)
        assert made.words == ["sort", "arrange"]

    def test_a_pair_that_is_there_stays(self):
        save("sort", "file")
        group = save("sort", "order")
        assert synonyms.add_synonym(word="order", synonym="sort", user_id=None) == group
        assert SynonymGroup.objects.count() == 2

    def test_a_full_group_gets_a_neighbour(self):
        save(*(f"word{chr(97 + place)}" for place in range(20)))
        assert synonyms.add_synonym(word="worda", synonym="sort", user_id=None).words == ["worda", "sort"]

    def test_what_is_no_word_is_refused(self):
        with pytest.raises(InvalidInput, match="words"):
            synonyms.add_synonym(word="sort", synonym="to", user_id=None)


@pytest.mark.usefixtures("by_words")
class TestSearch:
    def test_a_group_is_searched_with_at_once(self):
        assert names("arrange") == []
        group = save("arrange", "order")
        assert names("arrange") == ["order_rows"]
        synonyms.save_group(group=group, words=group.words, enabled=False, user_id=None)
        assert names("arrange") == []

    def test_an_emptied_table_expands_nothing(self):
        SynonymGroup.objects.bulk_create(SynonymGroup(words=list(words)) for words in SYNONYM_GROUPS)
        assert names("sort") == ["order_rows"]
        SynonymGroup.objects.all().delete()
        assert names("sort") == []
        assert live.live_index().synonyms == ()

    def test_a_removed_group_is_gone(self):
        kept, gone = save("sort", "arrange"), save("sort", "order")
        assert names("sort") == ["order_rows"]
        synonyms.remove_group(group=gone)
        assert names("sort") == []
        assert live.live_index().synonyms == (tuple(kept.words),)

    def test_an_answer_in_the_cache_does_not_outlive_the_synonyms(self):
        group = save("order", "sort")
        vector = np.ones(DIMENSIONS, dtype=np.float32)  # an answer that was made without the model is not kept
        with patch.object(tiers.inference, "embed_query", return_value=vector):
            before = searching.search_functions(query="order rows")
            assert searching.search_functions(query="order rows").tier == "cache"
            version = live.live_index().version
            synonyms.save_group(group=group, words=["order", "arrange"], user_id=None)
            assert searching.search_functions(query="order rows").tier == before.tier
        assert live.live_index().version != version

    def test_searches_look_for_new_synonyms_only_every_so_often(self, settings):
        names("warm")
        settings.INDEX_REFRESH_SECONDS = 60
        save("arrange", "order")
        assert names("arrange") == []
        settings.INDEX_REFRESH_SECONDS = 0
        assert names("arrange") == ["order_rows"]

    def test_number_of_queries(self, settings, django_assert_num_queries: DjangoAssertNumQueries):
        names("warm")
        with django_assert_num_queries(3):  # edits, marks of synonyms and libraries, the rows found
            names("order the rows")
        settings.INDEX_REFRESH_SECONDS = 60
        with django_assert_num_queries(1):
            names("order the rows of a table")

    def test_the_index_is_kept_when_only_synonyms_change(self):
        index, digest = live.live_index().get(), live.live_index().synonyms_digest
        save("arrange", "order")
        assert live.live_index().get() is index
        assert live.live_index().synonyms_digest != digest

    def test_a_note_changes_nothing_for_search(self):
        group = save("arrange", "order")
        version = live.live_index().version
        synonyms.save_group(group=group, words=group.words, note="because", user_id=None)
        assert live.live_index().version == version


def test_the_migration_fills_the_table():
    migration = importlib.import_module("apps.functions.migrations.0003_synonym_group")
    with connection.schema_editor() as editor:
        migration.fill(apps, editor)
    assert SynonymGroup.objects.enabled().as_groups() == SYNONYM_GROUPS
