"""The languages that cases refer to, read once for as long as the catalogue stays as it is."""

from pathlib import Path

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from apps.core.jobs.services import run_inline
from apps.functions.evaluation.known_languages import KnownLanguages
from apps.functions.models import Function
from apps.functions.references import refer_to
from apps.functions.services import indexing, live
from tests.functions.factories import FunctionFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def index(settings: Settings, tmp_path: Path) -> None:
    settings.INDEX_DIR = tmp_path / "index"
    settings.INDEX_REFRESH_SECONDS = 60
    live.live_index.cache_clear()
    run_inline(kind=indexing.KIND, params={})


def test_the_same_are_asked_for_once(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    references = [refer_to(FunctionFactory.create(language=language)) for language in ("go", "rust")]
    known = KnownLanguages()
    assert known.find([references[0]]) == {references[0]: "go"}
    assert known.find([*references, "nobody"]) == dict(zip(references, ("go", "rust"), strict=True))
    with django_assert_num_queries(0):
        assert known.find(references) == dict(zip(references, ("go", "rust"), strict=True))


def test_a_changed_catalogue_is_read_again(settings: Settings) -> None:
    function = FunctionFactory.create(language="go")
    known = KnownLanguages()
    assert known.find([refer_to(function)]) == {refer_to(function): "go"}
    Function.objects.filter(pk=function.pk).update(language="rust")
    settings.INDEX_REFRESH_SECONDS = 0
    assert known.find([refer_to(function)]) == {refer_to(function): "rust"}
