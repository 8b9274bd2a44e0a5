"""Crowding: how close a document is to its neighbours, which makes it turn up for queries that are not about it.

In a space of many dimensions a few points are among the nearest of very many others ("hubs": Radovanović et al.,
"Hubs in Space", JMLR 11, 2010). Taking part of a document's mean similarity to its nearest neighbours off its score
is the one-sided form of cross-domain similarity local scaling (CSLS: Conneau et al., "Word Translation Without
Parallel Data", ICLR 2018, section 2.3). It is computed once, when the index is built.
"""

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = 10
SAMPLE = 8_192
BLOCK = 1_024

Vectors = NDArray[np.float32]


def measure_crowding(vectors: Vectors, sample: Vectors, *, itself_in_sample: bool = True) -> NDArray[np.float32]:
    """The mean cosine of each vector to its NEIGHBOURS nearest in the sample, shape (n,), from 0 to 1.

    `vectors` (n, d) and `sample` (m, d) have unit rows; with `itself_in_sample` one nearest neighbour, the vector
    itself or its double, is left out. Fewer neighbours are averaged in a smaller sample; without any it is 0.
    """
    skipped = 1 if itself_in_sample else 0
    count = min(NEIGHBOURS, len(sample) - skipped)
    result = np.zeros(len(vectors), dtype=np.float32)
    if count <= 0:
        return result
    for start in range(0, len(vectors), BLOCK):
        similarities = vectors[start : start + BLOCK] @ sample.T
        nearest = -np.partition(-similarities, count + skipped - 1, axis=1)[:, : count + skipped]
        total = nearest.sum(axis=1) - (nearest.max(axis=1) if skipped else 0)
        result[start : start + BLOCK] = total / count
    return np.clip(result, 0, 1)


def choose_sample(count: int) -> NDArray[np.int64]:
    """Which of `count` rows stand for all when neighbours are looked for: every row, or SAMPLE rows evenly spread."""
    if count <= SAMPLE:
        return np.arange(count)
    return np.linspace(0, count - 1, SAMPLE).astype(np.int64)
