"""Puts the cases of a JSONL or CSV file into a suite: all of them, or none when one is wrong."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.core.management.json_command import JsonCommand
from apps.evaluations.services.importing import import_cases


class Command(JsonCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("suite", help="the suite's name; it is made when there is none")
        parser.add_argument("file", help="a .jsonl or .csv file of cases")
        parser.add_argument("--target", default=None, help="what a new suite measures (default: functions.search)")

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        return import_cases(suite_name=options["suite"], path=Path(options["file"]), target=options["target"])

    def show(self, result: dict[str, Any]) -> None:
        counts = ", ".join(f"{result[key]:,} {key}" for key in ("created", "changed", "unchanged"))
        self.stdout.write(f"{result['suite']}: {counts}, in {result['seconds']} s")
        if result["unknown_answers"]:
            self.stderr.write(f"{result['unknown_answers']:,} of the right answers are not in the catalogue")
