"""Models and aliases in the back office: what can be asked, at what price, and in which order."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db import transaction
from django.db.models import ForeignKey, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.decorators import display

from apps.inference import curating
from apps.inference.admin_base import TIER_COLOURS, TryingAdmin, link_list
from apps.inference.admin_forms import AliasModelForm, AliasModelFormSet
from apps.inference.models import Alias, AliasModel, ServedModel


@admin.register(ServedModel)
class ServedModelAdmin(TryingAdmin):
    list_display = [
        "name", "provider", "operation", "show_tier", "context_tokens", "show_prices", "show_aliases", "is_active",
    ]  # fmt: skip
    list_filter = [
        ("provider", AutocompleteSelectFilter),
        ("operation", ChoicesDropdownFilter),
        ("tier", ChoicesDropdownFilter),
        "is_active",
    ]
    list_select_related = ["provider"]
    search_fields = ["name", "remote_name", "provider__name"]
    search_help_text = "Name, there or here, or provider"
    ordering = ["name"]
    autocomplete_fields = ["provider"]
    readonly_fields = ["show_aliases", "created_at", "updated_at"]
    add_fieldsets = [
        (None, {"fields": ["provider", ("name", "remote_name"), ("operation", "tier"), "is_active"]}),
        (
            "Price",
            {
                "fields": [("price_in", "price_out")],
                "description": "US dollars for a million tokens. At 0 it counts as free, and no budget stops it.",
            },
        ),
        ("What it can do", {"fields": [("can_stream", "can_use_tools", "can_keep_schema")]}),
        (
            "Limits",
            {
                "fields": [
                    ("context_tokens", "max_output_tokens"), ("max_input_characters", "too_long"), "batch_size",
                ]
            },
        ),
    ]  # fmt: skip
    fieldsets = [*add_fieldsets, ("Record", {"fields": ["show_aliases", ("created_at", "updated_at")]})]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ServedModel]:
        rows: QuerySet[ServedModel] = super().get_queryset(request)
        return rows.prefetch_related("entries__alias")

    def get_fieldsets(self, request: HttpRequest, obj: ServedModel | None = None) -> Any:
        return self.fieldsets if obj else self.add_fieldsets

    def save_model(self, request: HttpRequest, obj: ServedModel, form: Any, change: bool) -> None:
        curating.save_model(model=obj)

    def build_panel(self, request: HttpRequest, row: ServedModel) -> dict[str, Any]:
        return {**super().build_panel(request, row), "calls_address": calls_address(request, model=row.name)}

    @display(description="tier", ordering="tier", label=TIER_COLOURS)
    def show_tier(self, model: ServedModel) -> str:
        return model.tier

    @display(description="price in / out", ordering="price_in")
    def show_prices(self, model: ServedModel) -> str:
        if not (model.price_in or model.price_out):
            return "free"
        return f"${model.price_in.normalize():f} / ${model.price_out.normalize():f}"

    @display(description="aliases")
    def show_aliases(self, model: ServedModel) -> SafeString | str:
        names = sorted(entry.alias.name for entry in model.entries.all())
        return format_html_join(", ", "{}", ((link_list("alias", name, q=name),) for name in names)) or "-"


class AliasModelInline(TabularInline):
    """Tried from the top."""

    model = AliasModel
    form = AliasModelForm
    formset = AliasModelFormSet
    fields = ["model", "position"]
    ordering_field = "position"
    extra = 1
    max_num = curating.MAX_MODELS
    hide_title = True
    verbose_name_plural = "models, in the order in which they are tried"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Its places are the alias's own: who may see or change it, may them."""
        return bool(request.user.has_perm("inference.view_alias"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("inference.change_alias"))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "model":
            kwargs["queryset"] = ServedModel.objects.order_by("operation", "name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Alias)
class AliasAdmin(TryingAdmin):
    list_display = ["name", "show_models", "cache", "description", "is_active", "updated_at"]
    list_filter = [("cache", ChoicesDropdownFilter), "is_active"]
    search_fields = ["name", "description", "entries__model__name"]
    search_help_text = "Name, description or model"
    ordering = ["name"]
    inlines = [AliasModelInline]
    fieldsets = [
        (None, {"fields": ["name", "description", "is_active"]}),
        ("Answers given again", {"fields": [("cache", "cache_seconds"), "cache_public", "cache_threshold"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alias]:
        rows: QuerySet[Alias] = super().get_queryset(request)
        return rows.prefetch_related("entries__model")

    def save_model(self, request: HttpRequest, obj: Alias, form: Any, change: bool) -> None:
        curating.save_alias(alias=obj)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        with transaction.atomic():
            formset.save(commit=False)  # what the history says of it
            curating.put_models(form.instance, formset.chosen())

    def build_panel(self, request: HttpRequest, row: Alias) -> dict[str, Any]:
        return {**super().build_panel(request, row), "calls_address": calls_address(request, target=row.name)}

    @display(description="models, in order")
    def show_models(self, alias: Alias) -> str:
        return ", ".join(entry.model.name for entry in alias.entries.all()) or "none"


def calls_address(request: HttpRequest, **filters: str) -> str:
    """The calls of a model or an alias, for who may see them."""
    if not request.user.has_perm("inference.view_call"):
        return ""
    return f"{reverse('admin:inference_call_changelist')}?{urlencode(filters)}"
