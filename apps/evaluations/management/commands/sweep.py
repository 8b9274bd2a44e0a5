"""Runs a suite's cases and says, beside a baseline, whether anything got worse."""

import time
from typing import Any

from django.core.management.base import CommandParser

from apps.core.errors import Conflict
from apps.core.management.json_command import FAILED, OK, JsonCommand, progress_bar
from apps.core.targets.registry import get_target
from apps.evaluations.models import Run, RunState, Verdict
from apps.evaluations.services import lending
from apps.evaluations.services.running import cancel_run, start_run
from apps.evaluations.services.runs import get_run
from apps.evaluations.services.suites import get_suite
from apps.evaluations.tables import print_report

PAUSE_SECONDS = 0.2


class Command(JsonCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("suite", help="its name or number")
        parser.add_argument("--baseline", default=None, help="the run to compare with (default: the last good one)")
        parser.add_argument(
            "--workers", type=int, default=1, help="processes of this command that help; 0 leaves all to the workers"
        )
        parser.add_argument("--note", default="", help="what changed, for whoever reads the report")

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        suite = get_suite(options["suite"])
        workers = lending.check_workers(options["workers"])
        baseline = get_run(options["baseline"], field="baseline") if options["baseline"] else None
        run = start_run(suite=suite, baseline=baseline, note=options["note"])
        try:
            self.watch(run, workers, hidden=options["as_json"])
        except KeyboardInterrupt:
            cancel_run(run=run)
        run = get_run(str(run.pk))
        if run.state != RunState.SUCCEEDED:
            raise Conflict(run.error or f"Run {run.pk} was {run.state}.", code=f"run_{run.state}")
        report = run.report
        return {
            "suite": suite.name,
            "run": run.pk,
            **run.summary,
            "baseline": report.baseline_id,
            "verdict": report.verdict,
            "reasons": report.data["reasons"],
            "newly_wrong": report.data["flips"]["newly_wrong"],
            "newly_right": report.data["flips"]["newly_right"],
        }

    def watch(self, run: Run, workers: int, *, hidden: bool) -> None:
        """Until the run is over: runs its chunks here too, beside whatever workers there are."""
        if workers:
            get_target(run.suite.target).make_ready()
        with progress_bar("Sweeping", hidden=hidden) as listener, lending.helpers(run.pk, workers - 1):
            while True:
                run.refresh_from_db(fields=["state", "done", "estimate"])
                listener(run.done, run.total, describe_estimate(run))
                if run.is_over:
                    return
                if not (workers and lending.run_next(run.pk)):
                    lending.keep_going()
                    time.sleep(PAUSE_SECONDS)

    def show(self, result: dict[str, Any]) -> None:
        print_report(get_run(str(result["run"])).report.data, self.stdout)

    def status(self, result: dict[str, Any]) -> int:
        return FAILED if result["verdict"] == Verdict.WORSE else OK


def describe_estimate(run: Run) -> str:
    if not run.estimate:
        return ""
    low, high = run.estimate["accuracy_interval"]
    return f"about {run.estimate['accuracy']:.1%} right ({low:.1%} to {high:.1%})"
