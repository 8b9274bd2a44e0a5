"""The list of runs."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.core.tables import ChoiceFilter, Column, DateFilter, Table, attribute
from apps.evaluations.lists.choices import list_suites, read_number
from apps.evaluations.models import Report, Run, RunState, Verdict

NOT_SHOWN = ("plan", "pinned", "drift", "estimate", "report__data")


def figure(*names: str) -> Any:
    """Reads a figure of a run's summary; None while there is none."""

    def read(run: Run) -> Any:
        value: Any = run.summary
        for name in names:
            value = (value or {}).get(name)
        return value

    return read


def verdict_of(run: Run) -> str:
    """The report's verdict, or the state of a run without one."""
    report = getattr(run, "report", None)
    return str(report.get_verdict_display() if report else run.get_state_display())


def started_by(run: Run) -> Any:
    """A person, or in words what else."""
    return "schedule" if run.schedule_id else run.created_by or "the system"


class RunTable(Table):
    page = "evaluations:runs"
    noun = ("run", "runs")
    columns = (
        Column("run", "Run", lambda run: f"#{run.pk}", sort="pk", drawn=True, width="rest"),
        Column("suite", "Suite", attribute("suite.name"), sort="suite__name", width="xl", unlabelled=True),
        Column("verdict", "Verdict", verdict_of, sort="report__verdict", nullable=True, drawn=True,
               width="xl", unlabelled=True),
        Column("accuracy", "Accuracy", figure("accuracy"), sort="summary__accuracy", nullable=True, number=True,
               drawn=True, width="s"),
        Column("cases", "Cases", attribute("total"), sort="total", number=True, width="s", only_wide=True),
        Column("p95", "p95", figure("latency_ms", "p95"), sort="summary__latency_ms__p95", nullable=True, number=True,
               drawn=True, width="s", only_wide=True),
        Column("rate", "Cases/s", figure("cases_per_second"), sort="summary__cases_per_second", nullable=True,
               number=True, drawn=True, hidden=True, width="s"),
        Column("answered", "Answered", figure("answered"), sort="summary__answered", nullable=True, number=True,
               drawn=True, hidden=True, width="s"),
        Column("took", "Took", lambda run: round(run.seconds(timezone.now()), 1), number=True, drawn=True, hidden=True,
               width="s"),
        Column("baseline", "Compared with", attribute("baseline_id"), number=True, drawn=True, hidden=True),
        Column("note", "Note", attribute("note"), sort="note", hidden=True, width="l"),
        Column("by", "Started by", started_by, hidden=True, width="l"),
        Column("started", "Started", attribute("created_at"), sort="created_at"),
        Column("finished", "Finished", attribute("finished_at"), sort="finished_at", nullable=True, hidden=True),
    )  # fmt: skip
    default_sort = "-run"
    filters = (
        ChoiceFilter("suite", "Suite", choices=list_suites),
        ChoiceFilter("verdict", "Verdict", choices=Verdict.choices, lookup="report__verdict"),
        ChoiceFilter("state", "State", choices=RunState.choices),
        DateFilter("started", "Started", lookup="created_at"),
    )
    search_label = "Find in notes, or a number"
    cells = "evaluations/lists/_run_cells.html"
    panel = "evaluations/lists/_run_peek.html"
    nothing = "evaluations/lists/_no_runs.html"
    live = "run"

    def rows(self) -> QuerySet[Any]:
        return Run.objects.select_related("suite", "report", "created_by", "schedule").defer(*NOT_SHOWN)

    def find(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        found = Q(note__icontains=text) | Q(suite__name__icontains=text)
        number = read_number(text)
        return rows.filter(found if number is None else found | Q(pk=number))

    def look_at(self, key: int) -> Mapping[str, Any] | None:
        found = super().look_at(key)
        if found is None:
            return None
        told = Report.objects.filter(run=key).values("data__reasons", "data__changes", "data__flips__newly_wrong",
                                                     "data__flips__newly_right").first()  # fmt: skip
        return {**found, "told": told or {}}
