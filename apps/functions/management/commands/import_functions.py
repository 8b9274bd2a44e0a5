"""Imports functions from a file or a source tree and makes them searchable."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.core.jobs.services import run_inline
from apps.core.management.json_command import FAILED, OK, JsonCommand, progress_bar, raise_unless_done
from apps.functions.services import embedding, importing, indexing
from apps.inference import services as inference

SHOWN = 20


class Command(JsonCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", help="a JSON, JSONL, CSV, TOML or SQLite file, a source file, or a source tree")
        parser.add_argument("--library", default="", help="the library they belong to (default: the source's name)")
        parser.add_argument("--language", default=None, help="only this language of a tree; the language of records")
        parser.add_argument("--strict", action="store_true", help="import nothing when there is any problem")
        parser.add_argument("--retire-missing", action="store_true", help="retire what the source has no more")
        parser.add_argument("--include-tests", action="store_true", help="take a tree's tests too")
        parser.add_argument("--no-embed", action="store_true", help="leave embedding to the workers")

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        source = Path(options["source"])
        with progress_bar("Importing", hidden=options["as_json"]) as listener:
            job = importing.import_now(
                path=source,
                library=options["library"] or source.resolve().stem,
                language=options["language"],
                strict=options["strict"],
                retire_missing=options["retire_missing"],
                include_tests=options["include_tests"],
                listener=listener,
            )
        raise_unless_done(job)
        if options["no_embed"]:
            importing.follow_up()
            return {"job": job.pk, **job.result}
        return {"job": job.pk, **job.result, **self.make_searchable(hidden=options["as_json"])}

    def make_searchable(self, *, hidden: bool) -> dict[str, Any]:
        inference.use_all_cores()
        with progress_bar("Embedding", hidden=hidden) as listener:
            embedded = run_inline(kind=embedding.KIND, params={"then_build": False}, listener=listener)
        with progress_bar("Indexing ", hidden=hidden) as listener:
            built = run_inline(kind=indexing.KIND, params={}, listener=listener)
        raise_unless_done(built)
        return {
            "embedded": embedded.result.get("embedded", 0),
            "embedding_seconds": round(embedded.seconds, 2),
            "embedding_error": embedded.error,
            "index": built.result,
        }

    def show(self, result: dict[str, Any]) -> None:
        counts = ", ".join(
            f"{result[key]:,} {key}" for key in ("created", "changed", "unchanged", "retired", "problems")
        )
        self.stdout.write(f"{result['library']}: {counts}")
        for language, functions in result["by_language"].items():
            self.stdout.write(f"  {language}: {functions:,}")
        self.stdout.write(f"read and stored in {result['seconds']} s ({result['per_second']:,} functions a second)")
        for reason, times in result["skipped"].items():
            self.stdout.write(f"  skipped {times:,}: {reason}")
        for row in result["problem_list"][:SHOWN]:
            self.stderr.write(f"{row['location']}: {row['field']} {row['reason']}")
        if result["problems"] > SHOWN:
            self.stderr.write(f"... and {result['problems'] - SHOWN:,} more problems")
        if "embedded" in result:
            self.stdout.write(f"embedded {result['embedded']:,} in {result['embedding_seconds']} s")
        if result.get("embedding_error"):
            self.stderr.write(f"not embedded: {result['embedding_error']}")

    def status(self, result: dict[str, Any]) -> int:
        nothing_came = result["problems"] and not (result["created"] + result["changed"] + result["unchanged"])
        return FAILED if nothing_came else OK
