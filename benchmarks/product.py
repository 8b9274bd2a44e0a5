"""The product's own commands on a home, as a user types them with --json."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.figures import ROOT

MEASURES = ("cases", "accuracy", "recall_at_5", "mrr_at_10", "answered", "precision_answered", "cases_per_second")


def run_manage(home: Path, *arguments: str) -> dict[str, Any]:
    """What a command prints with --json. Raises RuntimeError with what it said when it failed."""
    command = [sys.executable, "manage.py", *arguments, "--json"]
    environ = {**os.environ, "TOUCHSTONE_HOME": str(home.absolute())}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"manage.py {' '.join(arguments)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def write_lines(path: Path, records: Iterable[dict[str, Any]]) -> str:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)
    return str(path)


def pick_measures(swept: dict[str, Any]) -> dict[str, Any]:
    """What a sweep found, with the share of the cases that each tier answered."""
    tiers = swept["by_tier"]
    return {
        **{name: swept[name] for name in MEASURES},
        "latency_ms": swept["latency_ms"],
        "by_tier": {tier: round(part["cases"] / swept["cases"], 4) for tier, part in tiers.items()},
    }
