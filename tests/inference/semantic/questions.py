"""Questions as tests make them, and a small vocabulary in which some words are frequent."""

import numpy as np
from hypothesis import strategies as st

from apps.inference.semantic.model import Vector
from apps.inference.semantic.vocabulary import Vocabulary, make_vocabulary
from apps.inference.semantic.words import Question, read_question

_NUMBERS = {
    "[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "?": 3, "the": 1_996, "how": 2_000, "best": 2_190, "language": 2_653,
    "learn": 4_553, "motiv": 5_000, "##ation": 5_001, "buy": 8_000, "bicycle": 9_000, "quickest": 29_000,
}  # fmt: skip


def tokenize(text: str) -> list[int]:
    words = text.lower().replace("?", " ?").replace("motivation", "motiv ##ation").split()
    return [1, *(_NUMBERS.get(word, 0) for word in words), 2]


def invent_vocabulary() -> Vocabulary:
    """Every piece has an axis of its own, but a bicycle is somewhat like a language."""
    vectors = np.zeros((max(_NUMBERS.values()) + 1, len(_NUMBERS)), dtype=np.float32)
    for axis, number in enumerate(_NUMBERS.values()):
        vectors[number, axis] = 1
    vectors[_NUMBERS["bicycle"]] = 0.6 * vectors[_NUMBERS["bicycle"]] + 0.8 * vectors[_NUMBERS["language"]]
    return make_vocabulary(_NUMBERS, tokenize, vectors)


VOCABULARY = invent_vocabulary()
_SENTENCES = """
how do I learn the best language in Paris not never 7 twelve 3.50 1,000 "slow" 'fast food' India's don't
Why are Germans, motivated? motivation. buy sell
"""
WORDS = _SENTENCES.split()

texts = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))


def read(text: str) -> Question:
    return read_question(text, VOCABULARY)


def point_to(*numbers: float) -> Vector:
    """A vector of length 1."""
    vector = np.array(numbers, dtype=np.float32)
    return vector / np.float32(np.linalg.norm(vector))
