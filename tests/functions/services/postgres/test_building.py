import pytest

from apps.core.health import Unhealthy
from apps.functions.evaluation.target import SearchTarget
from apps.functions.health import check_index
from apps.functions.models import Function, FunctionEmbedding, SearchEntry, SearchFeatures, SearchStatistics
from apps.functions.services import indexing
from apps.functions.services.postgres import building
from tests.functions.services.postgres.conftest import TEXTS, build, make, names, search

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("own_index"),
]


def test_fills_what_was_there_before_and_can_be_done_again(functions):
    assert not SearchEntry.objects.exists()
    first = build()
    assert (first["documents"], first["with_vectors"], first["entries_added"]) == (len(TEXTS), len(TEXTS), len(TEXTS))
    assert build()["entries_added"] == 0
    assert not SearchFeatures.objects.filter(crowding=None).exists()


def test_without_the_setting_nothing_is_kept(functions, settings):
    settings.SEARCH_BACKEND = "files"
    make("yodel", "Yodel loudly from a mountain.")
    assert not building.triggers_enabled()
    assert not SearchEntry.objects.exists()


def test_the_state_says_what_waits(functions):
    assert indexing.index_state().generation == ""
    build()
    state = indexing.index_state()
    assert (state.documents, state.with_vectors, state.published) == (len(TEXTS),) * 3
    assert state.is_current
    make("yodel", "Yodel loudly from a mountain.")
    assert indexing.index_state().changes_waiting == 1


def test_health_and_pinned_state_follow_the_setting(functions):
    with pytest.raises(Unhealthy):
        check_index()
    assert SearchTarget().pin_state()["index"] == "none"
    build()
    assert check_index() == f"{len(TEXTS)} functions in PostgreSQL"
    assert SearchTarget().pin_state()["index"].startswith("postgres 20")


def test_a_vector_that_came_after_an_edit_is_taken_away(functions):
    build()
    function = functions["send_mail"]
    late = FunctionEmbedding.objects.get(function=function)
    Function.objects.filter(pk=function.pk).update(description="Bake bread.")
    late.save()
    assert SearchEntry.objects.get(pk=function.pk).vector is not None
    build()
    assert SearchEntry.objects.get(pk=function.pk).vector is None


def test_the_vectors_of_the_present_model_count(functions):
    build()
    for row in FunctionEmbedding.objects.all():
        row.pk, row.model_digest, row.vector = None, "another model", [-value for value in row.vector]
        row.save()
    assert SearchEntry.objects.filter(model_digest="another model").count() == len(TEXTS)
    assert build()["with_vectors"] == len(TEXTS)
    assert names(search("load spreadsheet rows from disk"))[0] == "read_csv"


def test_words_are_counted_by_a_sample_in_a_large_catalogue(functions, monkeypatch):
    monkeypatch.setattr(building, "COUNTED", 3)
    monkeypatch.setattr(building, "TELLING", 1)
    build()
    known = SearchStatistics.objects.get()
    assert known.documents == len(TEXTS)
    assert set(known.frequencies.values()) <= {2, 4, 6}
