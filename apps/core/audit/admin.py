"""The audit log in the back office: to be searched, read and exported, and nothing else."""

from typing import Any

from auditlog.registry import auditlog
from django.apps import apps
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.timezone import localtime
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display

from apps.core.admin_base import ReadOnlyAdmin
from apps.core.admin_filters import TimeFilter
from apps.core.audit.export import CONTENT_TYPES, Form, export_entries
from apps.core.audit.models import AuditEntry
from apps.core.audit.presenting import list_changes, name_type, show
from apps.core.audit.recording import record

READ_AUDIT = "core.view_audit"


# auditlog brings an admin of its own, which lets entries be added.
if admin.site.is_registered(AuditEntry):
    admin.site.unregister(AuditEntry)


class KindFilter(DropdownFilter):
    title = "kind of row"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        ours = {model for model in apps.get_models() if model.__module__.startswith("apps.")}
        kinds = {*ours, *auditlog.get_models()}
        return sorted((model._meta.label_lower, str(model._meta.verbose_name)) for model in kinds)

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        app, _, model = (self.value() or "").partition(".")
        return queryset.filter(content_type__app_label=app, content_type__model=model) if model else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["show_time", "show_actor", "show_event", "show_object", "show_kind", "show_address"]
    list_filter = [("timestamp", TimeFilter), ("action", ChoicesDropdownFilter), KindFilter]
    list_select_related = ["content_type"]
    list_defer = ("changes", "additional_data", "serialized_data", "changes_text")
    search_fields = ["event", "actor_email", "object_repr", "=cid", "=object_pk", "=remote_addr"]
    search_help_text = "What was done, who did it, to what; a request's id, a row's, or an address in full"
    actions = ["export_csv", "export_jsonl"]
    list_before_template = "admin/core/auditentry/export.html"
    noun = "entries"
    readonly_fields = [
        "show_time", "show_event", "show_actor", "show_address", "show_object", "show_kind", "show_key", "show_changes",
        "show_facts", "show_request",
    ]  # fmt: skip
    fields = [
        ("show_time", "show_event"),
        ("show_actor", "show_address"),
        "show_object",
        ("show_kind", "show_key"),
        "show_changes",
        "show_facts",
        "show_request",
    ]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(request.user.has_perm(READ_AUDIT))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        """With `export` in the address all that it lists, as a file."""
        asked = request.GET.copy()
        name = asked.pop("export", [""])[-1]
        form = next((one for one in CONTENT_TYPES if one == name), None)
        if form and self.has_view_permission(request):
            request.GET = asked  # type: ignore[assignment]
            return download(self.get_changelist_instance(request).get_queryset(request), form)
        found: HttpResponseBase = super().changelist_view(request, extra_context)
        return found

    @admin.action(description="Export as CSV", permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> StreamingHttpResponse:
        return download(queryset, "csv")

    @admin.action(description="Export as JSON lines", permissions=["view"])
    def export_jsonl(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> StreamingHttpResponse:
        return download(queryset, "jsonl")

    @display(description="when", ordering="pk")
    def show_time(self, entry: AuditEntry) -> str:
        moment = f"{localtime(entry.timestamp):%Y-%m-%d %H:%M:%S}"
        return format_html('<span class="ts-nowrap">{}</span>', moment)

    @display(description="what was done", ordering="event")
    def show_event(self, entry: AuditEntry) -> str:
        return entry.event

    @display(description="who", ordering="actor_email")
    def show_actor(self, entry: AuditEntry) -> str:
        """As text: the account may be gone."""
        return entry.actor_email or (f"account {entry.actor_id}" if entry.actor_id else "nobody signed in")

    @display(description="to what")
    def show_object(self, entry: AuditEntry) -> str:
        return Truncator(entry.object_repr or "-").chars(80)

    @display(description="kind of row")
    def show_kind(self, entry: AuditEntry) -> str:
        return name_type(entry) or "-"

    @display(description="its number")
    def show_key(self, entry: AuditEntry) -> str:
        return entry.object_pk or "-"

    @display(description="from where", ordering="remote_addr")
    def show_address(self, entry: AuditEntry) -> str:
        return entry.remote_addr or "-"

    @display(description="request")
    def show_request(self, entry: AuditEntry) -> str:
        return entry.cid or "-"

    @display(description="before and after")
    def show_changes(self, entry: AuditEntry) -> str:
        return render_to_string("admin/core/auditentry/changes.html", {"changes": list_changes(entry)})

    @display(description="what else is known")
    def show_facts(self, entry: AuditEntry) -> str:
        facts = {name: show(value) for name, value in (entry.additional_data or {}).items()}
        return render_to_string("admin/core/auditentry/facts.html", {"facts": facts})


def download(entries: QuerySet[AuditEntry], form: Form) -> StreamingHttpResponse:
    """The entries as a file. That somebody took it is written before it begins, and is not in it."""
    newest = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    record("audit.exported", form=form, entries=entries.count())
    headers = {"Content-Disposition": f'attachment; filename="audit.{form}"'}
    rows = export_entries(entries.filter(pk__lte=newest), form)
    return StreamingHttpResponse(rows, content_type=CONTENT_TYPES[form], headers=headers)
