"""Calls in the back office: who asked what of which model, what came of it and what it cost. Never their texts."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    DropdownFilter,
)
from unfold.decorators import display

from apps.core.admin_base import ReadOnlyAdmin
from apps.core.admin_filters import TimeFilter
from apps.inference.errors import InferenceError
from apps.inference.models import Alias, Call, ServedModel

OK, CANCELLED = "ok", "cancelled"
CACHE_LEVELS = ("exact", "semantic")
NO_CACHE = "none"
OUTCOME_COLOURS = {OK: "success", CANCELLED: "warning"}


class NameFilter(DropdownFilter):
    """Exactly one of the values offered."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        value = self.value()
        if not value:
            return queryset
        if "\0" in value:  # PostgreSQL compares nothing with it
            return queryset.none()
        return queryset.filter(**{str(self.parameter_name): self.stored(value)})

    def stored(self, value: str) -> str:
        return value


class ModelFilter(NameFilter):
    title = "model"
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return same(ServedModel.objects.order_by("name").values_list("name", flat=True))


class TargetFilter(NameFilter):
    title = "asked for"
    parameter_name = "target"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return same(Alias.objects.order_by("name").values_list("name", flat=True))


class OutcomeFilter(NameFilter):
    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return same([OK, CANCELLED, *sorted({error.code for error in all_errors(InferenceError)})])


class CacheFilter(NameFilter):
    title = "cache"
    parameter_name = "cache"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return same([*CACHE_LEVELS, NO_CACHE])

    def stored(self, value: str) -> str:
        return "" if value == NO_CACHE else value


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin):
    list_display = [
        "show_at", "target", "model", "show_outcome", "show_cache", "show_tokens", "show_cost", "show_ms",
        "show_caller",
    ]  # fmt: skip
    list_select_related = ["user", "key"]
    list_defer = ("attempts",)
    search_fields = ["=trace_id", "=user__email", "=provider"]
    search_help_text = "Exactly: a trace, an e-mail address, or a provider"
    ordering = ["-at"]
    fieldsets = [
        (
            None,
            {"fields": [("show_at", "show_caller"), ("operation", "target"), ("model", "provider"), "show_outcome"]},
        ),
        ("How it was answered", {"fields": [("tier", "show_cache"), ("show_ms", "show_first_ms"), "streamed"]}),
        ("What it cost", {"fields": [("show_tokens", "show_cost")]}),
        ("What was tried", {"fields": ["show_attempts", "trace_id"]}),
    ]
    readonly_fields = [
        "show_at", "show_caller", "operation", "target", "model", "provider", "show_outcome", "tier", "show_cache",
        "show_ms", "show_first_ms", "streamed", "show_tokens", "show_cost", "show_attempts", "trace_id",
    ]  # fmt: skip

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """By person only for those who may look people up."""
        person = [("user", AutocompleteSelectFilter)] if request.user.has_perm("users.view_user") else []
        operation, when = ("operation", ChoicesDropdownFilter), ("at", TimeFilter)
        return [ModelFilter, TargetFilter, OutcomeFilter, CacheFilter, operation, *person, when]

    @display(description="when", ordering="at")
    def show_at(self, call: Call) -> SafeString:
        moment = localtime(call.at)
        return format_html('<span class="ts-nowrap">{}</span>', moment.strftime("%Y-%m-%d %H:%M:%S"))

    @display(description="outcome", ordering="outcome", label={**OUTCOME_COLOURS})
    def show_outcome(self, call: Call) -> str:
        return call.outcome

    @display(description="cache", ordering="cache")
    def show_cache(self, call: Call) -> str:
        return call.cache or "-"

    @display(description="tokens in / out")
    def show_tokens(self, call: Call) -> str:
        about = "~" if call.tokens_estimated else ""
        return f"{about}{call.prompt_tokens:,} / {about}{call.completion_tokens:,}"

    @display(description="cost", ordering="cost")
    def show_cost(self, call: Call) -> str:
        return f"${call.cost:.6f}" if call.cost else "free"

    @display(description="ms", ordering="ms")
    def show_ms(self, call: Call) -> str:
        return f"{call.ms:,.0f}"

    @display(description="ms until its first part")
    def show_first_ms(self, call: Call) -> str:
        return f"{call.first_ms:,.0f}" if call.first_ms is not None else "-"

    @display(description="who")
    def show_caller(self, call: Call) -> str:
        person = str(call.user) if call.user else "the product itself"
        return f"{person}, by the key {call.key.name}" if call.key else person

    @display(description="attempts")
    def show_attempts(self, call: Call) -> SafeString:
        rows = [row for row in call.attempts if isinstance(row, dict)] if isinstance(call.attempts, list) else []
        return render_to_string("admin/inference/attempts.html", {"attempts": rows})


def same(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, name) for name in names]


def all_errors(error: type[InferenceError]) -> list[type[InferenceError]]:
    return [error, *(one for below in error.__subclasses__() for one in all_errors(below))]
