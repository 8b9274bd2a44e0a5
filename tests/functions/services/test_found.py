"""Rows of what was found, in one query."""

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.functions.models import Function
from apps.functions.services.found import LEFT_OUT, read_found
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
        assert read_found([]) == {}
