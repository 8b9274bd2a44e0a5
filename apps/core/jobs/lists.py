"""The list of background jobs."""

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from apps.core.models import Job, JobState
from apps.core.tables import Action, ChoiceFilter, Column, DateFilter, Table, attribute
from apps.core.tables.filters import Choices, Rows
from apps.core.templatetags.core_tags import job_title


def list_kinds(table: Table) -> Choices:
    """The kinds that there are jobs of."""
    kinds = Job.objects.whole().order_by("kind").values_list("kind", flat=True).distinct()
    return [(kind, job_title(kind)) for kind in kinds]


def by_seen(rows: Rows, text: str) -> Rows:
    """Failed jobs that somebody said they know of, or those that nobody did."""
    return rows.filter(pk__in=Job.objects.unseen()) if text == "no" else rows.exclude(seen_at=None)


class JobTable(Table):
    page = "core:jobs"
    noun = ("job", "jobs")
    columns = (
        Column("job", "Job", lambda job: f"{job_title(job.kind)} #{job.pk}", sort="pk", drawn=True, width="rest"),
        Column("state", "State", attribute("state"), sort="state", drawn=True, unlabelled=True),
        Column("progress", "Progress", lambda job: job.error or job.message, drawn=True, width="xl", unlabelled=True),
        Column("took", "Took", lambda job: round(job.seconds, 1), number=True, drawn=True, width="m", only_wide=True),
        Column("by", "Started by", attribute("created_by"), drawn=True, width="l", only_wide=True),
        Column("when", "When", attribute("created_at"), sort="created_at"),
        Column("finished", "Finished", attribute("finished_at"), sort="finished_at", nullable=True, hidden=True),
        Column("attempts", "Attempts", attribute("attempts"), sort="attempts", number=True, hidden=True, width="s"),
    )
    default_sort = "-job"
    filters = (
        ChoiceFilter("state", "State", choices=JobState.choices),
        ChoiceFilter("seen", "Failures", choices=(("no", "Not seen yet"), ("yes", "Seen")), lookup=by_seen),
        ChoiceFilter("kind", "Kind", choices=list_kinds),
        DateFilter("when", "When", lookup="created_at"),
    )
    search_label = "Find in what jobs say"
    page_size = 25
    cells = "core/_job_cells.html"
    panel = "core/_job_peek.html"
    nothing = "core/_no_jobs.html"
    actions = (
        Action("seen", "Seen", "core.change_job"),
        Action("cancel", "Cancel", "core.change_job", style="danger"),
    )
    live = "job"

    def __init__(self) -> None:
        self.actions_address = reverse("core:change_jobs")

    def rows(self) -> QuerySet[Any]:
        return Job.objects.whole().select_related("created_by", "seen_by").defer("result")

    def find(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        told = Q(message__icontains=text) | Q(error__icontains=text) | Q(params__library__icontains=text)
        return rows.filter(told)

    def href(self, row: Any) -> str:
        return reverse("core:job", args=[row.pk])
