"""The end of a run: its figures, its report, and word to whom it concerns."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.core import metrics
from apps.core.jobs.context import JobContext
from apps.core.live import announce
from apps.evaluations.models import Report, Run, RunState, Verdict
from apps.evaluations.services.analysing import find_causes
from apps.evaluations.services.comparing import (
    choose_baseline,
    compare_runs,
    describe_run,
    list_changes,
    title_of,
)
from apps.evaluations.services.notifying import notify
from apps.evaluations.services.running import pin_state


def run_finish(context: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """The job's handler. It may be run again after any death: what it writes comes at its end, at once."""
    run = Run.objects.defer("plan").select_related("suite__baseline", "schedule", "baseline").get(pk=params["run"])
    if run.is_over:
        return {"run": run.pk}
    context.report(0, 3, "measuring")
    # The cases were done when this job began; reading the figures is no part of the sweep's time.
    run.finished_at = run.updated_at
    run.drift = find_drift(run)
    run.summary = summarise_run(run)
    context.report(1, 3, "comparing")
    baseline = choose_baseline(run)
    data = build_report(run, baseline)
    context.report(2, 3, "looking for causes")
    data["causes"] = find_causes(run)
    report = _save(run, baseline, data)
    if report is None:
        return {"run": run.pk}
    metrics.count("sweeps_finished", verdict=report.verdict)
    announce("report", run.pk)
    notify(report)
    return {"run": run.pk, "verdict": report.verdict}


def report_failure(run: Run) -> Report:
    """The report of a run that failed as a whole, so that it is seen, told and acknowledged like any other."""
    data = {"suite": describe_suite(run), "run": describe_run(run), "reasons": [run.error], "verdict": Verdict.FAILED}
    report, _ = Report.objects.get_or_create(run=run, defaults={"verdict": Verdict.FAILED, "data": data})
    metrics.count("sweeps_finished", verdict=report.verdict)
    announce("report", run.pk)
    notify(report)
    return report


def build_report(run: Run, baseline: Run | None) -> dict[str, Any]:
    """What every form of the report is made from. A run without a baseline has figures and no verdict yet."""
    data: dict[str, Any] = {
        "suite": describe_suite(run),
        "run": describe_run(run),
        "baseline": describe_run(baseline) if baseline else None,
        "summary": run.summary,
        "baseline_summary": baseline.summary if baseline else None,
        "drift": list_changes(run.pinned, {**run.pinned, **run.drift}),
        "verdict": Verdict.FIRST,
        "reasons": ["There is no earlier run to compare with."],
        "comparison": None,
        "flips": {"newly_wrong": 0, "newly_right": 0, "list": []},
        "changes": [],
        "unpaired": {"only_before": 0, "only_after": 0, "changed": 0},
    }
    if baseline is not None and not baseline.outcomes_pruned:
        data |= compare_runs(baseline=baseline, candidate=run)
    data["verdict_title"] = title_of(data["verdict"])
    return data


def describe_suite(run: Run) -> dict[str, Any]:
    suite = run.suite
    return {
        "id": suite.pk,
        "name": suite.name,
        "target": suite.target,
        "measure": suite.measure,
        "measure_title": suite.get_measure_display(),
        "margin": suite.margin,
        "latency_margin": suite.latency_margin,
    }


def summarise_run(run: Run) -> dict[str, Any]:
    """The measures in total, and under `by_...` those of each slice."""
    from apps.evaluations.metrics import measure_outcomes, slice_measures
    from apps.evaluations.services.columns import load_columns

    columns = load_columns(run)
    total = measure_outcomes(columns.outcomes, seconds=run.seconds(timezone.now()) or None)
    slices = slice_measures(columns.outcomes, columns.dimensions)
    return {**total.as_dict(), **{f"by_{name}": values for name, values in slices.items()}}


def find_drift(run: Run) -> dict[str, str]:
    """What of the pinned state is no longer what it was when the run began."""
    now = pin_state(run.suite)
    return {name: value for name, value in now.items() if run.pinned.get(name) != value}


@transaction.atomic
def _save(run: Run, baseline: Run | None, data: dict[str, Any]) -> Report | None:
    """None when the run was cancelled meanwhile."""
    if not Run.objects.open().select_for_update().filter(pk=run.pk).exists():
        return None
    run.state, run.baseline = RunState.SUCCEEDED, baseline
    run.save(update_fields=["state", "baseline", "finished_at", "drift", "summary", "updated_at"])
    report, _ = Report.objects.update_or_create(
        run=run, defaults={"baseline": baseline, "verdict": data["verdict"], "data": data}
    )
    return report
