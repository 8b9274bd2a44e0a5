"""Questions as tests make them, and a small vocabulary in which some words are frequent."""

import numpy as np
from hypothesis import strategies as st

from apps.inference.semantic.model import Vector
from apps.inference.semantic.words import Question, read_question

VOCABULARY = {"the": 1_996, "learn": 4_553, "best": 2_190, "language": 2_653, "quickest": 29_000}
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
