"""What a program is told of functions: what results say of them, read once for each version of the catalogue."""

import json
from itertools import count
from types import SimpleNamespace

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.functions.models import Function, FunctionState
from apps.functions.services import shown
from apps.functions.services.found import read_found
from apps.functions.services.searching import SearchResult
from apps.functions.services.shown import ShownFunctions, read_shown
from tests.functions.factories import FunctionFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def functions() -> ShownFunctions:
    return ShownFunctions()


def names(found: dict[int, bytes]) -> list[str]:
    return [json.loads(body)["name"] for body in found.values()]


def test_it_is_as_results_say_it(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    texts = ("größe", "文件 \u2028 <b>\n\t\\", "")
    keys = [FunctionFactory(signature=text, description=text, qualified_name=text).pk for text in texts]
    with django_assert_num_queries(1):
        found = {key: json.loads(body) for key, body in read_shown([*keys, 0]).items()}
    assert sorted(found) == keys
    for key, function in read_found(keys).items():
        told = SearchResult(function, 0.5, [], "").as_dict()
        assert found[key] | {"score": 0.5, "matched": [], "why": ""} == told
        assert [*found[key], "score", "matched", "why"] == list(told)


def test_no_keys_are_no_query(functions: ShownFunctions, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert functions.read([], "one") == {}


def test_what_may_not_be_shown_is_not_told_of(functions: ShownFunctions) -> None:
    keys = [FunctionFactory(state=state).pk for state in FunctionState]
    for _ in range(2):  # read, then kept
        assert list(functions.read(keys, "one")) == list(Function.objects.published().values_list("pk", flat=True))


class TestKept:
    def test_of_one_version_each_is_read_once(
        self, functions: ShownFunctions, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        one, two, gone = FunctionFactory(name="one").pk, FunctionFactory(name="two").pk, 0
        functions.read([one, gone], "first")
        with django_assert_num_queries(1):
            assert names(functions.read([two, one], "first")) == ["two", "one"]
        with django_assert_num_queries(0):
            assert names(functions.read([one, gone, two], "first")) == ["one", "two"]

    def test_another_version_is_read_anew(self, functions: ShownFunctions) -> None:
        key = FunctionFactory(name="one").pk
        functions.read([key], "first")
        Function.objects.update(name="other")
        assert names(functions.read([key], "first")) == ["one"]
        assert names(functions.read([key], "second")) == ["other"]

    def test_no_more_than_the_most(self, functions: ShownFunctions, monkeypatch: pytest.MonkeyPatch,
                                   django_assert_num_queries: DjangoAssertNumQueries) -> None:  # fmt: skip
        monkeypatch.setattr(shown, "MOST_KEPT", 1)
        keys = [FunctionFactory(name=name).pk for name in ("one", "two")]
        for key in keys:
            functions.read([key], "first")
        with django_assert_num_queries(1):
            assert names(functions.read(keys, "first")) == ["one", "two"]


class TestReadingAhead:
    @pytest.fixture
    def settled(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shown, "time", SimpleNamespace(monotonic=count(step=shown.SETTLED_SECONDS).__next__))

    @pytest.mark.usefixtures("settled")
    def test_goes_on_until_all_are_kept(
        self,
        functions: ShownFunctions,
        monkeypatch: pytest.MonkeyPatch,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        monkeypatch.setattr(shown, "AHEAD", 2)
        keys = [FunctionFactory(name=name).pk for name in ("one", "two", "three")]
        functions.read([], "first")
        with django_assert_num_queries(3):  # and a count
            for _ in range(4):
                functions.read_ahead()
            assert names(functions.read(keys, "first")) == ["one", "two", "three"]

    @pytest.mark.usefixtures("settled")
    def test_a_large_catalogue_is_left_where_it_is(
        self,
        functions: ShownFunctions,
        monkeypatch: pytest.MonkeyPatch,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        monkeypatch.setattr(shown, "MOST_KEPT", 1)
        FunctionFactory.create_batch(2)
        functions.read([], "first")
        with django_assert_num_queries(1):
            for _ in range(2):
                functions.read_ahead()

    def test_waits_for_changes_to_end(
        self, functions: ShownFunctions, monkeypatch: pytest.MonkeyPatch,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:  # fmt: skip
        monkeypatch.setattr(shown, "time", SimpleNamespace(monotonic=lambda: 100.0))
        functions.read([], "first")
        with django_assert_num_queries(0):
            functions.read_ahead()
