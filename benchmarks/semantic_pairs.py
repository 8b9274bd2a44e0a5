"""Pairs of questions with their label, as the fit of the semantic cache and its benchmark read them."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from apps.inference.semantic.features import compare
from apps.inference.semantic.gate import check_pair
from apps.inference.semantic.vocabulary import load_vocabulary
from apps.inference.semantic.words import read_question
from benchmarks.search_sets import VectorCache, read_lines

FILE = "cache/qqp_gptcache_full_dev.jsonl"
PARAPHRASES = "cache/gptcache_mock_pairs.jsonl"
FOLDS, PARTS = 10, 3


@dataclass(frozen=True, slots=True)
class Pairs:
    """`first` and `second` are the rows of the questions' vectors; `same` is the label.

    Questions that are joined by pairs are all in one `fold`, and within a fold in one `part`, so that a model is never
    judged by a question that it was fitted to. `passes` says that the rules let a pair through.
    """

    texts: list[str]
    vectors: NDArray[np.float32]
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    same: NDArray[np.bool_]
    features: NDArray[np.float32]
    passes: NDArray[np.bool_]
    folds: NDArray[np.intp]
    parts: NDArray[np.intp]

    @property
    def cosines(self) -> NDArray[np.float32]:
        return self.features[:, 0]


def load_pairs(data: Path, models: Path, cache: Path) -> Pairs:
    rows = read_lines(data / FILE)
    texts = sorted({row[side] for row in rows for side in "ab"})
    place = {text: number for number, text in enumerate(texts)}
    first, second = (np.array([place[row[side]] for row in rows]) for side in "ab")
    vectors = VectorCache(models, cache).embed(texts)
    vocabulary = load_vocabulary(models)
    questions = [read_question(text, vocabulary) for text in texts]
    cosines = np.einsum("pd,pd->p", vectors[first], vectors[second])
    joined = [(questions[one], questions[two]) for one, two in zip(first, second, strict=True)]
    groups = [hashlib.sha256(texts[root].encode()).digest() for root in find_groups(len(texts), first, second)]
    return Pairs(
        texts,
        vectors,
        first,
        second,
        same=np.array([row["label"] == 1 for row in rows]),
        features=np.stack([compare(*pair, float(cosine)) for pair, cosine in zip(joined, cosines, strict=True)]),
        passes=np.array([check_pair(*pair).passes for pair in joined]),
        folds=np.array([groups[one][1] % FOLDS for one in first]),
        parts=np.array([groups[one][2] % PARTS for one in first]),
    )


def find_groups(count: int, first: NDArray[np.intp], second: NDArray[np.intp]) -> list[int]:
    """With each question the least one that it is joined to, directly or through others."""
    roots = list(range(count))

    def find(one: int) -> int:
        while roots[one] != one:
            roots[one] = roots[roots[one]]
            one = roots[one]
        return one

    for one, two in zip(first.tolist(), second.tolist(), strict=True):
        low, high = sorted((find(one), find(two)))
        roots[high] = low
    return [find(one) for one in range(count)]


def hold_out_pairs(pairs: Pairs) -> Pairs:
    """The same with folds by the pair: a question may be in another pair of those that a model was fitted to."""
    named = (f"{pairs.texts[one]}\n{pairs.texts[two]}" for one, two in zip(pairs.first, pairs.second, strict=True))
    digests = [hashlib.sha256(name.encode()).digest() for name in named]
    folds, parts = ([digest[place] % count for digest in digests] for place, count in ((1, FOLDS), (2, PARTS)))
    return replace(pairs, folds=np.array(folds), parts=np.array(parts))
