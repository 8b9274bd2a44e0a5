"""How fast a sweep is: `python -m benchmarks.sweep_speed [--home DIR] [--cases 10000] [--workers 2] [--rounds 2]`.

On a home that has the shipped catalogue and a generated suite over it, made where they are missing, and in turns, so
that a busy moment of the machine hits all alike:

- the `sweep` command with as many processes as there are cores, where no query's vector is kept;
- the same again, as a nightly sweep finds them: the vectors are those of the sweep before;
- that with one process;
- a sample of the questions one by one in one process, as a caller there would ask them, with nothing stored.

`cases_per_second` is the command's own figure, from the first chunk's start to the last one's end; `wall_per_second`
has the start of the command in it, and the report with its search for causes.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.figures import ROOT, save_figures
from benchmarks.options import make_parser

SUITE = "sweep speed"
LIBRARY = "essentials"
CATALOGUE = ROOT / "apps" / "functions" / "catalogue"
SAMPLE = 500
WARM = 50


def main() -> None:
    parser = make_parser(__doc__, "models")
    parser.add_argument("--home", type=Path, help="keep the catalogue and the suite here and use them again")
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="touchstone-sweep-") as scratch:
        home = (options.home or Path(scratch) / "home").absolute()
        os.environ |= {"TOUCHSTONE_HOME": str(home), "TOUCHSTONE_MODELS": str(options.models.resolve())}
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
        os.environ["LOG_LEVEL"] = "ERROR"
        figures = run(options)
    save_figures("sweep", "python -m benchmarks.sweep_speed", figures)
    sys.stdout.write(json.dumps(figures, indent=2) + "\n" + show(figures))


def run(options: argparse.Namespace) -> dict[str, Any]:
    """One stack of services for all, as `up` would have it; the commands join it."""
    from apps.core.embedded.home import resolve_home
    from apps.core.embedded.session import embedded_services

    with embedded_services(resolve_home()):
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, check=True)
        command("import_functions", str(CATALOGUE), "--library", LIBRARY)
        command("generate_cases", SUITE, "--count", str(options.cases), "--seed", "1")
        import django

        django.setup()
        return measure(options)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    rounds = [
        (sweep(options.workers, cold=True), sweep(options.workers), sweep(1), search_one_by_one())
        for _ in range(options.rounds)
    ]
    cold, together, single, alone = (list(each) for each in zip(*rounds, strict=True))
    best = max(together, key=lambda one: one["cases_per_second"])
    one_process = max(one["cases_per_second"] for one in single)
    return {
        "cases_per_second": best["cases_per_second"],
        "cold_per_second": max(one["cases_per_second"] for one in cold),
        "wall_per_second": max(one["wall_per_second"] for one in together),
        "one_process_per_second": one_process,
        "one_by_one_per_second": max(alone),
        "sweep_against_one_by_one": round(
            statistics.median(one["cases_per_second"] / other for one, other in zip(single, alone, strict=True)), 2
        ),
        "cases": best["cases"],
        "workers": options.workers,
        "accuracy": best["accuracy"],
        "tier_shares": best["tier_shares"],
        "rounds": [
            {
                "cold": first["cases_per_second"],
                "cases_per_second": second["cases_per_second"],
                "one_process": third["cases_per_second"],
                "one_by_one": fourth,
            }
            for first, second, third, fourth in rounds
        ],
    }


def sweep(workers: int, *, cold: bool = False) -> dict[str, Any]:
    if cold:
        forget_vectors()
    started = time.perf_counter()
    result = command("sweep", SUITE, "--workers", str(workers))
    seconds = time.perf_counter() - started
    shares = {tier or "none": round(part["cases"] / result["cases"], 4) for tier, part in result["by_tier"].items()}
    return {
        "cases": result["cases"],
        "cases_per_second": round(result["cases_per_second"], 1),
        "wall_per_second": round(result["cases"] / seconds, 1),
        "accuracy": result["accuracy"],
        "tier_shares": shares,
    }


def forget_vectors() -> None:
    from django_redis import get_redis_connection

    from apps.functions.services.kept_vectors import NAMESPACE

    client = get_redis_connection("default")
    for name in client.scan_iter(f"touchstone:{NAMESPACE}:*", count=1000):
        client.delete(name)


def search_one_by_one() -> float:
    """Searches a second of a sample of the cases."""
    from apps.evaluations.models import Suite
    from apps.functions.services.measuring import measure_search

    cases = list(Suite.objects.get(name=SUITE).cases.active().order_by("pk"))
    sample = random.Random(1).sample(cases, min(SAMPLE, len(cases)))
    for case in sample[:WARM]:
        measure_search(query=case.query, **case.filters)
    started = time.perf_counter()
    for case in sample:
        measure_search(query=case.query, **case.filters)
    return round(len(sample) / (time.perf_counter() - started), 1)


def command(*words: str) -> dict[str, Any]:
    """What one of our commands prints for machines; a sweep that finds something worse is no failure here."""
    done = subprocess.run(
        [sys.executable, "manage.py", *words, "--json"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode not in (0, 1) or not done.stdout.strip():
        raise SystemExit(f"{words[0]} ended with {done.returncode}")
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def show(figures: dict[str, Any]) -> str:
    shares = ", ".join(f"{tier} {share:.1%}" for tier, share in figures["tier_shares"].items())
    return (
        f"{figures['cases']:,} cases; answered by {shares}\n"
        f"  sweep, {figures['workers']} processes  {figures['cases_per_second']:>8,.1f} a second\n"
        f"  the same, cold        {figures['cold_per_second']:>8,.1f} a second\n"
        f"  sweep, one process    {figures['one_process_per_second']:>8,.1f} a second\n"
        f"  one by one            {figures['one_by_one_per_second']:>8,.1f} a second\n"
    )


if __name__ == "__main__":
    main()
