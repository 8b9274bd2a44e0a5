import pytest

from apps.core.errors import InvalidInput
from apps.core.targets.types import CaseRecord
from apps.functions.models import FunctionState
from apps.functions.services.generating import MAX_COUNT, generate_cases
from tests.functions.factories import FunctionFactory, LibraryFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def catalogue():
    library = LibraryFactory(name="textkit")
    for name, description, state in (
        ("wrap_text", "Wrap a long text into lines.", FunctionState.PUBLISHED),
        ("parse_date", "Parse a date from a string.", FunctionState.PUBLISHED),
        ("old_parse_date", "Parse a date from a string.", FunctionState.RETIRED),
        ("new_parse_date", "Parse a date from a string.", FunctionState.DRAFT),
    ):
        FunctionFactory(library=library, name=name, description=description, state=state, keywords=[], revisions=0)


def test_cases_are_made_of_what_is_published(catalogue, django_assert_num_queries):
    with django_assert_num_queries(1):
        cases = list(generate_cases(count=20, seed=1))
    assert len(cases) == 20
    assert all(isinstance(case, CaseRecord) for case in cases)
    assert {case.group for case in cases} == {"textkit/wrap_text", "textkit/parse_date"}
    assert {key for case in cases for key in case.expected} == {"textkit/wrap_text", "textkit/parse_date"}
    assert all(case.made_by in case.tags and "python" in case.tags and case.query for case in cases)


def test_a_seed_makes_the_same_cases(catalogue):
    assert list(generate_cases(count=20, seed=1)) == list(generate_cases(count=20, seed=1))


def test_what_there_is_comes_when_more_is_asked_for(catalogue):
    assert 20 < len(list(generate_cases(count=5_000, seed=1))) < 500


@pytest.mark.parametrize("count", [0, -1, MAX_COUNT + 1])
def test_a_count_out_of_bounds_is_refused(catalogue, count):
    with pytest.raises(InvalidInput) as refused:
        generate_cases(count=count, seed=1)
    assert set(refused.value.errors) == {"count"}


def test_an_empty_catalogue_is_refused_with_what_to_do():
    with pytest.raises(InvalidInput, match="import_functions"):
        generate_cases(count=10, seed=1)
