"""Searches the catalogue in plain language."""

from typing import Any

from django.core.management.base import CommandParser

from apps.core.management.json_command import JsonCommand
from apps.functions.services.searching import search_functions


class Command(JsonCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("query")
        parser.add_argument("--language", default=None)
        parser.add_argument("--library", default=None)
        parser.add_argument("--limit", type=int, default=10)

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        answer = search_functions(
            query=options["query"], language=options["language"], library=options["library"], limit=options["limit"]
        )
        return answer.as_dict()

    def show(self, result: dict[str, Any]) -> None:
        sure = "answered" if result["answered"] else "not sure"
        self.stdout.write(
            f"{sure} ({result['confidence']:.0%}) by {result['tier'] or 'no tier'} in {result['took_ms']:.1f} ms"
        )
        for place, row in enumerate(result["results"], start=1):
            self.stdout.write(f"{place:3}. {row['name']}  [{row['language']}, {row['library']}]  {row['score']:.3f}")
            self.stdout.write(f"     {row['why']}")
        if not result["results"]:
            self.stdout.write("No function fits.")
