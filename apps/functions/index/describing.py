"""Turning places in the index into hits, and the best of them into evidence."""

from collections.abc import Sequence

import numpy as np

from apps.functions.index.hits import Hit
from apps.functions.index.ranking import FoundTerm, Part, Place, Scores
from apps.functions.index.segment import Segment
from apps.functions.search.confidence import LEAD_OVER, Evidence
from apps.functions.search.explain import Match, explain_match, matched_words
from apps.functions.search.fusion import UNRELATED_SCORE


def describe_hits(parts: Sequence[Part], scores: Sequence[Scores], places: Sequence[Place]) -> tuple[Hit, ...]:
    """The hits at these places, in their order, with the words that each has of the query's terms."""
    described: dict[Place, Hit] = {}
    for number, (part, found) in enumerate(zip(parts, scores, strict=True)):
        rows = [place.row for place in places if place.part == number]
        for row, matches in zip(rows, find_matches(found.terms, rows), strict=True):
            described[Place(number, row)] = _describe(part.segment, found, row, matches)
    return tuple(described[place] for place in places)


def find_matches(terms: Sequence[FoundTerm], rows: Sequence[int]) -> list[list[Match]]:
    """For each row the words of the query that it has, itself or by a synonym, and in which fields."""
    wanted = np.array(rows, dtype=np.int64)
    matches: list[list[Match]] = [[] for _ in rows]
    for term in terms:
        bits = np.zeros(len(rows), dtype=np.uint8)
        for postings in (*((term.own,) if term.own else ()), *term.synonyms):
            bits = np.where(bits > 0, bits, postings.fields_of(wanted))
        for found, fields in zip(matches, bits.tolist(), strict=True):
            if fields:
                found.append(Match(term.query.word, fields))
    return matches


def _describe(segment: Segment, found: Scores, row: int, matches: Sequence[Match]) -> Hit:
    has_meaning = found.semantic is not None and bool(segment.has_vector[row])
    semantic = float(found.semantic[row]) if has_meaning and found.semantic is not None else None
    return Hit(
        id=int(segment.ids[row]),
        score=float(found.fused[row]),
        lexical=float(found.lexical[row]),
        semantic=semantic,
        matched=matched_words(matches),
        why=explain_match(matches, semantic),
    )


def weigh_evidence(scores: Sequence[Scores], best: Sequence[Place]) -> Evidence:
    """What the results at `best`, the first first and at most LEAD_OVER, say of the first one."""
    first, last = best[0], best[-1]
    found = scores[first.part]
    beaten = float(scores[last.part].fused[last.row])
    if len(best) < LEAD_OVER:
        # There is nothing at that rank: as good as a function that has nothing to do with the query.
        beaten = min(beaten, 0.0 if found.semantic is None else UNRELATED_SCORE)
    return Evidence(
        semantic=None if found.semantic is None else float(found.semantic[first.row]),
        lead=float(found.fused[first.row]) - beaten,
    )
