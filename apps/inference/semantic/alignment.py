"""Which piece of one question goes with which of the other by their vectors, and what is left over; either way round.

A gap is how far a word is from its partner, by how rare it is; what is left over are the words, by their gaps.
"""

import numpy as np
from numpy.typing import NDArray

from apps.inference.semantic.vocabulary import Vectors
from apps.inference.semantic.words import Question

_OF_SIDES = "aligned least_aligned widest_gap second_gap rarity_of_least gaps all_aligned small_aligned least_small"
ALIGNMENT = (
    *(f"{end}_{name}" for name in _OF_SIDES.split() for end in ("lesser", "greater")),
    "least_same", "same_aligned", "most_unmatched", "least_unmatched",
    "rest_alike", "lesser_rest", "greater_rest",
    "different_alike", "lesser_different", "greater_different",
    "crossings", "shift", "mutual",
    "starts_alike", "ends_alike", "last_alike",
    "all_alike", "content_alike", "small_alike", "first_alike", "peaks_alike", "question_words_alike",
)  # fmt: skip


def align(first: Question, second: Question, vectors: Vectors) -> NDArray[np.float32]:
    """In the order of ALIGNMENT; `vectors` are the vocabulary's."""
    from apps.inference.semantic.kernels import align_pieces

    one, two = (first, second) if first.text <= second.text else (second, first)
    found: NDArray[np.float32] = align_pieces(
        one.pieces, two.pieces, vectors[one.pieces.numbers], vectors[two.pieces.numbers]
    )
    return found
