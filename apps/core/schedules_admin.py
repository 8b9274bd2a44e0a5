"""The schedules of django-celery-beat in the look of the rest."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django_celery_beat import admin as beat
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.core.admin_base import CuratedAdmin

for _model in (ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


class TaskSelectWidget(UnfoldAdminSelectWidget, beat.TaskSelectWidget):
    """Offers the tasks that workers know."""


class PeriodicTaskForm(beat.PeriodicTaskForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelectWidget()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(beat.PeriodicTaskAdmin, CuratedAdmin):
    form = PeriodicTaskForm
    # Theirs has a script in the page, which the policy forbids; what it would show is among the fields.
    change_form_template = None
    list_display = ["name", "enabled", "scheduler", "show_last_run", "one_off"]
    search_fields = ["name", "task"]
    search_help_text = "Name or task"

    @display(description="last run", ordering="last_run_at")
    def show_last_run(self, task: PeriodicTask) -> SafeString | str:
        if task.last_run_at is None:
            return "-"
        return format_html('<span class="ts-nowrap">{}</span>', f"{localtime(task.last_run_at):%Y-%m-%d %H:%M}")

    @admin.action(description="Enable selected tasks")
    def enable_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        # Beat counts what was due since a task was changed: without this, all that was due while it was off.
        queryset.update(date_changed=timezone.now())
        super().enable_tasks(request, queryset)


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(beat.IntervalScheduleAdmin, CuratedAdmin):
    pass


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(beat.CrontabScheduleAdmin, CuratedAdmin):
    pass


@admin.register(ClockedSchedule)
class ClockedScheduleAdmin(beat.ClockedScheduleAdmin, CuratedAdmin):
    pass


@admin.register(SolarSchedule)
class SolarScheduleAdmin(CuratedAdmin):
    pass
