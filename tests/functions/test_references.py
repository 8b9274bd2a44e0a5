"""What cases call functions."""

import pytest

from apps.functions.models import Function
from apps.functions.references import find_languages, find_referred, refer_to
from tests.functions.factories import FunctionFactory, LibraryFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_the_languages_are_those_of_the_functions_referred_to() -> None:
    twins: list[Function] = [
        FunctionFactory.create(name=name, external_id="twin", language=language, library=LibraryFactory(name=library))
        for name, language, library in (("b", "go", "x"), ("a", "rust", "y/z"))
    ]
    references = ["twin", *[refer_to(twin) for twin in twins], "z/twin", "nobody"]
    languages = find_languages(references)
    assert languages == {"twin": "rust", "x/twin": "go", "y/z/twin": "rust"}
    assert languages == {name: found[0].language for name, found in find_referred(references).items()}
    assert find_languages([]) == find_referred([]) == {}
