"""Providers in the back office: their addresses and keys, how they are, and which models they have."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from apps.core.admin_base import CuratedChangeList
from apps.core.errors import InvalidInput
from apps.inference import curating
from apps.inference.admin_base import TryingAdmin, link_list, require
from apps.inference.admin_forms import FoundFormSet, ProviderForm, TryForm, TryProviderForm, show_found
from apps.inference.breaker.states import reset_breaker
from apps.inference.errors import InferenceError
from apps.inference.listing import add_models, find_new_models
from apps.inference.models import Provider, ProviderKind, ServedModel
from apps.inference.standing import find_health, read_breakers
from apps.inference.trying import Tried, try_target

BREAKER_COLOURS = {"closed": "success", "open": "danger", "half_open": "warning"}


class ServedModelInline(TabularInline):
    """Its models, each with a page of its own."""

    model = ServedModel
    fields = readonly_fields = ["name", "remote_name", "operation", "tier", "price_in", "price_out", "is_active"]
    extra = max_num = 0
    can_delete = False
    show_change_link = True
    per_page = 20
    hide_title = True
    tab = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ProviderList(CuratedChangeList):
    """Each row knows its breaker; all are asked for at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        breakers = read_breakers()
        for provider in self.result_list:
            provider.breaker = breakers.get(provider.name)


@admin.register(Provider)
class ProviderAdmin(TryingAdmin):
    form = ProviderForm
    list_display = ["name", "show_kind", "base_url", "show_models", "show_breaker", "show_key", "is_active"]
    list_filter = [("kind", ChoicesDropdownFilter), "is_active"]
    search_fields = ["name", "base_url"]
    search_help_text = "Name or address"
    ordering = ["name"]
    inlines = [ServedModelInline]
    readonly_fields = ["show_key", "created_at", "updated_at"]
    add_fieldsets = [
        (None, {"fields": [("name", "kind"), "base_url", "management_url", "is_active"]}),
        ("Key", {"fields": ["key"]}),
        (
            "Limits",
            {
                "fields": [("connect_timeout", "timeout"), ("max_connections", "kept_connections")],
                "description": "Time-outs are in seconds. A call that has less time left gets that.",
            },
        ),
    ]
    fieldsets = [
        add_fieldsets[0],
        ("Key", {"fields": ["show_key", "key", "remove_key"]}),
        add_fieldsets[2],
        ("Record", {"fields": [("created_at", "updated_at")]}),
    ]

    def get_urls(self) -> list[URLPattern]:
        return [
            self.page("<int:pk>/fetch/", self.fetch_view, "fetch"),
            self.page("<int:pk>/reset/", self.reset_view, "reset"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Provider]:
        rows: QuerySet[Provider] = super().get_queryset(request)
        return rows.annotate(models_count=Count("models"))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ProviderList]:
        return ProviderList

    def get_fieldsets(self, request: HttpRequest, obj: Provider | None = None) -> Any:
        return self.fieldsets if obj else self.add_fieldsets

    def get_inlines(self, request: HttpRequest, obj: Provider | None) -> list[Any]:
        return self.inlines if obj else []

    def save_model(self, request: HttpRequest, obj: Provider, form: ProviderForm, change: bool) -> None:
        curating.save_provider(provider=obj, key=form.new_key())

    def build_panel(self, request: HttpRequest, row: Provider) -> dict[str, Any]:
        panel = super().build_panel(request, row)
        breaker = read_breakers().get(row.name)
        may_fetch = row.needs_address and request.user.has_perm("inference.add_servedmodel")
        may_reset = breaker is not None and request.user.has_perm("inference.reset_breaker")
        return {
            **panel,
            "breaker": breaker,
            "fetch_address": self.address_of(row, "fetch") if may_fetch else "",
            "reset_address": self.address_of(row, "reset") if may_reset else "",
        }

    def make_try_form(self, row: Provider, data: Any) -> TryForm:
        return TryProviderForm(data, provider=row)

    def ask(self, row: Provider, form: TryForm, user_id: int | None) -> Tried:
        asked = form.cleaned_data
        return try_target(target=asked["model"].name, question=asked["question"], user_id=user_id)

    def more_of_try(self, request: HttpRequest, row: Provider) -> dict[str, Any]:
        return {"breaker": read_breakers().get(row.name), "health": find_health(row)}

    def fetch_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        require(request.method == "POST" and request.user.has_perm("inference.add_servedmodel"))
        row = self.find(request, pk)
        context: dict[str, Any] = {"row": row, "back": self.back_to(row)}
        if "form-TOTAL_FORMS" in request.POST:
            context["formset"] = FoundFormSet(request.POST)
            if self._add_found(request, row, context["formset"]):
                return HttpResponseRedirect(self.back_to(row))
        else:
            try:
                context["formset"] = show_found(find_new_models(row))
            except InferenceError as error:
                context["error"] = error
        return self.render_page(request, "admin/inference/fetch.html", f"Models of {row}", **context)

    def _add_found(self, request: HttpRequest, row: Provider, formset: Any) -> bool:
        if not formset.is_valid():
            return False
        wanted = [form.wanted() for form in formset.chosen()]
        try:
            added = add_models(provider=row, wanted=wanted)
        except InvalidInput as error:
            formset.add_input_errors(error)
            return False
        names = ", ".join(model.name for model in added)
        self.message_user(request, f"Added {names}." if added else "None was chosen.", messages.SUCCESS)
        return True

    def reset_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        require(request.method == "POST" and request.user.has_perm("inference.reset_breaker"))
        row = self.find(request, pk)
        reset_breaker(row.name, by=request.user)
        self.message_user(request, f"The breaker of {row} is closed: the next call tries it again.", messages.SUCCESS)
        return HttpResponseRedirect(self.back_to(row))

    @display(description="kind", ordering="kind")
    def show_kind(self, provider: Provider) -> str:
        return ProviderKind(provider.kind).label

    @display(description="models", ordering="models_count")
    def show_models(self, provider: Any) -> SafeString:
        return link_list("servedmodel", f"{provider.models_count:,}", provider__id__exact=provider.pk)

    @display(description="breaker", label=BREAKER_COLOURS)
    def show_breaker(self, provider: Any) -> str:
        return provider.breaker.state if provider.breaker else "closed"

    @display(description="key")
    def show_key(self, provider: Provider) -> SafeString:
        return format_html('<span class="ts-nowrap">{}</span>', curating.describe_key(provider))
