"""Stored questions in memory, each owner's apart, and the one whose answer may be given for a new question."""

import threading
from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from apps.inference.semantic.features import compare
from apps.inference.semantic.gate import Difference, check_pair
from apps.inference.semantic.model import Model, Vector
from apps.inference.semantic.vocabulary import Vocabulary
from apps.inference.semantic.words import Question, read_question

NEAREST = 4
"""So many of the nearest entries are judged."""

LEAST_COSINE = 0.7
"""Below it no pair was worth judging."""

FIRST_ROWS = 64
SKETCH = 64
"""Numbers of a vector's sketch, by which the nearest are sought: a tenth of the time, and far less memory is read."""
SKETCHED = 64
"""So many of the nearest by sketch are measured."""
REMEMBERED = 4096
"""Texts whose words are kept as they were read."""


Near = tuple[Hashable, Question, Vector]


class Level(StrEnum):
    """By what an entry was found."""

    EXACT = "exact"
    SEMANTIC = "semantic"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A near entry as it was judged: `probability` that it means the same, 0 where the rules refused it."""

    key: Hashable
    text: str
    cosine: float
    probability: float
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """`hit` is the entry to answer with, if any; `candidates` are the nearest, for the trace."""

    hit: Candidate | None
    level: Level | None = None
    candidates: tuple[Candidate, ...] = ()


@dataclass(slots=True)
class Shelf:
    """One owner's entries: rows of `vectors` up to `len(keys)`, in no order. Texts are read when they are near."""

    vectors: NDArray[np.float32]
    sketches: NDArray[np.float32]
    keys: list[Hashable] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    rows: dict[Hashable, int] = field(default_factory=dict)
    exact: dict[str, Hashable] = field(default_factory=dict)


class Entries:
    """The entries of all owners. Safe to share between threads. Nobody's question is compared with another owner's.

    `most` is how many one owner may have: then the oldest goes.
    """

    def __init__(self, model: Model, vocabulary: Vocabulary, *, dimensions: int, most: int = 10_000) -> None:
        if most < 1:
            raise ValueError("an owner has room for at least one entry")
        self._model, self._dimensions, self._most = model, dimensions, most
        self._vocabulary = vocabulary
        self._read = lru_cache(REMEMBERED)(partial(read_question, vocabulary=vocabulary))
        self._projection = make_projection(dimensions)
        self._shelves: dict[Hashable, Shelf] = {}
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Judge a question beside itself: compiles what this machine never did, which takes some seconds."""
        text, vector = "Are you ready?", np.zeros(self._dimensions, dtype=np.float32)
        self._judge(text, vector, [(text, self._read(text), vector)])

    def count(self, owner: Hashable) -> int:
        shelf = self._shelves.get(owner)
        return len(shelf.keys) if shelf else 0

    def add(self, owner: Hashable, key: Hashable, text: str, vector: Vector) -> None:
        """Keep a question under a key; a key that is there gets the new text. ValueError for a vector of other size."""
        if vector.shape != (self._dimensions,):
            raise ValueError(f"a vector of {self._dimensions} numbers is wanted, not of shape {vector.shape}")
        sketch = vector @ self._projection
        with self._lock:
            shelf = self._shelves.get(owner)
            if shelf is None:
                shelf = self._shelves[owner] = make_shelf(*self._projection.shape)
            take_out(shelf, key)
            if len(shelf.keys) >= self._most:
                take_out(shelf, next(iter(shelf.rows)))
            put_in(shelf, key, text, vector, sketch)

    def remove(self, owner: Hashable, key: Hashable) -> bool:
        """Whether there was such an entry."""
        with self._lock:
            shelf = self._shelves.get(owner)
            return take_out(shelf, key) if shelf else False

    def clear(self, owner: Hashable) -> None:
        with self._lock:
            self._shelves.pop(owner, None)

    def find_exact(self, owner: Hashable, text: str) -> Hashable | None:
        """The key of an entry with this text but for white space. Needs no vector."""
        shelf = self._shelves.get(owner)
        return shelf.exact.get(normalize(text)) if shelf else None

    def find(self, owner: Hashable, text: str, vector: Vector, *, threshold: float | None = None) -> Found:
        """The entry that means the same with a probability of at least `threshold`; by default the fitted one."""
        exact = self.find_exact(owner, text)
        if exact is not None:
            return Found(Candidate(exact, text, 1.0, 1.0), Level.EXACT)
        candidates = self._judge(text, vector, self._find_nearest(owner, vector))
        least = self._model.threshold if threshold is None else threshold
        best = max(candidates, key=lambda each: each.probability, default=None)
        if best is None or best.differences or best.probability < least:
            return Found(None, candidates=candidates)
        return Found(best, Level.SEMANTIC, candidates)

    def _find_nearest(self, owner: Hashable, vector: Vector) -> list[Near]:
        with self._lock:
            shelf = self._shelves.get(owner)
            if shelf is None or not shelf.keys:
                return []
            rows = pick_highest(shelf.sketches[: len(shelf.keys)] @ (vector @ self._projection), SKETCHED)
            cosines = shelf.vectors[rows] @ vector
            found = [
                (shelf.keys[rows[place]], shelf.texts[rows[place]], shelf.vectors[rows[place]].copy())
                for place in pick_highest(cosines, NEAREST)
                if cosines[place] >= LEAST_COSINE
            ]
        return [(key, self._read(text), own) for key, text, own in found]

    def _judge(self, text: str, vector: Vector, nearest: list[Near]) -> tuple[Candidate, ...]:
        """The candidates, likeliest first; what the rules refuse is not weighed."""
        if not nearest:
            return ()
        question = self._read(text)
        verdicts = [check_pair(question, other) for _, other, _ in nearest]
        passing = [each for each, verdict in zip(nearest, verdicts, strict=True) if verdict.passes]
        sure = iter(self._weigh(question, vector, passing) if passing else ())
        judged = (
            Candidate(key, other.text, float(own @ vector), next(sure) if verdict.passes else 0.0, verdict.differences)
            for (key, other, own), verdict in zip(nearest, verdicts, strict=True)
        )
        return tuple(sorted(judged, key=lambda each: -each.probability))

    def _weigh(self, question: Question, vector: Vector, near: list[Near]) -> list[float]:
        stored, others = np.stack([own for _, _, own in near]), [other for _, other, _ in near]
        cosines = (stored @ vector).tolist()
        vectors = self._vocabulary.vectors
        features = np.stack(
            [compare(question, other, cosine, vectors) for other, cosine in zip(others, cosines, strict=True)]
        )
        worded = self._model.wording.score(features, [(question, other) for other in others])
        probabilities: list[float] = self._model.estimate(features, worded, vector[None], stored).tolist()
        return probabilities


def make_projection(dimensions: int) -> NDArray[np.float32]:
    """From a vector to its sketch: a turn at random, of which few numbers are kept; (dimensions, SKETCH at most).

    Products of sketches are about those of vectors (Johnson and Lindenstrauss, "Extensions of Lipschitz mappings into
    a Hilbert space", Contemporary Mathematics 26, 1984), off by .12 on average. Measured among 70,000 questions: of 265
    with a cosine of .85 or more none was missing among the SKETCHED.
    """
    size = min(dimensions, SKETCH)
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((dimensions, size)))[0]
    return (turn * np.sqrt(dimensions / size)).astype(np.float32)


def pick_highest(values: NDArray[np.float32], most: int) -> list[int]:
    """The places of the highest values, in no order."""
    if len(values) <= most:
        return list(range(len(values)))
    places: list[int] = np.argpartition(-values, most)[:most].tolist()
    return places


def make_shelf(dimensions: int, size: int) -> Shelf:
    return Shelf(np.zeros((FIRST_ROWS, dimensions), np.float32), np.zeros((FIRST_ROWS, size), np.float32))


def normalize(text: str) -> str:
    return " ".join(text.split())


def put_in(shelf: Shelf, key: Hashable, text: str, vector: Vector, sketch: Vector) -> None:
    row = len(shelf.keys)
    if row == len(shelf.vectors):
        shelf.vectors, shelf.sketches = (
            np.concatenate([rows, np.zeros_like(rows)]) for rows in (shelf.vectors, shelf.sketches)
        )
    shelf.vectors[row], shelf.sketches[row] = vector, sketch
    shelf.keys.append(key)
    shelf.texts.append(text)
    shelf.rows[key] = row
    shelf.exact[normalize(text)] = key


def take_out(shelf: Shelf, key: Hashable) -> bool:
    """The last row moves to the place that gets free."""
    row = shelf.rows.pop(key, None)
    if row is None:
        return False
    text = normalize(shelf.texts[row])
    if shelf.exact.get(text) == key:
        del shelf.exact[text]
    last_key, last_text = shelf.keys.pop(), shelf.texts.pop()
    if row < len(shelf.keys):
        shelf.keys[row], shelf.texts[row] = last_key, last_text
        shelf.vectors[row] = shelf.vectors[len(shelf.keys)]
        shelf.sketches[row] = shelf.sketches[len(shelf.keys)]
        shelf.rows[last_key] = row
    return True
