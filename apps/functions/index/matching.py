"""Which words of a query some rows of a segment have, and where: what the second stage goes by."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.functions.index.ranking import Rows, Scores, WeightedTerms
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


def match_rows(segment: Segment, found: Scores, terms: int, runs: Sequence[Run], rows: Rows) -> tuple[Matches, Bits]:
    """Look `terms` terms up, whose postings are in the lists of what was found, and runs.

    The second are the bits of the fields in which each row has each run, shape (runs, rows).
    """
    from apps.functions.search.kernels import OWN, match_fields

    lists = found.lists
    if runs:
        more = [(*segment.terms.span(run.term), terms + number, OWN) for number, run in enumerate(runs)]
        lists = np.concatenate([lists, np.array(more, dtype=np.int64)])
    postings = segment.terms.everything
    own, alike = match_fields(rows, postings.rows, postings.fields, lists, terms + len(runs))
    return Matches(own[:terms], alike[:terms]), own[terms:]


def gather_candidates(
    query: ParsedQuery, terms: WeightedTerms, segment: Segment, found: Scores, rows: Rows
) -> tuple[Candidates, Matches]:
    """What the second stage goes by, for some rows of a segment, and what was matched."""
    runs = _find_runs(query, segment)
    matches, matched_runs = match_rows(segment, found, len(terms), runs, rows)
    weights = terms.array
    if any(joins := [term.joins for term in terms.queries]):
        weights = np.where(joins, np.float32(0), weights)
    covers = np.zeros((len(runs), len(terms)), dtype=np.bool_)
    for place, run in enumerate(runs):
        covers[place, list(run.covers)] = True
    candidates = Candidates(
        weights=weights,
        own=matches.own,
        alike=matches.alike,
        runs=matched_runs,
        covers=covers,
        shares=np.array([run.share for run in runs], dtype=np.float32),
        fused=found.fused[rows],
        curated=segment.curated[rows],
        hinted=_find_hinted(query, segment, rows),
    )
    return candidates, matches


def _find_runs(query: ParsedQuery, segment: Segment) -> list[Run]:
    """The runs that some function writes as one word, each term once."""
    neighbours = query.neighbours
    runs: dict[str, Run] = {}
    for place in segment.terms.choose_known(neighbours.terms):
        runs.setdefault(neighbours.terms[place], neighbours.run(place))
    return list(runs.values())


def _find_hinted(query: ParsedQuery, segment: Segment, rows: Rows) -> NDArray[np.bool_]:
    """Which rows are in a language whose names are written as the query is."""
    hinted = np.zeros(len(rows), dtype=np.bool_)
    for name in spelled_languages(query.subject):
        if name in segment.languages:
            hinted |= segment.language_codes[rows] == segment.languages.index(name)
    return hinted
