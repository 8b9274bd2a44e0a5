"""Says why the failed cases of a run failed, and what to do about it."""

from typing import Any

from django.core.management.base import CommandParser

from apps.core.management.json_command import JsonCommand
from apps.evaluations.services.analysing import find_causes
from apps.evaluations.services.runs import get_run
from apps.evaluations.tables import print_causes


class Command(JsonCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", help="the number of the run")

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        run = get_run(options["run"])
        causes = find_causes(run)
        failures = sum(cause["cases"] for cause in causes)
        return {"suite": run.suite.name, "run": run.pk, "cases": run.done, "failures": failures, "causes": causes}

    def show(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"{result['suite']} #{result['run']}: {result['failures']:,} of {result['cases']:,} failed")
        print_causes(result["causes"], self.stdout)
