"""What a search costs over HTTP, against a bare Django view on the same server, in the same run.

    python -m benchmarks.http_search [--home DIR] [--data DIR] [--port 8094] [--rounds 8]

Starts `manage.py up` on a home with CoSQA's 6,267 functions, made once and kept with --home, and asks with an API key:

- repeated queries and the bare view, in turns, over 16 connections: requests a second of each, and the median over the
  turns of their ratio. The bare view gives two bytes, through all the middleware of the product, as any view of it
  would; the search goes its short way past what only pages need, and has a key to check, an answer and a trace to give;
- new queries, which nobody asked before, one at a time over one connection: milliseconds from sending the request until
  the whole answer is there. Before or after, in turns, this process searches for the same through the same tiers, with
  nothing kept, neither rows nor traces, and embeds it once more. Of each query the difference is taken: to the search,
  `overhead_ms` (the median), and to the embedding alone, `beyond_model_ms`. So the overhead is the client, the server,
  the framework, the sign-in, what is shown of the functions, and JSON. Both have been at work for a while: the server
  has read what it shows of functions, and, as of any program that asks often, the key within the last half second.
  Where others use the processors meanwhile, all of these wait for their turn several times and the search in this
  process does not: `overhead_p10_ms`, between the tenth percentiles, is nearer to what an idle machine shows, and
  `overhead_cpu_ms` is what the web's processes (not the database) spent on each query beyond what this one did, logs
  and traces behind the answer included;
- the bare view over one connection, again and again, for what of this is HTTP and Django;
- new queries over 16 connections: here they wait for each other;
- 10,000 requests from 1,000 connections: errors, and the slowest answers.
"""

import itertools
import json
import os
import statistics
import time
from collections.abc import Callable, Sequence
from operator import sub
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil

from benchmarks.figures import save_figures
from benchmarks.http_home import LIBRARY, SEARCH, make_http_parser, run_on_cosqa
from benchmarks.http_load import Load, call, drive, make_request
from benchmarks.product import run_manage
from benchmarks.stack import find_role

URLS = "benchmarks.http_urls"
BARE = "/api/v1/bare/"
TURN_REQUESTS = 2000
TURN_CONNECTIONS = 16
REPEATED_QUERIES = 100
TOGETHER = 200
CROWD_REQUESTS, CROWD_CONNECTIONS = 10_000, 1_000
WARM = 60

Timed = Callable[[str], float]
"""Does something with a query and says how many milliseconds it took."""


def main() -> int:
    parser = make_http_parser(__doc__, port=8094)
    parser.add_argument("--rounds", type=int, default=8)
    options = parser.parse_args()

    def run(home: Path, queries: list[str]) -> int:
        figures = measure(queries, home, options.port, make_key(home), options.rounds)
        print(json.dumps(figures, indent=2))
        save_figures("http", "python -m benchmarks.http_search", figures)
        return 0

    return run_on_cosqa(options, {"TOUCHSTONE_URLS": URLS}, run)


def make_key(home: Path) -> str:
    """The token of a key that may search, of a new viewer."""
    email = f"bench-{time.time_ns()}@example.com"
    run_manage(home, "create_user", email, "--role", "viewer")
    made = run_manage(home, "create_key", email, "--name", "bench", "--scope", "functions:read")
    return str(made["token"])


def measure(queries: Sequence[str], home: Path, port: int, token: str, rounds: int) -> dict[str, Any]:
    def ask(query: str) -> bytes:
        return make_request(f"{SEARCH}?{urlencode({'q': query, 'library': LIBRARY})}", port, token)

    bare = make_request(BARE, port)
    warm = [f"warm up number {number}" for number in range(WARM)]
    refuse_errors(drive(port, map(ask, warm), connections=TURN_CONNECTIONS))
    alone, together = queries[:-TOGETHER], queries[-TOGETHER:]
    new = compare_new(alone, warm, ask, home, port)
    with call(port) as caller:
        new["bare_p50_ms"] = round(statistics.median(1000 * caller.ask(bare) for _ in alone), 2)
    crowded = refuse_errors(drive(port, map(ask, together), connections=TURN_CONNECTIONS))
    repeated = [ask(query) for query in queries[:REPEATED_QUERIES]]
    turns = take_turns(repeated, bare, port, rounds)
    crowd = drive(port, itertools.islice(itertools.cycle(repeated), CROWD_REQUESTS), connections=CROWD_CONNECTIONS)
    return {**turns, **new, "together_per_second": round(crowded.per_second), **describe_crowd(crowd)}


def compare_new(queries: Sequence[str], warm: Sequence[str], ask: Any, home: Path, port: int) -> dict[str, Any]:
    """Each query over HTTP, where nobody asked it before, and through the tiers in this process; milliseconds."""
    search, embed = load_search()
    with call(port) as caller:
        for query in warm:
            search(query)
            embed(query)
            caller.ask(ask(f"{query} once more"))
    over_http, in_process, embedded = [], [], []
    web = [process for process in psutil.Process().children(recursive=True) if find_role(process, str(home)) == "web"]
    before, here_cpu = count_cpu(web), 0.0
    with call(port) as caller:
        for number, query in enumerate(queries):
            for here in (number % 2 == 0, number % 2 == 1):
                if here:
                    started = time.process_time()
                    in_process.append(search(query))
                    here_cpu += time.process_time() - started
                else:
                    over_http.append(1000 * caller.ask(ask(query)))
            embedded.append(embed(query))
    cpu = 1000 * (count_cpu(web) - before - here_cpu) / len(queries)
    return {
        "new_queries": len(queries),
        "new_p50_ms": round(statistics.median(over_http), 2),
        "new_p10_ms": round(find_tenth(over_http), 2),
        "in_process_p50_ms": round(statistics.median(in_process), 2),
        "in_process_p10_ms": round(find_tenth(in_process), 2),
        "embedding_p50_ms": round(statistics.median(embedded), 2),
        "overhead_ms": round(statistics.median(map(sub, over_http, in_process)), 2),
        "overhead_p10_ms": round(find_tenth(over_http) - find_tenth(in_process), 2),
        "overhead_cpu_ms": round(cpu, 2),
        "beyond_model_ms": round(statistics.median(map(sub, over_http, embedded)), 2),
    }


def find_tenth(values: Sequence[float]) -> float:
    """The tenth percentile."""
    return statistics.quantiles(values, n=10)[0]


def count_cpu(processes: Sequence[psutil.Process]) -> float:
    """Seconds of processor time that these have used since their start."""
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def load_search() -> tuple[Timed, Timed]:
    """A function that searches for a query by embedding it and ranking the functions, and one that only embeds it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    import django

    django.setup()
    from apps.functions.services import measuring, searching, tiers

    def search(query: str) -> float:
        request = searching.build_request(query, None, LIBRARY, 10)
        started = time.perf_counter()
        tiers.climb_tiers(measuring.TIERS, request, started)
        return (time.perf_counter() - started) * 1000

    def embed(query: str) -> float:
        started = time.perf_counter()
        measuring.embed_afresh(query)
        return (time.perf_counter() - started) * 1000

    return search, embed


def take_turns(repeated: Sequence[bytes], bare: bytes, port: int, rounds: int) -> dict[str, Any]:
    drive(port, repeated, connections=TURN_CONNECTIONS)
    bares, searches = [], []
    for _ in range(rounds):
        bares.append(refuse_errors(drive(port, itertools.repeat(bare, TURN_REQUESTS), connections=TURN_CONNECTIONS)))
        asked = itertools.islice(itertools.cycle(repeated), TURN_REQUESTS)
        searches.append(refuse_errors(drive(port, asked, connections=TURN_CONNECTIONS)))
    shares = sorted(search.per_second / view.per_second for search, view in zip(searches, bares, strict=True))
    return {
        "rounds": rounds,
        "bare_per_second": round(statistics.median(load.per_second for load in bares)),
        "repeated_per_second": round(statistics.median(load.per_second for load in searches)),
        "repeated_share": round(statistics.median(shares), 3),
        "repeated_share_range": [round(shares[0], 3), round(shares[-1], 3)],
    }


def describe_crowd(load: Load) -> dict[str, Any]:
    return {
        "crowd_requests": len(load.latencies) + len(load.errors),
        "crowd_connections": CROWD_CONNECTIONS,
        "errors": len(load.errors),
        "error_kinds": sorted(set(load.errors))[:5],
        "crowd_per_second": round(load.per_second),
        "crowd_p50_ms": round(load.quantile(0.5)),
        "crowd_p99_ms": round(load.quantile(0.99)),
    }


def refuse_errors(load: Load) -> Load:
    if load.errors:
        raise RuntimeError(f"{len(load.errors)} of the requests failed, such as: {load.errors[0]}")
    return load


if __name__ == "__main__":
    raise SystemExit(main())
