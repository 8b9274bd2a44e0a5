"""Evaluations in the back office: Django looks for admins here. And their panel on its first page."""

from django.urls import reverse

from apps.core.dashboard import Figure, Panel, register_panel
from apps.evaluations.admin_runs import CaseOutcomeAdmin, DeliveryAdmin, ReportAdmin, RunAdmin
from apps.evaluations.admin_schedules import ScheduleAdmin
from apps.evaluations.admin_suites import CaseAdmin, SuiteAdmin
from apps.evaluations.models import Case, CaseState, Report, Verdict
from apps.evaluations.services.scheduling import describe_schedules

__all__ = ["CaseAdmin", "CaseOutcomeAdmin", "DeliveryAdmin", "ReportAdmin", "RunAdmin", "ScheduleAdmin", "SuiteAdmin"]

VERDICTS_SHOWN = 3


def build_sweeps_panel() -> Panel:
    cases, reports = reverse("admin:evaluations_case_changelist"), reverse("admin:evaluations_report_changelist")
    schedules = reverse("admin:evaluations_schedule_changelist")
    drafts = Case.objects.drafts().count()
    waiting = Report.objects.filter(acknowledged_at=None, verdict__in=[Verdict.WORSE, Verdict.FAILED]).count()
    missed = sum(status.missed for status in describe_schedules())
    figures = [
        *_last_verdicts(),
        Figure("Drafts waiting", f"{drafts:,}", f"{cases}?state__exact={CaseState.DRAFT}"),
        Figure("To acknowledge", f"{waiting:,}", f"{reports}?acknowledged=no", warns=waiting > 0),
        Figure("Schedules overdue", f"{missed:,}", schedules, warns=missed > 0),
    ]
    return Panel("Sweeps", reverse("admin:evaluations_run_changelist"), figures)


def _last_verdicts() -> list[Figure]:
    """Of the suites that were swept last, what their newest report says."""
    newest = Report.objects.order_by("run__suite_id", "-run_id").distinct("run__suite_id").values("pk")
    reports = Report.objects.filter(pk__in=newest).select_related("run__suite").order_by("-run_id")
    return [
        Figure(report.run.suite.name, report.get_verdict_display(), report.get_absolute_url(), warns=report.is_alarming)
        for report in reports.only("verdict", "run__suite__name")[:VERDICTS_SHOWN]
    ]


register_panel("evaluations.view_run", build_sweeps_panel)
