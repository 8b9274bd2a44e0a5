import pytest

from apps.functions import overview
from apps.functions.models import Function, FunctionState
from tests.functions.factories import FunctionFactory, LibraryFactory

pytestmark = pytest.mark.usefixtures("fresh_overview")


def example(description: str, *, popularity: float = 0, language: str = "python", library: int = 1) -> Function:
    return Function(library_id=library, language=language, description=description, popularity=popularity)


@pytest.mark.unit
class TestExamples:
    @pytest.mark.parametrize(
        ("description", "query"),
        [
            ("Return the size of a file.", "return the size of a file"),
            ("Return the size of a file.\n\nRaises OSError.", "return the size of a file"),
            ("HTTP date of a timestamp", "HTTP date of a timestamp"),
            ("Too short this.", ""),
            ("Return the value of self.", ""),
            ("See <b>there</b> for the rest.", ""),
            ("One two three four five six seven eight nine ten.", ""),
            ("", ""),
        ],
    )
    def test_phrase(self, description, query):
        assert overview.phrase_query(example(description)) == query

    def test_popular_ones_first_but_each_library_language_and_verb_before_a_second_of_any(self):
        functions = [
            example("Read a file whole.", popularity=1),
            example("Sort a long list.", popularity=9),
            example("Sort a short list.", popularity=8),
            example("Copy a small number.", language="go", popularity=0.5),
            example("Parse a date string.", library=2),
        ]
        found = overview.pick_examples(functions)
        assert found[:3] == ["sort a long list", "copy a small number", "parse a date string"]
        assert found[3:] == ["read a file whole", "sort a short list"]

    def test_what_sounds_like_a_query_comes_first(self):
        functions = [example("Endings translated so far.", popularity=9), example("Read the whole file.")]
        assert overview.pick_examples(functions) == ["read the whole file", "endings translated so far"]

    def test_private_functions_are_nobodys_query(self):
        hidden = example("Read the whole file.")
        hidden.name = "_read"
        assert overview.phrase_query(hidden) == ""

    def test_no_more_than_fit_and_none_twice(self):
        functions = [example(f"Read the file {letter}.") for letter in "abcdefghij"]
        assert len(overview.pick_examples(functions)) == overview.EXAMPLES
        assert overview.pick_examples(functions[:1] * 3) == ["read the file a"]


@pytest.mark.integration
@pytest.mark.django_db
class TestReads:
    def test_counts_what_is_published(self):
        big, small = LibraryFactory(name="big"), LibraryFactory(name="small")
        FunctionFactory.create_batch(3, library=big)
        FunctionFactory(library=small, language="go")
        FunctionFactory(library=small, state=FunctionState.RETIRED)
        found = overview.read_overview()
        assert found.total == 4
        assert found.languages == [("python", 3), ("go", 1)]
        assert found.libraries == [("big", 3), ("small", 1)]

    def test_is_cached(self, django_assert_num_queries):
        overview.read_overview()
        with django_assert_num_queries(0):
            overview.read_overview()

    def test_examples_come_from_the_catalogue(self, django_assert_num_queries):
        assert overview.read_examples() == []
        FunctionFactory(state=FunctionState.DRAFT, description="Never to be found.")
        FunctionFactory.create_batch(3, description="Count the words of a text.")
        with django_assert_num_queries(2):
            assert overview.read_examples() == ["count the words of a text"]

    def test_progress_of_the_index(self, settings, tmp_path):
        settings.INDEX_DIR, settings.MODELS_DIR = tmp_path, tmp_path
        FunctionFactory.create_batch(2)
        progress = overview.read_index_progress()
        assert (progress.published, progress.embedded) == (2, 0)
        assert not progress.is_built
        assert not progress.has_model
        assert not progress.is_complete


@pytest.mark.unit
def test_the_index_is_complete_when_all_is_embedded():
    assert overview.IndexProgress(is_built=True, has_model=True, published=3, embedded=3).is_complete
    assert not overview.IndexProgress(is_built=True, has_model=True, published=3, embedded=2).is_complete
    assert not overview.IndexProgress(is_built=False, has_model=True, published=3, embedded=3).is_complete
