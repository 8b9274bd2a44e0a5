"""Fills a suite with cases made from the catalogue, the same for the same seed."""

from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from apps.core.management.json_command import JsonCommand
from apps.evaluations.services.generating import check_numbers, generate_suite
from apps.evaluations.services.suites import get_or_create_suite


class Command(JsonCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("suite", help="the suite's name; it is made when there is none")
        parser.add_argument("--count", type=int, required=True, help="how many cases")
        parser.add_argument("--seed", type=int, required=True, help="the same seed makes the same cases")
        parser.add_argument("--target", default=None, help="what a new suite measures (default: functions.search)")

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        check_numbers(options["count"], options["seed"])
        with transaction.atomic():  # a target that can make none leaves no empty suite
            suite = get_or_create_suite(name=options["suite"], target=options["target"])
            return generate_suite(suite=suite, count=options["count"], seed=options["seed"])

    def show(self, result: dict[str, Any]) -> None:
        counts = ", ".join(f"{result[key]:,} {key}" for key in ("created", "changed", "unchanged"))
        self.stdout.write(f"{result['suite']}: {counts}, in {result['seconds']} s")
