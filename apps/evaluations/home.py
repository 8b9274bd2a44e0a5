"""What this app puts on the first page."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from apps.core.home.items import Decision, News, Step
from apps.evaluations.models import Case, CaseOrigin, Report, Run, Suite, Verdict
from apps.evaluations.presenting.overview import list_alarms

MOST_ALARMS = 5
MOST_REPORTS = 4
MOST_OPEN = 3
ICONS = {Verdict.WORSE: "alert", Verdict.FAILED: "alert"}


def show_sweep(user: Any) -> dict[str, Any]:
    """The last report, and the sweeps that are at work."""
    fields = ("run_id", "verdict", "created_at", "acknowledged_at", "data__reasons", "run__suite_id")
    last = Report.objects.values(*fields, "run__suite__name", "run__summary__accuracy").order_by("-pk").first()
    return {"last": last, "open": list(_open_runs()), "suites": Suite.objects.exists() if last is None else True}


def list_decisions(user: Any) -> list[Decision]:
    """Reports that nobody has answered for, and drafts of feedback."""
    found = []
    if user.has_perm("evaluations.change_report"):
        alarms = list(list_alarms()[: MOST_ALARMS + 1])
        found += [_describe_alarm(report) for report in alarms[:MOST_ALARMS]]
        if len(alarms) > MOST_ALARMS:
            found.append(Decision("More reports wait", reverse("evaluations:suites"), "alert", tone="bad"))
    if user.has_perm("evaluations.change_case") and (drafts := Case.objects.drafts().count()):
        said = "1 draft case waits" if drafts == 1 else f"{drafts:,} draft cases wait"
        note = "Answers that somebody called wrong" if _has_feedback() else ""
        found.append(Decision(said, reverse("evaluations:drafts"), "inbox", note))
    return found


def list_news(user: Any, since: datetime) -> list[News]:
    reports = Report.objects.filter(created_at__gt=since).select_related("run__suite").defer("data", "run__plan")
    suites = Suite.objects.filter(created_at__gt=since).select_related("created_by").order_by("-pk")
    told = [
        News(f"{report.run.suite}: {report.get_verdict_display().lower()}", report.created_at,
             ICONS.get(Verdict(report.verdict), "sweep"), report.get_absolute_url(), f"Run #{report.run_id}")
        for report in reports[:MOST_REPORTS]
    ]  # fmt: skip
    for suite in suites[:MOST_REPORTS]:
        by = f"by {suite.created_by}" if suite.created_by else ""
        told.append(News(f"New suite: {suite}", suite.created_at, "plus", suite.get_absolute_url(), by))
    return told


def list_steps(user: Any) -> list[Step]:
    suite = Suite.objects.order_by("pk").first()
    may_add, may_run = (user.has_perm(f"evaluations.add_{name}") for name in ("suite", "run"))
    sweep = reverse("evaluations:suite", args=[suite.pk]) if suite and may_run else ""
    return [
        Step(
            2,
            "Write down what is right",
            "A suite holds questions with their right answers. It can be generated from the catalogue.",
            suite is not None,
            reverse("evaluations:new_suite") if may_add else "",
            "Make a suite",
        ),
        Step(
            3,
            "Sweep it",
            "A sweep asks every question. From then on a report says whether anything got worse.",
            Report.objects.exists(),
            sweep,
            "Start a sweep",
        ),
    ]


def _describe_alarm(report: Report) -> Decision:
    said = "failed" if report.verdict == Verdict.FAILED else "is worse"
    reasons = report.data.get("reasons", [])
    note = str(reasons[0]) if reasons else ""
    return Decision(f"{report.run.suite} #{report.run_id} {said}", report.get_absolute_url(), "alert", note, "bad")


def _has_feedback() -> bool:
    return Case.objects.drafts().filter(origin=CaseOrigin.FEEDBACK).exists()


def _open_runs() -> Any:
    return Run.objects.open().select_related("suite").only("pk", "state", "done", "total", "suite__name")[:MOST_OPEN]
