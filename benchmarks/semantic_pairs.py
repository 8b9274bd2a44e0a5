"""Pairs of questions with their label, as the fit of the semantic cache and its benchmark read them."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from apps.inference.semantic.features import compare
from apps.inference.semantic.gate import check_pair
from apps.inference.semantic.vocabulary import Axes, Kind, Vectors, Vocabulary, load_vocabulary
from apps.inference.semantic.wording import BUCKETS, list_wording
from apps.inference.semantic.words import Question, read_question
from benchmarks.search_sets import VectorCache, read_lines

FILE = "cache/qqp_gptcache_full_dev.jsonl"
PARAPHRASES = "cache/gptcache_mock_pairs.jsonl"
FOLDS, PARTS = 10, 3
AXES = 96
"""Of the vectors of pieces, out of the model's 384."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """`first` and `second` are the rows of the questions' vectors; `same` is the label.

    Questions that are joined by pairs are all in one `fold`, and within a fold in one `part`, so that a model is never
    judged by a question that it was fitted to. `passes` says that the rules let a pair through. `wordings` has what
    a pair has of each bucket. `axes` are those of the vectors of word pieces.
    """

    texts: list[str]
    vectors: NDArray[np.float32]
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    same: NDArray[np.bool_]
    features: NDArray[np.float32]
    wordings: csr_array
    passes: NDArray[np.bool_]
    folds: NDArray[np.intp]
    parts: NDArray[np.intp]
    axes: Axes

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
    axes = find_axes(vocabulary, texts)
    vocabulary = replace(vocabulary, vectors=axes.project(vocabulary.vectors))
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
        features=np.stack(
            [compare(*pair, float(cosine), vocabulary.vectors) for pair, cosine in zip(joined, cosines, strict=True)]
        ),
        wordings=count_wordings(joined),
        passes=np.array([check_pair(*pair).passes for pair in joined]),
        folds=np.array([groups[one][1] % FOLDS for one in first]),
        parts=np.array([groups[one][2] % PARTS for one in first]),
        axes=axes,
    )


def find_axes(vocabulary: Vocabulary, texts: list[str]) -> Axes:
    """Along which the pieces that are words differ most, each counted as often as the texts have it; knows no label."""
    counts = np.zeros(len(vocabulary.vectors))
    for text in texts:
        pieces = vocabulary.read_pieces(text)
        np.add.at(counts, pieces.numbers[pieces.kinds != Kind.MARK], 1)
    mean = (counts @ vocabulary.vectors / counts.sum()).round(5).astype(np.float32)
    apart = vocabulary.vectors - mean
    spread = (apart * counts[:, None]).T @ apart
    axes = np.linalg.eigh(spread)[1][:, ::-1][:, :AXES]
    levels, step = find_levels(axes.astype(np.float32))
    return Axes(mean, levels * np.float32(step))


def find_levels(values: Vectors) -> tuple[NDArray[np.int8], float]:
    """The values as bytes, each of which is so many steps. What was found so is found again."""
    step = float(np.abs(values).max() / np.float32(127))
    return np.rint(values / np.float32(step)).clip(-127, 127).astype(np.int8), step


def count_wordings(joined: list[tuple[Question, Question]]) -> csr_array:
    counted = [list(list_wording(*pair)) for pair in joined]
    rows = np.repeat(np.arange(len(joined)), [len(each) for each in counted])
    buckets = [bucket for each in counted for bucket, _ in each]
    counts = np.array([count for each in counted for _, count in each], dtype=np.float32)
    return csr_array((counts, (rows, buckets)), shape=(len(joined), BUCKETS))


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
