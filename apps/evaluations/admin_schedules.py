"""Scheduled sweeps in the back office, written in words."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from apps.core.admin_base import CuratedChangeList, ServicesAdmin
from apps.evaluations.admin_forms import ScheduleForm
from apps.evaluations.lists.schedules import list_told
from apps.evaluations.models import Schedule
from apps.evaluations.services.scheduling import delete_schedule, describe_schedules, save_schedule

MISSED = {"missed": "danger", "off": "warning", "on": "success"}


class ScheduleList(CuratedChangeList):
    """Each row knows how its schedule stands."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        statuses = {status.schedule.pk: status for status in describe_schedules()}
        for schedule in self.result_list:
            schedule.status = statuses.get(schedule.pk)


@admin.register(Schedule)
class ScheduleAdmin(ServicesAdmin):
    form = ScheduleForm
    list_display = ["suite", "words", "show_state", "show_due", "show_last", "compare_with", "show_told"]
    list_display_links = ["suite", "words"]
    list_filter = [("suite", AutocompleteSelectFilter)]
    list_select_related = ["suite"]
    list_defer = ("suite__description",)
    search_fields = ["suite__name", "words"]
    autocomplete_fields = ["suite"]
    fieldsets = [
        (None, {"fields": ["suite", "words", "enabled", "compare_with"]}),
        ("Who hears of it", {"fields": ["emails", "webhook_url", "webhook_secret"]}),
    ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ScheduleList]:
        return ScheduleList

    def save_model(self, request: HttpRequest, obj: Schedule, form: ScheduleForm, change: bool) -> None:
        known = Schedule.objects.select_related("periodic_task").get(pk=obj.pk) if change else None
        saved = save_schedule(schedule=known, user_id=request.user.pk, **form.settings())
        obj.pk = saved.pk
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: Schedule) -> None:
        delete_schedule(schedule=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        for schedule in queryset.select_related("periodic_task"):
            delete_schedule(schedule=schedule)

    @display(description="state", label=MISSED)
    def show_state(self, schedule: Any) -> str:
        if not schedule.status.enabled:
            return "off"
        return "missed" if schedule.status.missed else "on"

    @display(description="due next")
    def show_due(self, schedule: Any) -> str:
        due = schedule.status.next_due
        return localtime(due).strftime("%Y-%m-%d %H:%M") if due else "-"

    @display(description="last run")
    def show_last(self, schedule: Any) -> SafeString | str:
        run = schedule.status.last_run
        return format_html('<a class="ts-link" href="{}">#{}</a>', run.get_absolute_url(), run.pk) if run else "-"

    @display(description="tells")
    def show_told(self, schedule: Schedule) -> str:
        return ", ".join(list_told(schedule)) or "nobody"
