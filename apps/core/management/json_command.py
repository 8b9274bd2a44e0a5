"""What every command of ours shares: --json for machines, a progress bar for people, and the exit status."""

import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser

from apps.core.errors import Conflict, InvalidInput
from apps.core.jobs.context import Listener
from apps.core.models import Job, JobState

OK, FAILED, WRONG_USE = 0, 1, 2


class JsonCommand(BaseCommand, ABC):
    """Subclasses write `run`, which returns what --json prints, and `show`, which prints it for people."""

    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser: CommandParser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument("--json", action="store_true", dest="as_json", help="Print JSON, for machines.")
        return parser

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = self.run(options)
        except InvalidInput as error:
            self.stop(WRONG_USE, error.code, error.errors, as_json=options["as_json"])
        except Conflict as error:
            self.stop(FAILED, error.code, {"": str(error)}, as_json=options["as_json"])
        if options["as_json"]:
            self.stdout.write(json.dumps(result, ensure_ascii=False, default=str))
        else:
            self.show(result)
        if status := self.status(result):
            sys.exit(status)

    @abstractmethod
    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        """Does the work. InvalidInput ends the command as wrong use, Conflict as failed."""

    @abstractmethod
    def show(self, result: dict[str, Any]) -> None:
        """Prints the result for people."""

    def status(self, result: dict[str, Any]) -> int:
        """The exit status of a run that came to this result."""
        return OK

    def stop(self, status: int, code: str, errors: dict[str, str], *, as_json: bool) -> NoReturn:
        if as_json:
            self.stdout.write(json.dumps({"code": code, "errors": errors}, ensure_ascii=False))
        else:
            for field, reason in errors.items():
                self.stderr.write(f"{field}: {reason}" if field else reason)
        sys.exit(status)


@contextmanager
def progress_bar(title: str, *, hidden: bool) -> Iterator[Listener]:
    """A job's listener that draws a bar on the terminal; nothing where standard error is none, or for machines."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (
        TextColumn(title),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, disable=hidden or not console.is_terminal) as progress:
        task = progress.add_task("", total=None)
        yield lambda done, total, message: progress.update(
            task, completed=done, total=total or None, description=message
        )


def raise_unless_done(job: Job) -> None:
    """For a job run in place: Conflict with the reason when it did not go through."""
    if job.state != JobState.SUCCEEDED:
        raise Conflict(job.error or job.message or job.state, code=f"job_{job.state}")
