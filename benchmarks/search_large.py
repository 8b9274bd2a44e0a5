"""Search over 100,000 functions: `python -m benchmarks.search_large --packages DIR [--data DIR] [--functions 100000]`.

The words are of real functions: those of the Python packages in DIR, wheels or folders, such as
`pip download --no-deps -d DIR django sympy scipy pandas sqlalchemy twisted matplotlib scikit-learn` brings. The
vectors are those of CoSQA's functions with a little noise, since embedding so many takes an hour; where the packages
have too few functions, CoSQA's come again under other names. Queries are CoSQA's.

Printed: the time and the size of a full build; a search as sweeps measure it (all tiers, and the query for the rows) in
a process that has the web application loaded; the memory of two such processes that share the index; and the time from
the commit of an edit until a search in another process finds it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from apps.functions.index import build_index
from apps.functions.records import FunctionRecord
from apps.functions.search.documents import Document
from apps.functions.sources.opening import open_tree
from apps.inference.embedding import load_embedder
from benchmarks.figures import ROOT, save_figures
from benchmarks.options import has_data, make_parser
from benchmarks.search_sets import VectorCache, load_cosqa
from benchmarks.search_speed import multiply

NOISE = 0.02
WORKERS = 2


def main() -> int:
    parser = make_parser(__doc__, "data", "models", "cache")
    parser.add_argument("--packages", type=Path, help="a folder of wheels, or of unpacked packages")
    parser.add_argument("--functions", type=int, default=100_000)
    options = parser.parse_args()
    if not has_data(options.data, "retrieval"):
        return 2
    with tempfile.TemporaryDirectory(prefix="touchstone-large-") as scratch:
        figures = measure(options, Path(scratch))
    save_figures("large", "python -m benchmarks.search_large --packages DIR", figures)
    print(json.dumps(figures, indent=2))
    return 0


def measure(options: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    given = load_cosqa(options.data / "retrieval")
    vectors = VectorCache(options.models, options.cache).embed_documents(given.documents)
    real = read_packages(options.packages, scratch, options.functions) if options.packages else []
    home, model = scratch / "home", load_embedder(options.models).digest
    started = time.perf_counter()
    entries = make_entries(real, given.documents, vectors, options.functions)
    manifest = build_index(home / "index", entries, model_digest=model, watermark=0)
    seconds = time.perf_counter() - started
    (home / "models").symlink_to(options.models.resolve())
    queries = scratch / "queries.json"
    queries.write_text(json.dumps(given.queries), encoding="utf-8")
    return {
        "functions": manifest.documents,
        "real_functions": len(real),
        "build_seconds": round(seconds, 1),
        "index_mb": round(manifest.bytes / 1e6),
        **run_workers(home, queries),
    }


def read_packages(folder: Path, scratch: Path, count: int) -> list[Document]:
    """The functions of packages as an import reads them, up to `count`."""
    documents: list[Document] = []
    for path in sorted(folder.iterdir()):
        tree = path
        if path.suffix == ".whl":
            tree = scratch / "packages" / path.name.split("-")[0]
            with zipfile.ZipFile(path) as wheel:
                wheel.extractall(tree, [name for name in wheel.namelist() if name.endswith(".py")])
        if tree.is_dir() and len(documents) < count:
            library = tree.name
            for item in open_tree(tree, language="python", library=library).items():
                if isinstance(item, FunctionRecord):
                    documents.append(to_document(len(documents) + 1, item))
    return documents[:count]


def to_document(number: int, record: FunctionRecord) -> Document:
    return Document(
        id=number,
        name=record.qualified_name or record.name,
        language=record.language,
        signature=record.signature,
        description=record.description,
        code=record.code,
        library=record.library,
        popularity=record.popularity,
    )


def make_entries(
    real: Sequence[Document], known: Sequence[Document], vectors: NDArray[np.float32], count: int
) -> Iterator[tuple[Document, NDArray[np.float32]]]:
    """The real functions with vectors near those of known ones, then the known ones until there are enough."""
    random = np.random.default_rng(0)
    for number, document in enumerate(real):
        near = vectors[number % len(vectors)]
        yield document, near + random.normal(0, NOISE, near.shape).astype(np.float32)
    for document, vector in multiply(known, vectors, count - len(real)):
        yield replace(document, id=len(real) + document.id), vector


def run_workers(home: Path, queries: Path) -> dict[str, Any]:
    """Processes as the web's, over one database that has none of the functions but the one that is edited."""
    os.environ |= {"TOUCHSTONE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "config.settings.dev"}
    os.environ["LOG_LEVEL"] = "ERROR"
    from apps.core.embedded.home import resolve_home
    from apps.core.embedded.session import embedded_services

    command = [sys.executable, "-m", "benchmarks.search_worker", str(queries)]
    with embedded_services(resolve_home()), ExitStack() as stack:
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, check=True)
        workers = [
            stack.enter_context(subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
            for _ in range(WORKERS)
        ]
        # One after the other, so that neither is in the other's way.
        times = [ask(worker, "measure") for worker in workers][-1]
        memory = [round(psutil.Process(worker.pid).memory_full_info().pss / 1e6) for worker in workers]
        edited = ask(workers[0], "edit")
        found = ask(workers[1], "find", edited["word"])
        for worker in workers:
            assert worker.stdin
            worker.stdin.close()
    return {**times, "worker_mb": max(memory), "update_seconds": round(found["at"] - edited["at"], 2)}


def ask(worker: subprocess.Popen[bytes], *words: str) -> dict[str, Any]:
    assert worker.stdin
    assert worker.stdout
    worker.stdin.write(" ".join(words).encode() + b"\n")
    worker.stdin.flush()
    answer: dict[str, Any] = json.loads(worker.stdout.readline())
    return answer


if __name__ == "__main__":
    raise SystemExit(main())
