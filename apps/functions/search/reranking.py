"""The second stage: the best candidates of the first are put in order by what of the query each of them has, and where.

A linear model over a few features, all from 0 to 1, so that a score means the same in every query. The coefficients
make the right candidates likelier than the others (the softmax loss of ListNet: Cao et al., "Learning to Rank: From
Pairwise Approach to Listwise Approach", ICML 2007). What a curator wrote says what people search by, and having all of
a query there says much; what an author wrote above the code does not, so that there meaning decides. Where functions
of both kinds are candidates, that is no fair order: a curated one would stand first that tells half as much. There the
plain ones are asked the same, and what they have counts a little less.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from apps.functions.search.bm25 import FIELDS, TELLING

CANDIDATES = 100
"""So many of the first stage's best are looked at again."""

NEARLY_ALL = 0.999
_NEARLY_ALL = np.float32(NEARLY_ALL)

Bits = NDArray[np.uint8]
Floats = NDArray[np.float32]


def _bits_of(*fields: str) -> np.uint8:
    return np.uint8(sum(1 << FIELDS.index(field) for field in fields))


TOLD, TYPED = _bits_of(*TELLING), _bits_of("action", "data_type")


@dataclass(frozen=True, slots=True)
class Candidates:
    """c functions beside a query of t terms and r runs of neighbouring words.

    `own` and `alike`, shape (t, c), have the bits of the fields (`bm25.pack_fields`) in which each function has a term
    itself, or a word that means the same; `runs`, shape (r, c), those that have a run written as one word. `weights`,
    shape (t,), say how much each term counts, `covers`, shape (r, t), of which terms a run is made, `shares`, shape
    (r,), how much of the query it is. The others have the shape (c,): `fused` is the first stage's score, `hinted`
    says that the query is spelled as the function's language spells names.
    """

    weights: Floats
    own: Bits
    alike: Bits
    runs: Bits
    covers: NDArray[np.bool_]
    shares: Floats
    fused: Floats
    curated: NDArray[np.bool_]
    hinted: NDArray[np.bool_]


FEATURES = ("fused", "told", "alike", "complete", "coded", "typed", "run", "hinted", "curated")
"""`told`, `alike`, `coded`: the part of the query that a function has in its telling fields, has there in other words,
has in its code only. `complete`: all of it is told. `typed`: the part that its action and data type say. `run`: the
longest run of neighbouring words that it writes as one."""


@dataclass(frozen=True, slots=True)
class Coefficients:
    """What each feature counts for: in curated functions, in plain ones, and in plain ones beside curated ones."""

    curated: Mapping[str, float]
    plain: Mapping[str, float]
    beside_curated: Mapping[str, float]

    @property
    def most(self) -> float:
        """The highest score there can be; what is told is neither told in other words nor in the code only."""
        return sum(value for name, value in self.curated.items() if name not in ("alike", "coded"))


HINT = 0.02
"""Enough to choose among equals; no public query set says how a language is meant by spelling."""

PLAIN_SHARE = 0.75
"""Of what a feature counts for in a curated function, so much in a plain one beside it: `benchmarks.search_mixed`."""

# Fitted by `python -m benchmarks.search_fit`.
_FITTED = {"told": 0.33, "alike": 0.05, "complete": 0.19, "coded": 0.19, "typed": 0.05, "run": 0.22}
_MEANING = {"fused": 1.0, "hinted": HINT}
WITH_MEANING = Coefficients(
    curated=MappingProxyType(_MEANING | _FITTED),
    plain=MappingProxyType(_MEANING),
    beside_curated=MappingProxyType(_MEANING | {name: PLAIN_SHARE * value for name, value in _FITTED.items()}),
)
_WORDS = MappingProxyType(
    {"fused": 1.0, "told": 0.76, "alike": 0.37, "complete": 0.13, "coded": 0.39, "typed": 0.12, "run": 0.47}
    | {"hinted": HINT}
)
BY_WORDS = Coefficients(curated=_WORDS, plain=_WORDS, beside_curated=_WORDS)


def measure_features(found: Candidates) -> Floats:
    """The features of each candidate in the order of FEATURES, shape (c, features), each from 0 to 1."""
    from apps.functions.search import kernels

    weights = found.weights / np.float32(max(float(found.weights.sum()), 1e-9))
    return kernels.measure_features(
        weights,
        found.own,
        found.alike,
        found.runs,
        found.covers,
        found.shares,
        found.fused,
        found.hinted,
        found.curated,
        TOLD,
        TYPED,
        _NEARLY_ALL,
    )


def score_features(features: Floats, *, with_meaning: bool, beside_curated: bool) -> Floats:
    """One score a candidate out of its features, from 0 to 1; `beside_curated`: whether any candidate is curated."""
    from apps.functions.search import kernels

    curated, plain, beside, most = _WITH_MEANING if with_meaning else _BY_WORDS
    return kernels.score_features(features, curated, beside if beside_curated else plain, most)


def _to_arrays(given: Coefficients) -> tuple[Floats, Floats, Floats, np.float32]:
    curated, plain, beside = (
        np.array([values.get(name, 0.0) for name in FEATURES], dtype=np.float32)
        for values in (given.curated, given.plain, given.beside_curated)
    )
    return curated, plain, beside, np.float32(given.most)


_WITH_MEANING, _BY_WORDS = _to_arrays(WITH_MEANING), _to_arrays(BY_WORDS)
