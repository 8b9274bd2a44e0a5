"""Rows of what was found, in one query."""

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.functions.models import Function, FunctionState
from apps.functions.services.found import LEFT_OUT, read_found, read_shown
from apps.functions.services.searching import SearchResult
from tests.functions.factories import FunctionFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_they_are_as_the_models_read_them(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    keys = [FunctionFactory(name=name, popularity=0.5).pk for name in ("one", "two")]
    with django_assert_num_queries(1):
        found = read_found([*keys, 0])
        libraries = [function.library.name for function in found.values()]
    assert sorted(found) == keys
    for function in Function.objects.with_library().filter(pk__in=keys):
        same = found[function.pk]
        assert same == function
        for field in Function._meta.concrete_fields:
            assert getattr(same, field.attname) == getattr(function, field.attname)
        assert (same.library, same.library.name in libraries) == (function.library, True)


def test_long_texts_are_read_when_they_are_asked_for(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    function = FunctionFactory(code="return 1")
    found = read_found([function.pk])[function.pk]
    assert found.get_deferred_fields() == set(LEFT_OUT)
    with django_assert_num_queries(1):
        assert found.code == "return 1"


def test_no_keys_are_no_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert (read_found([]), read_shown([])) == ({}, {})


def test_what_a_program_is_told_is_as_results_say_it(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    texts = ("größe", "文件 \u2028 <b>\n\t\\", "")
    keys = [FunctionFactory(signature=text, description=text, qualified_name=text).pk for text in texts]
    with django_assert_num_queries(1):
        shown = read_shown([*keys, 0])
    assert sorted(shown) == keys
    for key, found in read_found(keys).items():
        told = SearchResult(found, 0.5, [], "").as_dict()
        assert shown[key] | {"score": 0.5, "matched": [], "why": ""} == told
        assert [*shown[key], "score", "matched", "why"] == list(told)


def test_what_may_not_be_shown_is_not_told_of() -> None:
    keys = [FunctionFactory(state=state).pk for state in FunctionState]
    assert list(read_shown(keys)) == list(Function.objects.published().values_list("pk", flat=True))
