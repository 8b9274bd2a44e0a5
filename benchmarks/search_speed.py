"""How long a search and a build take, in this process and on one thread."""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from apps.functions.index import LiveIndex, Overlay, build_index, open_current
from apps.functions.search.documents import Document
from apps.functions.search.query import parse_query
from apps.inference.embedding import Embedder, load_embedder
from benchmarks.search_sets import VectorCache, load_cosqa

COUNTS = (6_267, 100_000)
ROUNDS = 2


def measure_speed(data: Path, models: Path, cache: Path) -> None:
    """Every size in a process of its own, so that its peak memory is its own."""
    for count in COUNTS:
        command = [sys.executable, "-m", "benchmarks.search_speed", str(data), str(models), str(cache), str(count)]
        subprocess.run(command, check=True)


def measure_size(data: Path, models: Path, cache: Path, count: int) -> None:
    given = load_cosqa(data / "retrieval")
    vectors = VectorCache(models, cache).embed_documents(given.documents)
    embedder = load_embedder(models, threads=1)
    with tempfile.TemporaryDirectory(prefix="touchstone-speed-") as scratch:
        before, started = peak_megabytes(), time.perf_counter()
        manifest = build_index(
            Path(scratch), multiply(given.documents, vectors, count), model_digest="benchmark", watermark=0
        )
        seconds = time.perf_counter() - started
        print(
            f"{count:,} functions: built in {seconds:.1f} s, {manifest.bytes / 1e6:.0f} MB of files, "
            f"peak memory {before:.0f} MB before and {peak_megabytes():.0f} MB after"
        )
        live = LiveIndex(open_current(Path(scratch)), Overlay())
        print_times(live, embedder, given.queries)


def multiply(
    documents: Sequence[Document], vectors: NDArray[np.float32], count: int
) -> Iterator[tuple[Document, NDArray[np.float32]]]:
    """The same functions again and again, with other ids and names and with vectors nearby, as a stream."""
    random = np.random.default_rng(0)
    for number in range(count):
        place, again = number % len(documents), number // len(documents)
        document = replace(documents[place], id=number + 1)
        vector = vectors[place]
        if again:
            document = replace(document, name=f"{document.name}_{again}")
            vector = vector + random.normal(0, 0.02, vector.shape).astype(np.float32)
        yield document, vector


def print_times(live: LiveIndex, embedder: Embedder, queries: Sequence[str]) -> None:
    """Elapsed time, and time on the processor: the first is longer than the second where others use it too."""
    for title, clock in (("elapsed", time.perf_counter), ("processor", time.process_time)):
        time_queries(live, embedder, queries[:50], clock)
        times = np.concatenate([time_queries(live, embedder, queries, clock) for _ in range(ROUNDS)])
        for name, values in (("embedding", times[:, 0]), ("search", times[:, 1]), ("together", times.sum(axis=1))):
            p50, p95, p99 = np.percentile(values, [50, 95, 99])
            print(f"  {title:9s}  {name:9s}  p50 {p50:6.2f} ms   p95 {p95:6.2f} ms   p99 {p99:6.2f} ms")


def time_queries(
    live: LiveIndex, embedder: Embedder, queries: Sequence[str], clock: Callable[[], float]
) -> NDArray[np.float64]:
    """Milliseconds for embedding and for searching, (queries, 2)."""
    times = []
    for query in queries:
        started = clock()
        parsed = parse_query(query, available=live.languages)
        vector = embedder.embed([parsed.text])[0]
        embedded = clock()
        live.search(parsed, vector)
        times.append((embedded - started, clock() - embedded))
    return 1000 * np.array(times)


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    data, models, cache, count = sys.argv[1:]
    measure_size(Path(data), Path(models), Path(cache), int(count))
