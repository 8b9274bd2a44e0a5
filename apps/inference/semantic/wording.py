"""What a linear model knows of single words: which only one question says, which stand for each other, how both begin.

No word is kept: a weight belongs to all that fall on the same number.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from math import fsum

import numpy as np
from numpy.typing import NDArray

from apps.inference.semantic.features import FEATURES, Features
from apps.inference.semantic.words import Question

BUCKETS = 1 << 15
MOST_EXCHANGES = 12
BESIDE = (
    "cosine", "lesser_rarity", "greater_rarity", "rarest_different", "rarest_common", "overlap",
    "shared_order", "content_order",
)  # fmt: skip
"""Features that the model reads beside the words."""

PLACES = [FEATURES.index(name) for name in BESIDE]


@dataclass(frozen=True, slots=True)
class Wording:
    """`weights` of the buckets and of the features in BESIDE."""

    weights: NDArray[np.float32]
    beside: NDArray[np.float32]
    intercept: float

    def score(self, features: Features, pairs: Sequence[tuple[Question, Question]]) -> NDArray[np.float64]:
        """Of the pairs and their features (pairs, FEATURES): (pairs,), higher for the same."""
        words = [fsum(self.weights.item(bucket) * count for bucket, count in list_wording(*pair)) for pair in pairs]
        found: NDArray[np.float64] = np.array(words) + features[:, PLACES] @ self.beside + self.intercept
        return found


def list_wording(first: Question, second: Question) -> Iterable[tuple[int, float]]:
    """Buckets, and how much a pair has of each; some come twice. The same either way round, but for the order."""
    own, other = frozenset(first.stems), frozenset(second.stems)
    only, lacking = own - other, other - own
    yield from ((choose_bucket("different", stem), 1.0) for stem in only | lacking)
    yield from ((choose_bucket("common", stem), 0.5) for stem in own & other)
    exchanges = max(len(only), 1) * max(len(lacking), 1)
    if exchanges <= MOST_EXCHANGES:
        share = 1 / float(np.sqrt(exchanges))
        for pair in product(only or ("",), lacking or ("",)):
            yield choose_bucket("exchange", *sorted(pair)), share
    for size in (1, 2, 3):
        yield choose_bucket("start", *sorted(" ".join(each.words[:size]) for each in (first, second))), 1.0
    yield choose_bucket("end", *sorted(" ".join(each.stems[-1:]) for each in (first, second))), 0.5
    pairs, others = (frozenset(zip(each.stems, each.stems[1:], strict=False)) for each in (first, second))
    yield from ((choose_bucket("pair", *pair), 0.5) for pair in pairs ^ others)


def choose_bucket(*parts: str) -> int:
    return zlib.crc32("|".join(parts).encode("utf-8", "replace")) % BUCKETS
