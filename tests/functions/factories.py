"""Functions for tests: as an import would have left them, each with its first revision."""

from typing import Any

import factory

from apps.functions.models import Function, FunctionState, Library, Origin, Revision


class LibraryFactory(factory.django.DjangoModelFactory[Library]):
    class Meta:
        model = Library
        django_get_or_create = ("name",)

    name = factory.Sequence(lambda number: f"library-{number}")


class FunctionFactory(factory.django.DjangoModelFactory[Function]):
    """`FunctionFactory(revisions=0)` for one without history."""

    class Meta:
        model = Function
        skip_postgeneration_save = True

    library = factory.SubFactory(LibraryFactory)
    name = factory.Sequence(lambda number: f"count_lines_{number}")
    qualified_name = factory.LazyAttribute(lambda function: function.name)
    external_id = factory.LazyAttribute(lambda function: function.name)
    language = "python"
    description = "Count the lines of a file."
    code = "def count_lines(path):\n    return len(open(path).readlines())"
    signature = "def count_lines(path)"
    keywords = factory.LazyFunction(lambda: ["file", "lines"])
    state = FunctionState.PUBLISHED

    @factory.post_generation
    def revisions(self, create: bool, wanted: int | None, **options: Any) -> None:
        last = 1 if wanted is None else wanted
        for number in range(1, last + 1 if create else 1):
            RevisionFactory(function=self, number=number)


class RevisionFactory(factory.django.DjangoModelFactory[Revision]):
    """A revision that says what the function is now, unless `data` is given."""

    class Meta:
        model = Revision

    function = factory.SubFactory(FunctionFactory, revisions=0)
    number = 1
    data = factory.LazyAttribute(lambda revision: revision.function.as_data())
    origin = Origin.IMPORT
