"""Which words of a query some rows of a segment have, and where: what the second stage goes by."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.functions.index.ranking import Rows, Scores, WeightedTerm
from apps.functions.index.segment import Segment
from apps.functions.search.names import spelled_languages
from apps.functions.search.query import ParsedQuery, Run
from apps.functions.search.reranking import Candidates

Bits = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Matches:
    """For some rows, the bits of the fields in which each has a term itself, or one that means the same.

    Both have the shape (terms, rows).
    """

    own: Bits
    alike: Bits

    def select(self, columns: NDArray[np.integer]) -> "Matches":
        return Matches(self.own[:, columns], self.alike[:, columns])


def match_rows(segment: Segment, found: Scores, terms: int, rows: Rows) -> Matches:
    """Look `terms` terms up, whose postings are in the lists of what was found."""
    from apps.functions.search.kernels import match_fields

    postings = segment.terms.everything
    return Matches(*match_fields(rows, postings.rows, postings.fields, found.lists, terms))


def gather_candidates(
    query: ParsedQuery, terms: Sequence[WeightedTerm], segment: Segment, found: Scores, matches: Matches, rows: Rows
) -> Candidates:
    """What the second stage goes by, for some rows of a segment."""
    weights = [0.0 if term.query.joins else term.weight for term in terms]
    known = _find_runs(query, segment)
    covers = np.zeros((len(known), len(terms)), dtype=np.bool_)
    for place, run in enumerate(known):
        covers[place, list(run.covers)] = True
    return Candidates(
        weights=np.array(weights, dtype=np.float32),
        own=matches.own,
        alike=matches.alike,
        runs=_match_runs(segment, known, rows),
        covers=covers,
        shares=np.array([run.share for run in known], dtype=np.float32),
        fused=found.fused[rows],
        curated=segment.curated[rows],
        hinted=_find_hinted(query, segment, rows),
    )


def _find_runs(query: ParsedQuery, segment: Segment) -> list[Run]:
    """The runs that some function writes as one word, each term once."""
    neighbours = query.neighbours
    runs: dict[str, Run] = {}
    for place in segment.terms.choose_known(neighbours.terms):
        runs.setdefault(neighbours.terms[place], neighbours.run(place))
    return list(runs.values())


def _match_runs(segment: Segment, runs: Sequence[Run], rows: Rows) -> Bits:
    """The bits of the fields in which each row has each run, shape (runs, rows)."""
    from apps.functions.search.kernels import OWN, match_fields

    if not runs:
        return np.zeros((0, len(rows)), dtype=np.uint8)
    lists = [(*segment.terms.span(run.term), number, OWN) for number, run in enumerate(runs)]
    postings = segment.terms.everything
    own, _ = match_fields(rows, postings.rows, postings.fields, np.array(lists, dtype=np.int64), len(runs))
    return own


def _find_hinted(query: ParsedQuery, segment: Segment, rows: Rows) -> NDArray[np.bool_]:
    """Which rows are in a language whose names are written as the query is."""
    hinted = np.zeros(len(rows), dtype=np.bool_)
    for name in spelled_languages(query.subject):
        if name in segment.languages:
            hinted |= segment.language_codes[rows] == segment.languages.index(name)
    return hinted
