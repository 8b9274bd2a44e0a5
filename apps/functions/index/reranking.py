"""The second stage over places in the index: the candidates of the first, put in order anew."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.functions.index.matching import Matches, gather_candidates
from apps.functions.index.ranking import Chosen, Part, Rows, Scores, WeightedTerms
from apps.functions.index.segment import Segment
from apps.functions.search.query import ParsedQuery
from apps.functions.search.reranking import measure_features, score_features

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Ranked:
    """What a search found, c functions by their `ids`, the best first; all arrays are in that order.

    `features`, shape (c, features), has the columns of `search.reranking.FEATURES`; `lexical` and `semantic` are the
    scores of the first stage, the latter None when the query has no vector. `columns` are those of `matches`. `worth`
    is what the query says: its terms' weights, as multiples of the weight of a term that no function has.
    """

    ids: Rows
    score: Floats
    features: Floats
    lexical: Floats
    semantic: Floats | None
    has_vector: NDArray[np.bool_]
    matches: Matches
    columns: Rows
    worth: float

    def __len__(self) -> int:
        return len(self.ids)

    def cosine(self, number: int) -> float | None:
        """The cosine of a function to the query, None where one of them has no vector."""
        return float(self.semantic[number]) if self.semantic is not None and self.has_vector[number] else None

    def select(self, order: NDArray[np.integer]) -> "Ranked":
        return Ranked(
            self.ids[order],
            self.score[order],
            self.features[order],
            self.lexical[order],
            None if self.semantic is None else self.semantic[order],
            self.has_vector[order],
            self.matches,
            self.columns[order],
            self.worth,
        )


def rank_again(
    query: ParsedQuery,
    terms: WeightedTerms,
    parts: Sequence[Part],
    scores: Sequence[Scores],
    candidates: Chosen,
    worth: float,
) -> Ranked:
    """Equals stay in the order of the first stage: by its score, then popularity, then the lower id.

    `worth` is that of the terms.
    """
    if len(parts) == 1:
        segment, rows = parts[0].segment, candidates.rows
        beside_curated = bool(segment.curated[rows].any())
        found = _measure(query, terms, segment, scores[0], rows, worth, beside_curated=beside_curated)
    else:
        groups = [np.flatnonzero(candidates.parts == number) for number in range(len(parts))]
        chosen = [(part.segment, candidates.rows[group]) for part, group in zip(parts, groups, strict=True)]
        beside_curated = any(segment.curated[rows].any() for segment, rows in chosen)
        measured = [
            _measure(query, terms, segment, found, rows, worth, beside_curated=beside_curated)
            for (segment, rows), found in zip(chosen, scores, strict=True)
        ]
        found = _join(measured).select(np.argsort(np.concatenate(groups)))
    return found.select(np.argsort(-found.score, kind="stable"))


def _measure(
    query: ParsedQuery,
    terms: WeightedTerms,
    segment: Segment,
    found: Scores,
    rows: Rows,
    worth: float,
    *,
    beside_curated: bool,
) -> Ranked:
    """Some rows of a segment in the order in which they are given."""
    candidates, matches = gather_candidates(query, terms, segment, found, rows)
    features = measure_features(candidates)
    return Ranked(
        segment.ids[rows],
        score_features(features, with_meaning=found.semantic is not None, beside_curated=beside_curated),
        features,
        found.lexical[rows],
        None if found.semantic is None else found.semantic[rows],
        segment.has_vector[rows],
        matches,
        np.arange(len(rows)),
        worth,
    )


def _join(measured: Sequence[Ranked]) -> Ranked:
    """One after the other."""
    semantic = [one.semantic for one in measured if one.semantic is not None]
    return Ranked(
        ids=np.concatenate([one.ids for one in measured]),
        score=np.concatenate([one.score for one in measured]),
        features=np.concatenate([one.features for one in measured]),
        lexical=np.concatenate([one.lexical for one in measured]),
        semantic=np.concatenate(semantic) if semantic else None,
        has_vector=np.concatenate([one.has_vector for one in measured]),
        matches=Matches(
            own=np.hstack([one.matches.own for one in measured]),
            alike=np.hstack([one.matches.alike for one in measured]),
        ),
        columns=np.arange(sum(map(len, measured))),
        worth=measured[0].worth,
    )
