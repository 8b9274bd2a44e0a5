"""From which likeness on two answers say the same, as the check of the semantic cache's hits counts them.

    python -m benchmarks.semantic_recheck [--data DIR] [--models DIR]

Sentences that people have graded stand for answers (STS 2012 to 2016, and SICK; grades from 0 to 5): the same from 4.4
on, another up to 3. Hits are mostly right, so a threshold that calls few right answers wrong matters more than one that
finds every wrong one. `counted` is the share that is counted as wrong where 5 % are: it is to be about 5 %.
"""

import config  # noqa: F401, I001 - before NumPy, which then has one thread, as in the product
import random
from pathlib import Path
from typing import Any

import numpy as np

from apps.inference.embedding import Embedder, load_embedder
from benchmarks.options import has_data
from benchmarks.figures import save_figures
from benchmarks.page import render_rows
from benchmarks.search_sets import read_lines
from benchmarks.semantic_fit import read_options

COMMAND = "python -m benchmarks.semantic_recheck"
SETS = {"STS": "text/sts_2012_2016_dev.jsonl", "SICK": "text/sick_train.jsonl"}
SAMPLE = 1600
SAME, OTHER = 4.4, 3.0
COSINES = (0.5, 0.55, 0.6, 0.65, 0.7, 0.8)
WRONG = 0.05


def main() -> int:
    options = read_options(__doc__)
    if not has_data(options.data, *SETS.values()):
        return 2
    embedder = load_embedder(options.models)
    rows = [row for name, file in SETS.items() for row in measure(name, options.data / file, embedder)]
    print(render_rows(rows))
    if not options.dry_run:
        save_figures("semantic_recheck", COMMAND, {"cosines": rows})
    return 0


def measure(name: str, path: Path, embedder: Embedder) -> list[dict[str, Any]]:
    pairs = read_lines(path)
    random.Random(1).shuffle(pairs)
    pairs = pairs[:SAMPLE]
    grades = np.array([pair["score"] for pair in pairs])
    first, second = (embedder.embed([pair[side] for pair in pairs]) for side in "ab")
    cosines = np.einsum("pd,pd->p", first, second)
    return [describe(name, least, cosines[grades >= SAME], cosines[grades <= OTHER]) for least in COSINES]


def describe(name: str, least: float, same: Any, other: Any) -> dict[str, Any]:
    right, found = float((same < least).mean()), float((other < least).mean())
    return {
        "set": name,
        "cosine": least,
        "same, called wrong": round(right, 4),
        "other, called wrong": round(found, 4),
        "counted": round((1 - WRONG) * right + WRONG * found, 4),
    }


if __name__ == "__main__":
    raise SystemExit(main())
