"""One score out of two: likeness in meaning and words in common, as a convex combination.

Both parts have a fixed scale (a cosine; the share of the query's possible BM25 score), so that a document's score
does not hang on what else was found. Bruch et al., "An Analysis of Fusion Functions for Hybrid Retrieval" (ACM TOIS
42(1), 2023), find such a combination better and sturdier than reciprocal ranks, with one weight to choose.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """What each part counts for; only their proportions matter."""

    semantic: float
    lexical: float
    crowding: float


# Chosen by `python -m benchmarks.search_tuning fusion`.
DEFAULT_WEIGHTS = FusionWeights(semantic=1.0, lexical=0.12, crowding=0.2)

# A document that has no vector yet is given the cosine that documents with its lexical score have on average
# (least squares over the first hundred results of a query: `python -m benchmarks.search_tuning fusion`).
STAND_IN_BASE = 0.23
STAND_IN_SLOPE = 0.48
TYPICAL_CROWDING = 0.6

# The fused score of a function that has nothing to do with the query: a cosine of 0.16, no word, typical crowding.
UNRELATED_SCORE = 0.18


def fuse_scores(
    semantic: Floats, lexical: Floats, crowding: Floats, weights: FusionWeights = DEFAULT_WEIGHTS
) -> Floats:
    """The fused score of each document, from 0 to 1, rising with `semantic` and `lexical`, falling with `crowding`.

    All three have the shape (n,): cosines (those below 0 count as 0), shares of the possible BM25 score from 0 to 1,
    and crowding from 0 to 1.
    """
    from apps.functions.search.kernels import fuse

    total = weights.semantic + weights.lexical + weights.crowding
    parts = [np.float32(part / total) for part in (weights.semantic, weights.lexical, weights.crowding)]
    return fuse(semantic, lexical, crowding, *parts)


def stand_in_semantic(lexical: Floats) -> Floats:
    """The cosine assumed for documents without a vector, from their lexical scores, shape (n,)."""
    return np.asarray(STAND_IN_BASE + STAND_IN_SLOPE * np.clip(lexical, 0, 1), dtype=np.float32)
