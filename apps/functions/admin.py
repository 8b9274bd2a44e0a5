"""The catalogue in the back office. Every change goes through the services, so that a revision says who made it."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.decorators import display

from apps.core.admin_base import CuratedAdmin
from apps.core.audit import record
from apps.core.dashboard import Figure, Panel, register_panel
from apps.core.errors import InvalidInput
from apps.functions.admin_filters import DescriptionFilter, EmbeddedFilter, KeywordsFilter, LanguageFilter
from apps.functions.admin_forms import FunctionForm, RetagForm
from apps.functions.admin_pages import FunctionPages
from apps.functions.admin_synonyms import SynonymGroupAdmin  # noqa: F401 - Django looks for admins here
from apps.functions.libraries import with_counts
from apps.functions.models import (
    Function,
    FunctionEmbedding,
    FunctionQuerySet,
    FunctionState,
    Library,
    Origin,
    Revision,
)
from apps.functions.rendering import name_language
from apps.functions.services import catalogue, indexing
from apps.functions.services.export import CONTENT_TYPES, Form, export_functions
from apps.inference.services import model_digest

STATE_COLOURS = {
    FunctionState.DRAFT.label: "warning",
    FunctionState.PUBLISHED.label: "success",
    FunctionState.RETIRED.label: "danger",
}
KEYWORDS_SHOWN = 4


class RevisionInline(TabularInline):
    """Who changed it last; the history has what."""

    model = Revision
    fields = readonly_fields = ["number", "created_at", "show_author", "origin", "note"]
    extra = max_num = 0
    can_delete = False
    per_page = 10
    hide_title = True
    tab = True
    ordering = ["-number"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Revision]:
        revisions: QuerySet[Revision] = super().get_queryset(request)
        return revisions.select_related("changed_by").defer("data")

    @display(description="changed by")
    def show_author(self, revision: Revision) -> str:
        return str(revision.changed_by or "-")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Function)
class FunctionAdmin(FunctionPages):
    form = FunctionForm
    list_display = [
        "show_name", "show_summary", "show_language", "show_library", "show_state", "show_keywords", "show_embedded",
        "show_updated",
    ]  # fmt: skip
    list_filter = [
        ("state", ChoicesDropdownFilter),
        LanguageFilter,
        ("library", AutocompleteSelectFilter),
        KeywordsFilter,
        DescriptionFilter,
        EmbeddedFilter,
    ]
    list_select_related = ["library"]
    list_defer = ("code", "usage", "signature")
    search_fields = ["name", "qualified_name", "description"]
    search_help_text = "Name or description"
    autocomplete_fields = ["library"]
    actions = ["publish_selected", "retire_selected", "retag_selected", "export_jsonl", "export_csv"]
    readonly_fields = ["external_id", "library", "revision_number", "show_embedded", "created_at", "updated_at"]
    fieldsets = [
        (None, {"fields": [("name", "qualified_name"), ("language", "state"), "description", "keywords", "note"]}),
        ("Code", {"fields": ["signature", "code", "usage"]}),
        ("Classification", {"fields": [("action", "data_type"), ("order_type", "complexity"), "popularity"]}),
        ("Source", {"fields": [("library", "external_id"), ("path", "line")]}),
        ("Record", {"fields": [("revision_number", "show_embedded"), ("created_at", "updated_at"), "opened_revision"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["library", "external_id", ("name", "qualified_name"), ("language", "state")]}),
        ("What it does", {"fields": ["description", "keywords"]}),
        *fieldsets[1:3],
        ("Source", {"fields": [("path", "line")]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Function]:
        vectors = FunctionEmbedding.objects.filter(function=OuterRef("pk"), model_digest=model_digest())
        return super().get_queryset(request).annotate(is_embedded=Exists(vectors))

    def get_readonly_fields(self, request: HttpRequest, obj: Function | None = None) -> list[str]:
        return self.readonly_fields if obj else []

    def get_inlines(self, request: HttpRequest, obj: Function | None) -> list[type[RevisionInline]]:
        return [RevisionInline] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Function | None = None) -> bool:
        """Curators retire: what was deleted, no history and no golden case can name again."""
        return bool(request.user.is_superuser)

    def save_model(self, request: HttpRequest, obj: Function, form: FunctionForm, change: bool) -> None:
        author: dict[str, Any] = {"user_id": request.user.pk, "origin": Origin.ADMIN}
        if change:
            stored = catalogue.update_function(
                function=obj,
                changes=form.changes(),
                note=form.cleaned_data["note"],
                expected_revision=form.cleaned_data["opened_revision"],
                **author,
            )
        else:
            stored = catalogue.create_function(data=form.data_of_new(), library=obj.library.name, **author)
        obj.pk = stored.pk
        obj.refresh_from_db()

    @admin.action(description="Publish", permissions=["change"])
    def publish_selected(self, request: HttpRequest, queryset: QuerySet[Function]) -> None:
        self._move(request, queryset, FunctionState.PUBLISHED)

    @admin.action(description="Retire", permissions=["change"])
    def retire_selected(self, request: HttpRequest, queryset: QuerySet[Function]) -> None:
        self._move(request, queryset, FunctionState.RETIRED)

    @admin.action(description="Add and remove keywords", permissions=["change"])
    def retag_selected(self, request: HttpRequest, queryset: QuerySet[Function]) -> HttpResponse | None:
        form = RetagForm(request.POST if "apply" in request.POST else None)
        if form.is_valid() and self._retag(request, queryset, form):
            return None
        context = {"form": form, "count": queryset.count(), "sample": queryset[:10]}
        return self.ask_first(request, "admin/functions/function/retag.html", "Add and remove keywords", **context)

    @admin.action(description="Export as JSONL", permissions=["view"])
    def export_jsonl(self, request: HttpRequest, queryset: QuerySet[Function]) -> StreamingHttpResponse:
        return _download(queryset, "jsonl")

    @admin.action(description="Export as CSV", permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Function]) -> StreamingHttpResponse:
        return _download(queryset, "csv")

    def _move(self, request: HttpRequest, queryset: QuerySet[Function], state: FunctionState) -> None:
        functions, selected = _select(queryset)
        moved = catalogue.set_state(functions=functions, state=state, user_id=request.user.pk, origin=Origin.ADMIN)
        self._say(request, moved, selected, f"{state.label.lower()} now", f"{state.label.lower()} before")

    def _retag(self, request: HttpRequest, queryset: QuerySet[Function], form: RetagForm) -> bool:
        functions, selected = _select(queryset)
        author: dict[str, Any] = {"user_id": request.user.pk, "origin": Origin.ADMIN}
        try:
            with transaction.atomic():
                changed = catalogue.add_keywords(functions=functions, **form.cleaned_data, **author)
        except InvalidInput as error:
            form.add_error(None, f"Nothing was changed: {error}.")
            return False
        self._say(request, changed, selected, "tagged anew", "tagged so before")
        return True

    def _say(self, request: HttpRequest, changed: int, selected: int, now: str, before: str) -> None:
        rest = f" {selected - changed:,} were {before}." if selected > changed else ""
        self.message_user(request, f"{changed:,} of {selected:,} are {now}.{rest}", messages.SUCCESS)

    @display(description="name", ordering="name", header=True)
    def show_name(self, function: Function) -> list[str]:
        scope = function.qualified_name.removesuffix(function.name).rstrip(".:#")
        return [function.name, scope]

    @display(description="language", ordering="language")
    def show_language(self, function: Function) -> str:
        return name_language(function.language)

    @display(description="library", ordering="library__name")
    def show_library(self, function: Function) -> SafeString:
        return format_html('<span class="ts-nowrap">{}</span>', function.library)

    @display(description="state", ordering="state", label=STATE_COLOURS)
    def show_state(self, function: Function) -> str:
        return FunctionState(function.state).label

    @display(description="description")
    def show_summary(self, function: Function) -> SafeString:
        return format_html('<span class="ts-clip" title="{}">{}</span>', function.summary, function.summary)

    @display(description="keywords")
    def show_keywords(self, function: Function) -> str:
        more = len(function.keywords) - KEYWORDS_SHOWN
        return ", ".join(function.keywords[:KEYWORDS_SHOWN]) + (f" +{more}" if more > 0 else "")

    @display(description="updated", ordering="updated_at")
    def show_updated(self, function: Function) -> SafeString:
        moment = localtime(function.updated_at)
        return format_html('<span class="ts-nowrap" title="{}">{}</span>', moment, moment.strftime("%Y-%m-%d"))

    @display(description="embedded", boolean=True)
    def show_embedded(self, function: Function) -> bool:
        return bool(getattr(function, "is_embedded", False))

    @display(description="revision")
    def revision_number(self, function: Function) -> int:
        return function.revision


@admin.register(Library)
class LibraryAdmin(CuratedAdmin):
    list_display = ["name", "show_functions", "show_published", "show_draft", "show_retired", "updated_at"]
    search_fields = ["name"]
    ordering = ["name"]
    fields = ["name", "description"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Library]:
        libraries: QuerySet[Library] = super().get_queryset(request)
        is_list = request.resolver_match and request.resolver_match.url_name == "functions_library_changelist"
        return with_counts(libraries) if is_list else libraries

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def has_delete_permission(self, request: HttpRequest, obj: Library | None = None) -> bool:
        """Only an empty one goes: its functions would otherwise go with it, or stand in the way by the thousand."""
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not obj.functions.exists())

    def save_model(self, request: HttpRequest, obj: Library, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "name" in form.changed_data:
            indexing.start_rebuild(user_id=request.user.pk)
            self.message_user(request, "The search index is being built again, so that it knows the new name.")

    @display(description="functions", ordering="functions_count")
    def show_functions(self, library: Any) -> SafeString:
        address = f"{reverse('admin:functions_function_changelist')}?library__id__exact={library.pk}"
        return format_html('<a class="ts-link" href="{}">{}</a>', address, f"{library.functions_count:,}")

    @display(description="published", ordering="published")
    def show_published(self, library: Any) -> str:
        return f"{library.published:,}"

    @display(description="draft", ordering="draft")
    def show_draft(self, library: Any) -> str:
        return f"{library.draft:,}"

    @display(description="retired", ordering="retired")
    def show_retired(self, library: Any) -> str:
        return f"{library.retired:,}"


def _select(queryset: QuerySet[Function]) -> tuple[FunctionQuerySet, int]:
    """The selected functions without what the list adds to its query, and their number."""
    keys = list(queryset.order_by("pk").values_list("pk", flat=True))
    return Function.objects.filter(pk__in=keys), len(keys)


def _download(functions: QuerySet[Function], form: Form) -> StreamingHttpResponse:
    selected, count = _select(functions)
    record("functions.exported", form=form, functions=count)
    rows = selected.order_by("library__name", "pk")
    headers = {"Content-Disposition": f'attachment; filename="functions.{form}"'}
    return StreamingHttpResponse(export_functions(rows, form), content_type=CONTENT_TYPES[form], headers=headers)


def build_catalogue_panel() -> Panel:
    address = reverse("admin:functions_function_changelist")
    counts = dict(Function.objects.order_by().values_list("state").annotate(functions=Count("pk")))
    figures = [
        Figure(state.label, f"{counts.get(state, 0):,}", f"{address}?state__exact={state}") for state in FunctionState
    ]
    libraries = reverse("admin:functions_library_changelist")
    return Panel("Catalogue", address, [*figures, Figure("Libraries", f"{Library.objects.count():,}", libraries)])


def build_index_panel() -> Panel:
    index = indexing.index_state()
    functions, build = reverse("admin:functions_function_changelist"), reverse("admin:functions_function_index")
    waits = index.waiting_embedding > 0
    figures = [
        Figure("Indexed", f"{index.documents:,}", build, warns=not index.generation),
        Figure("With meaning", f"{index.with_vectors:,}", f"{functions}?embedded=yes"),
        Figure("Wait for their vectors", f"{index.waiting_embedding:,}", f"{functions}?embedded=no", warns=waits),
        Figure("Edits since the build", f"{index.changes_waiting:,}", build),
    ]
    return Panel("Search index", build, figures)


register_panel("functions.view_function", build_catalogue_panel)
register_panel("functions.view_function", build_index_panel)
