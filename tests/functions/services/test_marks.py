"""Marks stay as they are until something changes that search answers from."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from apps.functions.models import Function, FunctionState, Library, SynonymGroup
from apps.functions.services.live import LiveIndexHolder
from apps.functions.services.marks import read_edits, read_marks
from tests.functions.factories import FunctionFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def group() -> SynonymGroup:
    FunctionFactory(library__name="texts")
    return SynonymGroup.objects.create(words=["zebra", "striped horse"])


CHANGES: list[Callable[[], object]] = [
    lambda: SynonymGroup.objects.filter(words__contains=["zebra"]).update(words=["zebra", "horse"]),
    lambda: SynonymGroup.objects.filter(words__contains=["zebra"]).update(enabled=False),
    lambda: SynonymGroup.objects.create(words=["pony", "foal"]),
    lambda: SynonymGroup.objects.all().delete(),
    lambda: Library.objects.create(name="other"),
    lambda: Library.objects.filter(name="texts").update(name="prose"),
    lambda: Function.objects.all().delete(),
]


@pytest.mark.parametrize("change", CHANGES)
def test_synonyms_and_libraries_change_them(change: Callable[[], object]) -> None:
    before = read_marks()
    assert read_marks() == before
    change()
    assert read_marks() != before


def test_a_group_that_is_not_enabled_does_not() -> None:
    off = SynonymGroup.objects.create(words=["pony", "foal"], enabled=False)
    before = read_marks()
    off.words = ["pony", "colt"]
    off.save()
    assert read_marks() == before


def test_edits_are_those_since_the_watermark() -> None:
    function = FunctionFactory()
    function.refresh_from_db()
    newest = function.change_xid
    assert [read_edits(newest + 1)[0], read_edits(newest)[1]] == [b"0", str(newest).encode()]
    before = read_edits(0)
    FunctionFactory()
    assert read_edits(0) != before


@pytest.mark.django_db(transaction=True)
def test_an_edit_changes_what_there_is_since() -> None:
    function = FunctionFactory()
    before = read_edits(0)
    Function.objects.filter(pk=function.pk).update(state=FunctionState.RETIRED)
    assert read_edits(0) != before


def test_a_look_that_finds_nothing_new_is_two_questions(
    settings: Settings, tmp_path: Path, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.INDEX_DIR, settings.INDEX_REFRESH_SECONDS = tmp_path, 0
    holder = LiveIndexHolder()
    loaded = holder.load()
    with django_assert_num_queries(2):
        assert holder.load() is loaded
    Library.objects.create(name="other")
    assert holder.load().libraries == {"texts", "other"}
