"""Touchstone's search and other tools over the same functions and queries, in turns in one run.

    python -m benchmarks.peers [--sets NAME ...] [--systems NAME ...] [--queries N] [--data DIR]

Each system has a process of its own with one set's functions. The queries go to all of them in turns of a few, so that
a busy moment of the machine hits everyone; each process times its own searches. Over CoSQA the build is timed with
every vector made afresh; over the other sets vectors of an earlier run are used, and no time is given.
"""

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from apps.functions.search.documents import Document
from benchmarks.figures import save_figures
from benchmarks.options import SCRATCH, has_data, make_parser
from benchmarks.page import render_rows
from benchmarks.peer_systems import SYSTEMS, Place
from benchmarks.search_sets import QuerySet, load_cosqa, load_mbxp, load_snippets

OURS = "Touchstone"
TURN = 25
WARM = 10
TIMED = "cosqa"
COMPARED = ("MRR@10", "p50 ms", "build s", "memory MB")
Asked = tuple[str, str | None]


@dataclass(slots=True)
class Worker:
    """A system in a process of its own, and what it was measured at."""

    system: str
    pipe: Connection
    ranks: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    build_seconds: float | None = None
    megabytes: float | None = None


def main() -> int:
    options = read_options()
    if not has_data(options.data, "retrieval"):
        return 2
    rows: list[dict[str, Any]] = []
    with (
        tempfile.TemporaryDirectory(prefix="touchstone-peers-") as scratch,
        database(Path(scratch) / "home") as url,
    ):
        place = Place(options.models, options.cache, Path(scratch), url)
        for given in load_peer_sets(options.data / "retrieval"):
            if not options.sets or given.name in options.sets:
                rows += measure_set(given, options.systems, options.queries, place)
    ratios, quality = find_ratios(rows), list_quality(rows)
    print(render_rows(ratios) + "\n\n" + render_rows(quality))
    figures = {"rows": rows, "ratios": ratios, "quality": quality, "speed": list_speed(rows, ratios)}
    print(json.dumps({"load": os.getloadavg(), **figures}))
    if options.is_whole:
        save_figures("peers", "python -m benchmarks.peers", figures)
    return 0


def read_options() -> argparse.Namespace:
    parser = make_parser(__doc__, "data", "models", "cache")
    parser.set_defaults(cache=SCRATCH / "touchstone-peers")
    parser.add_argument("--sets", nargs="*", default=[], help="only these; then no figures are kept")
    parser.add_argument("--systems", nargs="*", choices=[*SYSTEMS], default=[], help="only these; the same")
    parser.add_argument("--queries", type=int, default=0, help="only so many of each set; the same")
    options = parser.parse_args()
    options.is_whole = not (options.sets or options.systems or options.queries)
    options.systems = options.systems or [*SYSTEMS]
    return options


@contextmanager
def database(home: Path) -> Iterator[str]:
    """The address of a PostgreSQL such as the product brings, for the time of the block."""
    os.environ.update(TOUCHSTONE_HOME=str(home))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    from apps.core.embedded.home import embedded_urls, resolve_home
    from apps.core.embedded.session import embedded_services

    with embedded_services(resolve_home()):
        yield os.environ.get("DATABASE_URL") or embedded_urls(resolve_home()).database_url


def load_peer_sets(folder: Path) -> list[QuerySet]:
    """MBXP is a set for each language, as its goal is a mean over them."""
    mbxp = load_mbxp(folder)
    asked = ("sentence", "title", "sentence, whole", "title, whole")
    return [
        load_cosqa(folder),
        *(take_language(mbxp, language) for language in dict.fromkeys(mbxp.languages)),
        *(load_snippets(folder, name) for name in asked),
    ]


def take_language(given: QuerySet, language: str | None) -> QuerySet:
    rows = [row for row, own in enumerate(given.languages) if own == language]
    return QuerySet(
        f"{given.name} {language}",
        [given.documents[row] for row in rows],
        [given.queries[row] for row in rows],
        np.arange(len(rows)),
        [language] * len(rows),
    )


def measure_set(given: QuerySet, systems: Sequence[str], queries: int, place: Place) -> list[dict[str, Any]]:
    print(f"{given.name}: {len(given.documents):,} functions, {queries or len(given.queries):,} queries", flush=True)
    built = {system: time_build(system, given.documents, place) for system in systems if given.name == TIMED}
    with ExitStack() as stack:
        workers = [stack.enter_context(working(system, given.documents, place)) for system in systems]
        for worker in workers:
            worker.build_seconds = built.get(worker.system)
        asked = list(zip(given.queries, given.languages, strict=True))[: queries or None]
        for worker in workers:
            ask(worker, asked[:WARM])
        take_turns(workers, asked, given)
        for worker in workers:
            worker.pipe.send(None)
            worker.megabytes = worker.pipe.recv()
    rows = [describe(worker, given) for worker in workers]
    print(render_rows(rows), flush=True)
    return rows


def time_build(system: str, documents: Sequence[Document], place: Place) -> float:
    with working(system, documents, replace(place, fresh=True)) as worker:
        assert worker.build_seconds is not None
        print(f"  {system} built in {worker.build_seconds:.1f} s", flush=True)
        return worker.build_seconds


@contextmanager
def working(system: str, documents: Sequence[Document], place: Place) -> Iterator[Worker]:
    """A process that has built its index, for the time of the block."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, system, documents, place), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Worker(system, ours, build_seconds=ours.recv())
    finally:
        ours.close()
        process.join(10)
        process.kill()


def serve(pipe: Connection, name: str, documents: Sequence[Document], place: Place) -> None:
    """Builds, then answers lists of queries with ids and milliseconds, and None with its memory, until nobody asks."""
    system = SYSTEMS[name](place)
    started = time.perf_counter()
    system.build(documents)
    del documents
    pipe.send(time.perf_counter() - started)
    while True:
        try:
            asked = pipe.recv()
        except EOFError:
            return
        pipe.send(system.megabytes() if asked is None else [time_search(system, *one) for one in asked])


def time_search(system: Any, query: str, language: str | None) -> tuple[list[int], float]:
    started = time.perf_counter()
    found = system.search(query, language)
    milliseconds = 1000 * (time.perf_counter() - started)
    return system.rank(query, language, found), milliseconds


def take_turns(workers: Sequence[Worker], asked: Sequence[Asked], given: QuerySet) -> None:
    """A few queries to each in turn; who is first moves on by one each time."""
    for turn, start in enumerate(range(0, len(asked), TURN)):
        part = asked[start : start + TURN]
        first = turn % len(workers)
        for worker in (*workers[first:], *workers[:first]):
            for place, (found, milliseconds) in enumerate(ask(worker, part), start=start):
                right = given.answers_of(place)
                worker.ranks.append(next((rank for rank, one in enumerate(found[:10], 1) if one in right), 0))
                worker.times.append(milliseconds)


def ask(worker: Worker, asked: Sequence[Asked]) -> list[tuple[list[int], float]]:
    worker.pipe.send(asked)
    answered: list[tuple[list[int], float]] = worker.pipe.recv()
    return answered


def describe(worker: Worker, given: QuerySet) -> dict[str, Any]:
    ranks = worker.ranks
    return {
        "set": given.name,
        "system": worker.system,
        "MRR@10": round(sum(1 / rank for rank in ranks if rank) / len(ranks), 4),
        "p50 ms": round(float(np.median(worker.times)), 3),
        "p95 ms": round(float(np.percentile(worker.times, 95)), 3),
        "build s": None if worker.build_seconds is None else round(worker.build_seconds, 1),
        "memory MB": None if worker.megabytes is None else round(worker.megabytes),
    }


def find_ratios(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each system to ours on the same set in the same run: above 1 it has more of it than we have."""
    ours = {row["set"]: row for row in rows if row["system"] == OURS}
    return [
        {
            "set": row["set"],
            "system": row["system"],
            **{f"{key}, times ours": divide(row[key], ours[row["set"]][key]) for key in COMPARED},
        }
        for row in rows
        if row["system"] != OURS and row["set"] in ours
    ]


def divide(value: float | None, ours: float | None) -> float | None:
    return None if value is None or not ours else round(value / ours, 3)


def list_quality(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """MRR@10 by system and set; MBXP's is the mean over its languages."""
    found: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        name = "mbxp, mean" if row["set"].startswith("mbxp ") else row["set"]
        found.setdefault(row["system"], {}).setdefault(name, []).append(row["MRR@10"])
    return [
        {"system": system, **{name: round(sum(values) / len(values), 4) for name, values in sets.items()}}
        for system, sets in found.items()
    ]


def list_speed(rows: Sequence[dict[str, Any]], ratios: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the set whose build is timed costs each system, and how that compares with ours."""
    compared = {row["system"]: row for row in ratios if row["set"] == TIMED}
    times = [f"{key}, times ours" for key in COMPARED[1:]]
    return [
        {
            **{key: row[key] for key in ("system", "p50 ms", "p95 ms", "build s", "memory MB")},
            **{name: compared.get(row["system"], {}).get(name, 1) for name in times},
        }
        for row in rows
        if row["set"] == TIMED
    ]


if __name__ == "__main__":
    raise SystemExit(main())
