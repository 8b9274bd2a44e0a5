"""Which words of a query some rows of a segment have, and where: what the second stage goes by."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from apps.functions.index.ranking import FoundTerm, Place, Scores
from apps.functions.index.segment import Segment
from apps.functions.search.names import spelled_languages
from apps.functions.search.query import ParsedQuery
from apps.functions.search.reranking import Candidates

Bits = NDArray[np.uint8]
Rows = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Matches:
    """For some rows, the bits of the fields in which each has a term itself, one that means the same, or a run.

    The shapes are (terms, rows), (terms, rows) and (runs, rows).
    """

    own: Bits
    alike: Bits
    runs: Bits

    @classmethod
    def nothing(cls, query: ParsedQuery, rows: int) -> Self:
        counts = (len(query.terms), len(query.terms), len(query.runs))
        return cls(*(np.zeros((count, rows), dtype=np.uint8) for count in counts))

    def put(self, columns: Sequence[int], others: "Matches") -> None:
        """Take the columns of others in."""
        self.own[:, columns], self.alike[:, columns], self.runs[:, columns] = others.own, others.alike, others.runs

    def select(self, columns: NDArray[np.integer]) -> "Matches":
        return Matches(self.own[:, columns], self.alike[:, columns], self.runs[:, columns])


def match_rows(segment: Segment, terms: Sequence[FoundTerm], query: ParsedQuery, rows: Rows) -> Matches:
    matches = Matches.nothing(query, len(rows))
    if len(rows):
        for place, term in enumerate(terms):
            if term.own:
                matches.own[place] = term.own.fields_of(rows)
            for synonym in term.synonyms:
                matches.alike[place] |= synonym.fields_of(rows)
        for place, run in enumerate(query.runs):
            postings = segment.terms.postings(run.term)
            if postings:
                matches.runs[place] = postings.fields_of(rows)
    return matches


def gather_candidates(query: ParsedQuery, segment: Segment, found: Scores, matches: Matches, rows: Rows) -> Candidates:
    """What the second stage goes by, for some rows of a segment."""
    weights = [0.0 if term.query.joins else term.weight for term in found.terms]
    covers = np.zeros((len(query.runs), len(found.terms)), dtype=np.bool_)
    for place, run in enumerate(query.runs):
        covers[place, list(run.covers)] = True
    return Candidates(
        weights=np.array(weights, dtype=np.float32),
        own=matches.own,
        alike=matches.alike,
        runs=matches.runs,
        covers=covers,
        shares=np.array([run.share for run in query.runs], dtype=np.float32),
        fused=found.fused[rows],
        curated=segment.curated[rows],
        hinted=_find_hinted(query, segment, rows),
    )


def _find_hinted(query: ParsedQuery, segment: Segment, rows: Rows) -> NDArray[np.bool_]:
    """Which rows are in a language whose names are written as the query is."""
    hinted = np.zeros(len(rows), dtype=np.bool_)
    for name in spelled_languages(query.subject):
        if name in segment.languages:
            hinted |= segment.language_codes[rows] == segment.languages.index(name)
    return hinted


def group_by_part(places: Sequence[Place], parts: int) -> list[list[int]]:
    """For each part the numbers, in `places`, of those that are in it."""
    groups: list[list[int]] = [[] for _ in range(parts)]
    for number, place in enumerate(places):
        groups[place.part].append(number)
    return groups
