"""Search through PostgreSQL over very many functions: what its graph of vectors finds, how long a search takes, sizes.

    python -m benchmarks.search_postgres [--functions 1000000] [--home DIR] [--data DIR] [--cache DIR]

Fills a PostgreSQL of its own with copies of CoSQA's functions under other names, their vectors moved a little (as
`benchmarks.search_speed` does), makes the product's indexes over them, and asks the real search in this process. A
home that is kept is used again: then only the questions are asked.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import ROOT, save_figures
from benchmarks.options import has_data, make_parser

if TYPE_CHECKING:
    from benchmarks.search_sets import QuerySet

COMMAND = "python -m benchmarks.search_postgres"
LIBRARY = "copies"
NOISE = 0.02
BLOCK = 20_000
QUERIES = 200
NEIGHBOURS = 10
ROUNDS = 2
# A server for much data: the sizes are those that a guide to PostgreSQL gives for 8 GB of memory.
SERVER = {
    "shared_buffers": "2GB",
    "effective_cache_size": "6GB",
    "max_wal_size": "8GB",
    "max_parallel_maintenance_workers": "2",
    "max_parallel_workers": "4",
    "max_worker_processes": "8",
    "dynamic_shared_memory_type": "posix",
}
BUILDING = "SET maintenance_work_mem = '3GB'; SET max_parallel_maintenance_workers = 2; SET synchronous_commit = off"

Vectors = NDArray[np.float32]

COPIES = """
INSERT INTO functions_function (id, created_at, updated_at, library_id, external_id, name, qualified_name, language,
    description, code, signature, keywords, action, data_type, order_type, usage, complexity, popularity, path, state,
    revision, source_digest, change_xid)
SELECT id + again * {base}, now(), now(), library_id, external_id || '-' || again, name || '_' || again,
    qualified_name || '_' || again, language, description, code, signature, keywords, action, data_type, order_type,
    usage, complexity, popularity, path, state, revision, source_digest, change_xid
FROM functions_function, generate_series(1, {last}) AS again
WHERE id <= {base} AND id + again * {base} <= {count}
"""
ENTRIES = """
INSERT INTO functions_searchentry
    (function_id, language, library_id, words, name_keys, popularity, vector, model_digest, content_digest, change_xid)
SELECT v.id, f.language, f.library_id, base.words || functions_words(substr(f.name, length(original.name) + 1)),
    functions_name_keys(f.qualified_name, '{library}'), f.popularity, v.vector, base.model_digest,
    base.content_digest, f.change_xid
FROM copied v JOIN functions_function f ON f.id = v.id
JOIN functions_function original ON original.id = (v.id - 1) % {base} + 1
JOIN functions_searchentry base ON base.function_id = original.id
"""
FEATURES = """
INSERT INTO functions_searchfeatures (function_id, terms, crowding)
SELECT v.id, base.terms, base.crowding FROM copied v
JOIN functions_searchfeatures base ON base.function_id = (v.id - 1) % {base} + 1
"""
SETTLE = """
SELECT setval(pg_get_serial_sequence('functions_function', 'id'), (SELECT max(id) FROM functions_function));
ANALYZE functions_function; ANALYZE functions_searchfeatures
"""


class Reporter:
    """Stands in for a job's context: says on the terminal what is done."""

    def report(self, done: int, total: int, text: str) -> None:
        say(text)


def main() -> int:
    options = read_options()
    if not has_data(options.data, "retrieval"):
        return 2
    with tempfile.TemporaryDirectory(prefix="touchstone-postgres-") as scratch, started(options.home or Path(scratch)):
        from benchmarks.search_sets import VectorCache, load_cosqa

        say("reading the base functions")
        given = load_cosqa(options.data / "retrieval")
        cache = VectorCache(ROOT / "var" / "models", options.cache)
        vectors = cache.embed_documents(given.documents)
        built = fill(given, vectors, options.functions)
        figures = {"functions": options.functions, **built, **measure(given, vectors, cache, options.functions)}
    print(json.dumps(figures, indent=2))
    if not options.trial:
        save_figures("postgres", f"{COMMAND} --functions {options.functions}", figures)
    return 0


def read_options() -> argparse.Namespace:
    parser = make_parser(__doc__, "data", "cache")
    parser.add_argument("--functions", type=int, default=1_000_000)
    parser.add_argument("--home", type=Path, help="keep the filled database here and use it again")
    parser.add_argument("--trial", action="store_true", help="only print the figures")
    return parser.parse_args()


@contextmanager
def started(home: Path) -> Iterator[None]:
    """The services on this home, with Django set up to search through PostgreSQL."""
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o711)  # root's servers run under another account, which must get through
    os.environ |= {"TOUCHSTONE_HOME": str(home / "home"), "SEARCH_BACKEND": "postgres", "LOG_LEVEL": "WARNING"}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    from apps.core.embedded.home import resolve_home
    from apps.core.embedded.session import embedded_services

    with embedded_services(resolve_home(), settings=SERVER):
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", verbosity=0)
        yield
        connection.close()


def fill(given: "QuerySet", vectors: Vectors, count: int) -> dict[str, Any]:
    """Fills an empty database; returns how long each step took, as it was noted when the database was filled."""
    from django.conf import settings

    noted = Path(settings.TOUCHSTONE_HOME) / "benchmark.json"
    if noted.exists():
        known: dict[str, Any] = json.loads(noted.read_text())
        if known.pop("functions") != count:
            raise SystemExit(f"{noted.parent} has another number of functions")
        return known
    from apps.functions.services.postgres import building

    seconds: dict[str, float] = {}
    with timed(seconds, "base"):
        enter_base(given, vectors)
    building.disable_triggers()
    with timed(seconds, "copy"):
        copy_functions(vectors, count)
    with timed(seconds, "indexes"):
        execute(BUILDING)
        building.make_indexes(Reporter())
    with timed(seconds, "words"):
        building.count_words_of_catalogue(model_digest())
    building.enable_triggers()
    execute(SETTLE)
    figures = {"build_seconds": round(seconds["indexes"] + seconds["words"], 1), "seconds": seconds}
    noted.write_text(json.dumps({"functions": count, **figures}))
    return figures


def enter_base(given: "QuerySet", vectors: Vectors) -> None:
    """The functions that are copied, entered as the product enters them."""
    from apps.functions.models import Function, FunctionEmbedding, Library
    from apps.functions.search.documents import embedding_text
    from apps.functions.services.embedding import content_digest, to_document
    from apps.functions.services.postgres import building

    library, _ = Library.objects.get_or_create(name=LIBRARY)
    functions = [
        Function(
            id=one.id, library=library, external_id=str(one.id), name=one.name, qualified_name=one.name,
            language=one.language, description=one.description, code=one.code, signature=one.signature,
        )
        for one in given.documents
    ]  # fmt: skip
    Function.objects.bulk_create(functions, batch_size=1_000)
    digest = model_digest()
    FunctionEmbedding.objects.bulk_create(
        [
            FunctionEmbedding(function=one, model_digest=digest, vector=vector,
                              content_digest=content_digest(embedding_text(to_document(one))))
            for one, vector in zip(functions, vectors, strict=True)
        ],
        batch_size=1_000,
    )  # fmt: skip
    building.enable_triggers()
    building.fill_entries(Reporter())
    building.fill_terms(Reporter())
    building.measure_all_crowding(Reporter(), digest)


def copy_functions(vectors: Vectors, count: int) -> None:
    """The copies, made by the database out of the base; their vectors come from here."""
    base = len(vectors)
    execute("SET synchronous_commit = off; ALTER TABLE functions_function DISABLE TRIGGER USER")
    execute("CREATE UNLOGGED TABLE copied (id bigint, vector halfvec(384))")
    say("copying functions")
    execute(COPIES.format(base=base, last=count // base, count=count))
    execute("ALTER TABLE functions_function ENABLE TRIGGER USER")
    from apps.functions.services.postgres import building

    building.disable_triggers()
    say("copying vectors")
    for first, block in make_vectors(vectors, count):
        if first >= base:
            copy_vectors(first, block)
    execute("ANALYZE copied; ANALYZE functions_function")
    say("copying entries")
    execute(ENTRIES.format(base=base, library=LIBRARY))
    execute(FEATURES.format(base=base))
    execute("DROP TABLE copied")


def make_vectors(vectors: Vectors, count: int) -> Iterator[tuple[int, Vectors]]:
    """The base's vectors, then theirs moved a little, in blocks with the row that each begins at; always the same."""
    base = len(vectors)
    yield 0, vectors[:count]
    for first in range(base, count, base):
        random = np.random.default_rng(first)
        moved = vectors + random.normal(0, NOISE, vectors.shape).astype(np.float32)
        yield first, (moved / np.linalg.norm(moved, axis=1, keepdims=True))[: count - first]


def copy_vectors(first: int, block: Vectors) -> None:
    """In PostgreSQL's binary format: two fields a row, each after its length in bytes."""
    from django.db import connection

    dimensions = block.shape[1]
    row = np.dtype(
        [("fields", ">u2"), ("id_size", ">u4"), ("id", ">u8"), ("size", ">u4"), ("head", ">u2", (2,)),
         ("values", ">f2", (dimensions,))]
    )  # fmt: skip
    rows = np.zeros(len(block), dtype=row)
    rows["fields"], rows["id_size"], rows["size"] = 2, 8, 4 + 2 * dimensions
    rows["id"] = np.arange(first + 1, first + 1 + len(block))
    rows["head"], rows["values"] = (dimensions, 0), block
    with connection.cursor() as cursor, cursor.copy("COPY copied FROM STDIN (FORMAT binary)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8) + rows.tobytes() + b"\xff\xff")


def measure(given: "QuerySet", vectors: Vectors, cache: Any, count: int) -> dict[str, Any]:
    queries = given.queries[:QUERIES]
    asked = cache.embed_queries(queries)
    say("asking others, so that the server has read its indexes")
    ask(given.queries[QUERIES:], warm=False)
    say("asking")
    whole = np.concatenate([ask(queries, warm=False) for _ in range(ROUNDS)])
    before = read_processor_seconds()
    known = np.concatenate([ask(queries, warm=True) for _ in range(ROUNDS)])
    spent = 1000 * (read_processor_seconds() - before) / len(known)
    say("looking at every vector")
    return {
        "recall_at_10": measure_recall(vectors, asked, count),
        "p50_ms": percentile(whole, 50),
        "p95_ms": percentile(whole, 95),
        "without_embedding": {
            "p50_ms": percentile(known, 50),
            "p95_ms": percentile(known, 95),
            "processor_ms": {"here": round(float(spent[0]), 2), "server": round(float(spent[1]), 2)},
        },
        "load": [round(load, 1) for load in os.getloadavg()],
        **measure_sizes(),
        "server": SERVER,
    }


def ask(queries: Sequence[str], *, warm: bool) -> NDArray[np.float64]:
    """Milliseconds of each search, of a query that was not asked before; `warm`: whose vector is known."""
    from apps.core.cache.registry import get_cache
    from apps.functions.services.searching import search_functions

    times = []
    for query in queries:
        get_cache("functions.answers").local.clear()
        if not warm:
            get_cache("functions.queries").local.clear()
        begun = time.perf_counter()
        search_functions(query=query)
        times.append(time.perf_counter() - begun)
    return 1000 * np.array(times)


def read_processor_seconds() -> NDArray[np.float64]:
    """What this process and its server process have spent on a processor: elapsed times hang on who else is at work."""
    import psutil

    server = psutil.Process(execute("SELECT pg_backend_pid()")[0][0]).cpu_times()
    return np.array([time.process_time(), server.user + server.system])


def measure_recall(vectors: Vectors, asked: Vectors, count: int) -> float:
    """The share of the ten nearest functions, by vectors of full precision, among the candidates by meaning."""
    exact = find_exact(vectors, asked, count)
    found = [nearest(one) for one in asked]
    hits = [len(set(ids.tolist()) & given) for ids, given in zip(exact, found, strict=True)]
    return round(sum(hits) / exact.size, 4)


def find_exact(vectors: Vectors, asked: Vectors, count: int) -> NDArray[np.int64]:
    """The ids of the nearest of all, shape (queries, NEIGHBOURS)."""
    best = np.zeros((len(asked), 0), dtype=np.float32)
    ids = np.zeros((len(asked), 0), dtype=np.int64)
    for first, block in make_vectors(vectors, count):
        best = np.hstack([best, asked @ block.T])
        ids = np.hstack([ids, np.broadcast_to(np.arange(first + 1, first + 1 + len(block)), (len(asked), len(block)))])
        kept = np.argsort(-best, axis=1)[:, :NEIGHBOURS]
        best, ids = np.take_along_axis(best, kept, axis=1), np.take_along_axis(ids, kept, axis=1)
    return ids


def nearest(vector: Vectors) -> set[int]:
    from apps.functions.services.postgres.candidates import Scope, find_candidates

    return set(find_candidates((), vector, Scope(), model=model_digest(), crowding=0.0).ids)


def measure_sizes() -> dict[str, Any]:
    sql = """
        SELECT relname, pg_relation_size(oid) FROM pg_class
        WHERE relname LIKE 'functions_search%' AND relkind IN ('r', 'i') AND pg_relation_size(oid) > 1000000
        ORDER BY 2 DESC"""
    return {"bytes": execute("SELECT pg_database_size(current_database())")[0][0], "relations": dict(execute(sql))}


def execute(sql: str) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def model_digest() -> str:
    from apps.inference import services

    return services.model_digest()


@contextmanager
def timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    seconds[name] = round(time.perf_counter() - begun, 1)
    say(f"{name}: {seconds[name]:,} s")


def percentile(times: NDArray[np.float64], share: float) -> float:
    return round(float(np.percentile(times, share)), 2)


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
