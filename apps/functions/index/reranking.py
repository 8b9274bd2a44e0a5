"""The second stage over places in the index: the candidates of the first, put in order anew."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.functions.index.matching import Matches, gather_candidates, group_by_part, match_rows
from apps.functions.index.ranking import Part, Place, Scores
from apps.functions.search.query import ParsedQuery
from apps.functions.search.reranking import FEATURES, measure_features, score_features

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Ranked:
    """What a search found: the places of the best, the best first, with their scores and features.

    `features`, shape (places, features), has the columns of `search.reranking.FEATURES`; the columns of `matches` are
    the places.
    """

    parts: Sequence[Part]
    scores: Sequence[Scores]
    best: Sequence[Place]
    score: Floats
    features: Floats
    matches: Matches


def rank_again(
    query: ParsedQuery, parts: Sequence[Part], scores: Sequence[Scores], candidates: Sequence[Place]
) -> Ranked:
    """Equals stay in the order of the first stage: by its score, then popularity, then the lower id."""
    features = np.zeros((len(candidates), len(FEATURES)), dtype=np.float32)
    matches = Matches.nothing(query, len(candidates))
    for part, found, group in zip(parts, scores, group_by_part(candidates, len(parts)), strict=True):
        if not group:
            continue
        rows = np.array([candidates[number].row for number in group], dtype=np.int32)
        matched = match_rows(part.segment, found.terms, query, rows)
        features[group] = measure_features(gather_candidates(query, part.segment, found, matched, rows))
        matches.put(group, matched)
    score = score_features(features, with_meaning=any(found.semantic is not None for found in scores))
    order = np.argsort(-score, kind="stable")
    best = [candidates[number] for number in order]
    return Ranked(parts, scores, best, score[order], features[order], matches.select(order))
