"""Background jobs in the back office, and the schedules that start them."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from apps.core import schedules_admin  # noqa: F401 - registers the schedules' admins
from apps.core.admin_base import ReadOnlyAdmin
from apps.core.audit import admin as audit_admin  # noqa: F401 - registers the log's admin
from apps.core.errors import Conflict
from apps.core.jobs.registry import known_kinds
from apps.core.jobs.services import cancel_job
from apps.core.models import Job, JobState

STATE_COLOURS = {
    JobState.RUNNING.label: "info",
    JobState.SUCCEEDED.label: "success",
    JobState.FAILED.label: "danger",
    JobState.CANCELLED.label: "warning",
}

admin.site.index_title = "Overview"


class KindFilter(admin.SimpleListFilter):
    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind) for kind in known_kinds()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = [
        "show_name", "show_state", "show_progress", "message", "show_starter", "created_at", "show_seconds",
    ]  # fmt: skip
    list_filter = [("state", ChoicesDropdownFilter), KindFilter]
    list_select_related = ["created_by"]
    list_defer = ("params", "result", "error")
    search_fields = ["message", "error", "created_by__email"]
    search_help_text = "Message, error, or who started it"
    actions = ["cancel_selected"]
    change_form_outer_before_template = "admin/core/job/panel.html"
    readonly_fields = ["show_starter", "show_seconds"]
    fieldsets = [
        (None, {"fields": [("kind", "show_starter"), ("created_at", "started_at"), ("finished_at", "show_seconds")]}),
        ("Outcome", {"fields": ["message", "error", "result"]}),
        ("Inner workings", {"fields": ["params", ("attempts", "runner"), ("lease_until", "queued_at")]}),
    ]

    def get_urls(self) -> list[URLPattern]:
        cancel = self.admin_site.admin_view(self.cancel_view)
        return [path("<int:pk>/cancel/", cancel, name="core_job_cancel"), *super().get_urls()]

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("core.change_job"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra = {**(extra_context or {}), "may_cancel": self.has_cancel_permission(request)}
        return super().change_view(request, object_id, form_url, extra)

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method == "POST" and self.has_cancel_permission(request):
            self._cancel(request, [get_object_or_404(Job, pk=pk)])
        return HttpResponseRedirect(reverse("admin:core_job_change", args=[pk]))

    @admin.action(description="Cancel the selected jobs", permissions=["cancel"])
    def cancel_selected(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        self._cancel(request, list(queryset))

    def _cancel(self, request: HttpRequest, jobs: list[Job]) -> None:
        asked = 0
        for job in jobs:
            try:
                cancel_job(job=job)
                asked += 1
            except Conflict as error:
                self.message_user(request, str(error), messages.WARNING)
        if asked:
            self.message_user(request, f"Asked {asked} to stop. One that runs stops at its next step.")

    @display(description="job", ordering="pk")
    def show_name(self, job: Job) -> str:
        return f"{job.kind} {job.pk}"

    @display(description="state", ordering="state", label=STATE_COLOURS)
    def show_state(self, job: Job) -> str:
        return JobState(job.state).label

    @display(description="started by")
    def show_starter(self, job: Job) -> str:
        """As text: a link would lead to a page that only admins may open."""
        return str(job.created_by or "-")

    @display(description="progress")
    def show_progress(self, job: Job) -> SafeString | str:
        if job.is_over or job.percent is None:
            return f"{job.done:,}" if job.done else "-"
        return format_html(
            '<progress class="ts-progress" max="100" value="{}"></progress> {}%', job.percent, job.percent
        )

    @display(description="seconds")
    def show_seconds(self, job: Job) -> str:
        return f"{job.seconds:.1f}" if job.started_at else "-"
