"""Filters of the back office's list of functions."""

from abc import abstractmethod
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from apps.functions.models import Function, FunctionQuerySet
from apps.functions.rendering import name_language
from apps.inference.services import model_digest

YES, NO = "yes", "no"


class LanguageFilter(DropdownFilter):
    """The languages that there are functions of."""

    title = "language"
    parameter_name = "language"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        present = Function.objects.order_by("language").values_list("language", flat=True).distinct()
        return [(language, name_language(language)) for language in present]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Function]) -> QuerySet[Function]:
        return queryset.filter(language=self.value()) if self.value() else queryset


class YesNoFilter(DropdownFilter):
    """Two choices: the functions that have something, and those that lack it."""

    labels: tuple[str, str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(YES, self.labels[0]), (NO, self.labels[1])]

    def queryset(self, request: HttpRequest, queryset: FunctionQuerySet) -> FunctionQuerySet:
        if self.value() == YES:
            return self.having(queryset)
        return self.lacking(queryset) if self.value() == NO else queryset

    @abstractmethod
    def having(self, functions: FunctionQuerySet) -> FunctionQuerySet: ...

    @abstractmethod
    def lacking(self, functions: FunctionQuerySet) -> FunctionQuerySet: ...


class KeywordsFilter(YesNoFilter):
    title = "keywords"
    parameter_name = "keywords"
    labels = ("With keywords", "Without keywords")

    def having(self, functions: FunctionQuerySet) -> FunctionQuerySet:
        return functions.exclude(keywords=[])

    def lacking(self, functions: FunctionQuerySet) -> FunctionQuerySet:
        return functions.filter(keywords=[])


class DescriptionFilter(YesNoFilter):
    title = "description"
    parameter_name = "description"
    labels = ("With a description", "Without a description")

    def having(self, functions: FunctionQuerySet) -> FunctionQuerySet:
        return functions.exclude(description="")

    def lacking(self, functions: FunctionQuerySet) -> FunctionQuerySet:
        return functions.filter(description="")


class EmbeddedFilter(YesNoFilter):
    """Whether search knows the meaning of a function, or only its words yet. Retired ones need no vector."""

    title = "meaning"
    parameter_name = "embedded"
    labels = ("Embedded", "Not embedded")

    def having(self, functions: FunctionQuerySet) -> FunctionQuerySet:
        return functions.filter(embeddings__model_digest=model_digest())

    def lacking(self, functions: FunctionQuerySet) -> FunctionQuerySet:
        return functions.without_embedding(model_digest())
