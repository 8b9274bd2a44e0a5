"""What a sweep costs beside the searches it makes: `python -m benchmarks.sweep_speed [--cases 1000] [--rounds 3]`.

In one process, over the same questions in the same run: the search alone, as a caller in the process would make it, and
the whole of a sweep's chunks with their bookkeeping. The overhead is what the sweep adds to the search.
"""

import argparse
import json
import os
import statistics
import sys
import time
from typing import Any


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", default="", help="default: the largest one")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", dest="as_json")
    result = run(parser.parse_args())
    sys.stdout.write(json.dumps(result) + "\n" if "--json" in sys.argv else show(result))


def run(options: argparse.Namespace) -> dict[str, Any]:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    from apps.core.embedded.home import resolve_home
    from apps.core.embedded.session import embedded_services

    with embedded_services(resolve_home()):
        django.setup()
        return measure(options)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Rounds alternate, so that a busy moment of the machine hits both."""
    from django.db.models import Count

    from apps.evaluations.models import CaseState, Suite

    known = Suite.objects.annotate(size=Count("cases")).order_by("-size")
    suite = (known.filter(name=options.suite) if options.suite else known).first()
    if suite is None or not suite.size:
        raise SystemExit("there is no suite with cases: start `manage.py up`, or import some")
    cases = list(suite.cases.filter(state=CaseState.ACTIVE).order_by("external_id")[: options.cases])
    search_cases(cases[:100])
    rounds = [(search_cases(cases), sweep_cases(suite, cases)) for _ in range(options.rounds)]
    search, sweep = (statistics.median(times) for times in zip(*rounds, strict=True))
    return {
        "suite": suite.name,
        "cases": len(cases),
        "search_per_second": round(len(cases) / search, 1),
        "sweep_per_second": round(len(cases) / sweep, 1),
        "overhead": round(sweep / search - 1, 4),
        "rounds": [round(swept / searched - 1, 4) for searched, swept in rounds],
    }


def search_cases(cases: list[Any]) -> float:
    """Seconds of the searches alone."""
    from apps.functions.services.measuring import measure_search

    started = time.perf_counter()
    for case in cases:
        measure_search(query=case.query, limit=10, **case.filters)
    return time.perf_counter() - started


def sweep_cases(suite: Any, cases: list[Any]) -> float:
    """Seconds of the run's chunks, jobs and leases included; the run is deleted afterwards."""
    from django.conf import settings

    from apps.core.jobs.services import run_job
    from apps.core.models import Job
    from apps.evaluations.models import Run
    from apps.evaluations.services.running import CHUNK_JOB

    # All is planned and the last case never comes: no worker takes a part, and nothing is made of the end.
    plan = [case.pk for case in cases]
    run = Run.objects.create(suite=suite, plan=plan, planned=len(plan), total=len(plan) + 1)
    started = time.perf_counter()
    for place in range(0, len(plan), settings.SWEEP_CHUNK_CASES):
        part = plan[place : place + settings.SWEEP_CHUNK_CASES]
        run_job(Job.objects.create(kind=CHUNK_JOB, params={"run": run.pk, "cases": part}, is_part=True).pk)
    seconds = time.perf_counter() - started
    stored = run.outcomes.count()
    Job.objects.filter(params__run=run.pk).delete()
    run.delete()
    if stored != len(cases):
        raise SystemExit(f"{stored} outcomes of {len(cases)} cases")
    return seconds


def show(result: dict[str, Any]) -> str:
    rounds = ", ".join(f"{one:.1%}" for one in result["rounds"])
    return (
        f"{result['suite']}, {result['cases']:,} cases, one process\n"
        f"  search alone   {result['search_per_second']:>8,.1f} a second\n"
        f"  in a sweep     {result['sweep_per_second']:>8,.1f} a second\n"
        f"  overhead       {result['overhead']:>8.1%}   (rounds: {rounds})\n"
    )


if __name__ == "__main__":
    main()
