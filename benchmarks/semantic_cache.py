"""Whether a stored answer is given to the right questions: Touchstone's gate, plain cosine and GPTCache, in one run.

    python -m benchmarks.semantic_cache [--data DIR] [--models DIR]

Over pairs of questions, one asked while the other is stored: every system has the same vectors, and each pair is
judged by a model of ours that had not seen it, and by one that had seen neither of its questions. Over paraphrases, all
originals are stored and each other wording is asked once: here the shipped model answers, and GPTCache whole, set up as
its `init_similar_cache` does but for the vectors. Last, how long a hit takes of the pure parts; `semantic_level` has
the whole level as a gateway has it.
"""

import config  # noqa: F401, I001 - before NumPy, which then has one thread, as in the product
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.inference.embedding import Embedder, load_embedder
from apps.inference.semantic.lookup import Entries, Found
from apps.inference.semantic.model import load_model
from apps.inference.semantic.vocabulary import load_vocabulary
from benchmarks.options import has_data
from benchmarks.figures import save_figures
from benchmarks.page import render_rows
from benchmarks.search_sets import read_lines
from benchmarks.semantic_fit import fit_pairs, read_options
from benchmarks.semantic_pairs import FILE, PARAPHRASES, Pairs, hold_out_pairs, load_pairs

COMMAND = "python -m benchmarks.semantic_cache"
COSINES = (0.95, 0.9)
SHARES = (0.06, 0.07, 0.08, 0.1, 0.15, 0.2)
SIZES = (100, 1_000, 10_000)
TIMED = 300
GOAL_FALSE, GOAL_SHARE = 0.05, 0.06
Flags = NDArray[np.bool_]
Answer = Callable[[str], str | None]


def main() -> int:
    options = read_options(__doc__)
    if not has_data(options.data, FILE):
        return 2
    pairs = load_pairs(options.data, options.models, options.cache)
    figures = measure_pairs(pairs)
    embedder = load_embedder(options.models)
    figures["paraphrases"] = measure_paraphrases(options.data, options.models, options.cache, embedder)
    figures["latency"] = [measure_hits(pairs, size, options.models, embedder) for size in SIZES]
    for name in ("pairs", "same_share", "paraphrases", "latency"):
        print(f"\n{name}\n{render_rows(figures[name])}")
    print(json.dumps({"load": os.getloadavg(), **figures}))
    save_figures("semantic_cache", COMMAND, figures)
    return 0


def measure_pairs(pairs: Pairs) -> dict[str, Any]:
    """Ours, plain cosine and GPTCache's default over all pairs, and all of them at the same shares of hits."""
    ours, by_pair = judge_held_out(pairs), judge_held_out(hold_out_pairs(pairs))
    cosine = pairs.cosines.astype(np.float64)
    default = ask_gptcache_pairs(pairs)
    threshold = load_model().threshold
    rows = [
        describe("Touchstone, pairs unseen", f"{threshold}", by_pair >= threshold, pairs.same),
        describe("Touchstone, questions unseen", f"{threshold}", ours >= threshold, pairs.same),
        describe("cosine behind the rules", "0.95", pairs.passes & (cosine >= 0.95), pairs.same),
        *(describe("cosine", f"{least}", cosine >= least, pairs.same) for least in COSINES),
        describe("GPTCache", "0.8, its default", default, pairs.same),
    ]
    share = float(default.mean())
    return {
        "count": len(ours),
        "same": round(float(pairs.same.mean()), 4),
        "threshold": threshold,
        "hit_share": rows[0]["hits"],
        "false_share": rows[0]["false"],
        "largest_share_at_goal": find_largest_share(by_pair, pairs.same),
        "largest_share_at_goal_questions_unseen": find_largest_share(ours, pairs.same),
        "calibration_error": find_calibration_error(by_pair[pairs.passes], pairs.same[pairs.passes]),
        "pairs": rows,
        "same_share": [compare_at(each, pairs.same, by_pair, ours, cosine) for each in (*SHARES, share)],
        "gptcache_default_share": round(share, 4),
        "least_possible_at_default_share": round(max(0.0, 1 - float(pairs.same.mean()) / share), 4),
    }


def judge_held_out(pairs: Pairs) -> NDArray[np.float64]:
    """Each pair's probability by a model of other folds and the shipped calibration; 0 or less where the rules refuse.

    Where the calibration makes two alike, their scores keep them in order; refused pairs come last, by the cosine.
    """
    scores = fit_pairs(pairs).held_out
    ordered = load_model().calibration.apply(scores) + 1e-9 / (1 + np.exp(-scores))
    return np.where(pairs.passes, ordered, pairs.cosines * 1e-9 - 1)


def describe(system: str, threshold: str, hits: Flags, same: Flags) -> dict[str, Any]:
    return {
        "system": system,
        "threshold": threshold,
        "hits": round(float(hits.mean()), 4),
        "false": round(1 - float(same[hits].mean()), 4),
        "of the same": round(float(hits[same].mean()), 4),
    }


def compare_at(share: float, same: Flags, *orders: NDArray[np.float64]) -> dict[str, Any]:
    """The share of false hits where each system hits just so many pairs; GPTCache orders pairs by the cosine too.

    `orders` are ours with pairs and with questions unseen, and the cosine; `ratio` is the first to the last. `least`
    is what remains if all pairs that are the same are hit.
    """
    count = round(share * len(same))
    by_pair, own, other = (1 - float(same[np.argsort(-each, kind="stable")[:count]].mean()) for each in orders)
    return {
        "share of pairs hit": round(share, 4),
        "Touchstone, pairs unseen": round(by_pair, 4),
        "questions unseen": round(own, 4),
        "GPTCache, cosine": round(other, 4),
        "ratio": round(by_pair / other, 3),
        "least": round(max(0.0, 1 - float(same.sum()) / count), 4),
    }


def find_largest_share(ours: NDArray[np.float64], same: Flags) -> float:
    """The largest share of pairs that can be hit with no more false hits than the goal."""
    order = np.argsort(-ours, kind="stable")
    false = np.cumsum(~same[order]) / np.arange(1, len(order) + 1)
    within = np.flatnonzero(false <= GOAL_FALSE)
    return round((int(within[-1]) + 1) / len(order), 4) if len(within) else 0.0


def find_calibration_error(probabilities: NDArray[np.float64], same: Flags, bins: int = 10) -> float:
    which = np.minimum((probabilities * bins).astype(int), bins - 1)
    parts = [which == number for number in range(bins) if (which == number).any()]
    return round(float(sum(abs(probabilities[part].mean() - same[part].mean()) * part.mean() for part in parts)), 4)


def ask_gptcache_pairs(pairs: Pairs) -> Flags:
    """What GPTCache's vector store and default evaluation say of each pair, at its default threshold."""
    from gptcache import Config
    from gptcache.manager.vector_data.base import VectorData
    from gptcache.manager.vector_data.faiss import Faiss
    from gptcache.similarity_evaluation import SearchDistanceEvaluation

    evaluation = SearchDistanceEvaluation()
    low, high = evaluation.range()
    least = (high - low) * Config().similarity_threshold
    with tempfile.TemporaryDirectory() as folder:
        store = Faiss(str(Path(folder) / "faiss.index"), pairs.vectors.shape[1], 1)
        hits = np.zeros(len(pairs.same), dtype=np.bool_)
        for number, (one, two) in enumerate(zip(pairs.first, pairs.second, strict=True)):
            store.mul_add([VectorData(id=1, data=pairs.vectors[one])])
            nearest = store.search(pairs.vectors[two])[0]
            hits[number] = evaluation.evaluation({}, {"search_result": nearest}) >= least
            store.delete([1])
    return hits


def measure_paraphrases(data: Path, models: Path, kept: Path, embedder: Embedder) -> list[dict[str, Any]]:
    """All originals are stored, each other wording is asked: a hit is false where it is another original's."""
    rows = read_lines(data / PARAPHRASES)
    entries = Entries(load_model(), load_vocabulary(models, load_model().axes), dimensions=embedder.dimensions)
    for row in rows:
        entries.add("all", row["origin"], row["origin"], embedder.embed([row["origin"]])[0])

    def answer(text: str) -> str | None:
        hit = entries.find("all", text, embedder.embed([text])[0]).hit
        return str(hit.key) if hit else None

    systems = {"Touchstone": answer, "GPTCache": fill_gptcache(rows, embedder, kept / "gptcache")}
    return [count_answers(system, ask, rows) for system, ask in systems.items()]


def fill_gptcache(rows: list[dict[str, Any]], embedder: Embedder, folder: Path) -> Answer:
    """GPTCache with SQLite, faiss and the evaluation that `init_similar_cache` takes; only the vectors are ours.

    It writes to its folder once more when the process ends.
    """
    from gptcache import Cache
    from gptcache.adapter.api import get, init_similar_cache
    from gptcache.embedding.base import BaseEmbedding

    class Vectors(BaseEmbedding):
        def to_embeddings(self, data: str, **_: Any) -> NDArray[np.float32]:
            return embedder.embed([data])[0]

        @property
        def dimension(self) -> int:
            return embedder.dimensions

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    cache = Cache()
    init_similar_cache(data_dir=str(folder), cache_obj=cache, embedding=Vectors())
    cache.config.disable_report = True
    originals = [row["origin"] for row in rows]
    cache.import_data(originals, originals)
    return lambda text: get(text, cache_obj=cache)


def count_answers(system: str, ask: Answer, rows: list[dict[str, Any]]) -> dict[str, Any]:
    answers = [ask(row["similar"]) for row in rows]
    hits = [(found, row["origin"]) for found, row in zip(answers, rows, strict=True) if found]
    false = sum(found != origin for found, origin in hits)
    return {
        "system": system,
        "asked": len(rows),
        "hits": round(len(hits) / len(rows), 4),
        "false": round(false / max(len(hits), 1), 4),
        "false hits": false,
    }


def measure_hits(pairs: Pairs, size: int, models: Path, embedder: Embedder) -> dict[str, Any]:
    """Milliseconds of a semantic hit with its embedding, and of an exact one, among so many entries of one owner."""
    entries = Entries(
        load_model(), load_vocabulary(models, load_model().axes), dimensions=embedder.dimensions, most=size
    )
    likely = np.argsort(-pairs.cosines)[: size // 2]
    stored = list(dict.fromkeys([*pairs.first[likely].tolist(), *range(len(pairs.texts))]))[:size]
    for place in stored:
        entries.add("all", place, pairs.texts[place], pairs.vectors[place])
    asked = [pairs.texts[place] for place in pairs.second[likely].tolist()]
    semantic = [timed for text in asked[: 4 * TIMED] if (timed := time_one(entries, embedder, text))]
    exact = []
    for place in stored[:TIMED]:
        started = time.perf_counter()
        entries.find_exact("all", pairs.texts[place])
        exact.append(1e3 * (time.perf_counter() - started))
    return {
        "entries": size,
        "hits timed": len(semantic),
        "p50 ms": round(float(np.median(semantic)), 3),
        "p95 ms": round(float(np.percentile(semantic, 95)), 3),
        "exact p50 ms": round(float(np.median(exact)), 4),
    }


def time_one(entries: Entries, embedder: Embedder, text: str) -> float | None:
    """Milliseconds, where the text was a semantic hit."""
    started = time.perf_counter()
    if entries.find_exact("all", text) is not None:
        return None
    found: Found = entries.find("all", text, embedder.embed([text])[0])
    return 1e3 * (time.perf_counter() - started) if found.hit else None


if __name__ == "__main__":
    raise SystemExit(main())
