"""Compares two runs of a suite, pair by pair: the first is the baseline."""

from typing import Any

from django.core.management.base import CommandParser

from apps.core.management.json_command import FAILED, OK, JsonCommand
from apps.evaluations.models import Verdict
from apps.evaluations.services.finishing import build_report
from apps.evaluations.services.runs import get_run
from apps.evaluations.tables import print_report


class Command(JsonCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("baseline", help="the number of the run to compare with")
        parser.add_argument("run", help="the number of the run that is judged")

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        baseline = get_run(options["baseline"], field="baseline")
        return build_report(get_run(options["run"]), baseline)

    def show(self, result: dict[str, Any]) -> None:
        print_report(result, self.stdout)

    def status(self, result: dict[str, Any]) -> int:
        return FAILED if result["verdict"] == Verdict.WORSE else OK
