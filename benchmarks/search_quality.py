"""Search quality and speed over real web queries: CoSQA through `import_functions` and the real search.

    python -m benchmarks.search_quality [--home DIR] [--data DIR]

Imports the 6,267 functions into a fresh home, then asks the 500 queries in this process on one thread and prints
MRR@10, recall and latencies as JSON. The data are read where they are; nothing of them is kept in the project.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = "cosqa"
NAME = re.compile(r"def\s+(\w+)")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="keep the imported catalogue here and use it again")
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("TOUCHSTONE_DATA", ROOT.parent / "shared/data"))
    )
    options = parser.parse_args()
    folder = options.data / "retrieval"
    if not folder.is_dir():
        print(f"there is no data in {folder}: name its folder with --data or TOUCHSTONE_DATA", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="touchstone-bench-") as scratch:
        home = options.home or Path(scratch) / "home"
        imported = import_catalogue(folder / "cosqa_codebase.jsonl", Path(scratch), home)
        figures = run_queries(read_lines(folder / "cosqa_dev.jsonl"), home)
    print(json.dumps({"import": imported, **figures}, indent=2))
    return 0


def import_catalogue(codebase: Path, scratch: Path, home: Path) -> dict[str, Any]:
    """Runs the command that users run; a second run over the same home changes nothing."""
    source = scratch / "cosqa.jsonl"
    with source.open("w", encoding="utf-8") as file:
        for row in read_lines(codebase):
            name = NAME.search(row["code"])
            record = {
                "id": row["id"],
                "name": name[1] if name else "unnamed",
                "language": row["lang"],
                "code": row["code"],
            }
            file.write(json.dumps(record) + "\n")
    command = [sys.executable, "manage.py", "import_functions", str(source), "--library", LIBRARY, "--json"]
    environ = {**os.environ, "TOUCHSTONE_HOME": str(home)}
    started = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, check=True)
    result = json.loads(done.stdout)
    shown = ("created", "changed", "unchanged", "problems", "seconds", "embedded", "embedding_seconds", "index")
    return {**{key: result[key] for key in shown}, "wall_seconds": round(time.monotonic() - started, 1)}


def run_queries(queries: Sequence[dict[str, Any]], home: Path) -> dict[str, Any]:
    os.environ["TOUCHSTONE_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    from apps.core.embedded.home import resolve_home
    from apps.core.embedded.session import embedded_services

    with embedded_services(resolve_home()):
        import django

        django.setup()
        from apps.functions.services.searching import search_functions

        search_functions(query="warm up the model and the index", library=LIBRARY)
        ranks, times, answered = [], [], []
        for row in queries:
            answer = search_functions(query=row["query"], library=LIBRARY, limit=10)
            found = [result.function.external_id for result in answer.results]
            gold = str(row["gold_id"])
            ranks.append(found.index(gold) + 1 if gold in found else 0)
            times.append(answer.took_ms)
            answered.append(answer.answered)
        from django.db import connection

        connection.close()
    return summarise(ranks, times, answered)


def summarise(ranks: list[int], times: list[float], answered: list[bool]) -> dict[str, Any]:
    """`ranks` has the place of the right function from 1, or 0 where it is not among the first ten."""
    count = len(ranks)
    times = sorted(times)
    right = [rank == 1 for rank, sure in zip(ranks, answered, strict=True) if sure]
    return {
        "queries": count,
        "mrr_at_10": round(sum(1 / rank for rank in ranks if rank) / count, 4),
        "accuracy": round(sum(rank == 1 for rank in ranks) / count, 4),
        "recall_at_5": round(sum(0 < rank <= 5 for rank in ranks) / count, 4),
        "recall_at_10": round(sum(rank > 0 for rank in ranks) / count, 4),
        "answered": round(sum(answered) / count, 4),
        "precision_answered": round(sum(right) / len(right), 4) if right else None,
        "latency_ms": {
            "mean": round(sum(times) / count, 2),
            "p50": round(times[count // 2], 2),
            "p95": round(times[int(count * 0.95)], 2),
            "p99": round(times[int(count * 0.99)], 2),
        },
    }


def read_lines(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


if __name__ == "__main__":
    raise SystemExit(main())
