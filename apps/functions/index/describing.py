"""Turning places in the index into hits, and the best of them into evidence."""

from collections.abc import Sequence

from apps.functions.index.hits import Hit
from apps.functions.index.ranking import FoundTerm, Part, Place, Scores
from apps.functions.search.confidence import Evidence
from apps.functions.search.explain import Match, explain_match, matched_words


def describe_hit(parts: Sequence[Part], scores: Sequence[Scores], place: Place) -> Hit:
    """The hit at a place, with the words that it has of the query's terms."""
    segment, found = parts[place.part].segment, scores[place.part]
    has_meaning = found.semantic is not None and bool(segment.has_vector[place.row])
    semantic = float(found.semantic[place.row]) if has_meaning and found.semantic is not None else None
    matches = find_matches(found.terms, place.row)
    return Hit(
        id=int(segment.ids[place.row]),
        score=float(found.fused[place.row]),
        lexical=float(found.lexical[place.row]),
        semantic=semantic,
        matched=matched_words(matches),
        why=explain_match(matches, semantic),
    )


def find_matches(terms: Sequence[FoundTerm], row: int) -> list[Match]:
    """The words of the query that a function has, itself or by a synonym, and in which fields."""
    matches = []
    for term in terms:
        postings = (*((term.own,) if term.own else ()), *term.synonyms)
        fields = next((found for one in postings if (found := one.fields_of(row))), 0)
        if fields:
            matches.append(Match(term.query.word, fields))
    return matches


def weigh_evidence(scores: Sequence[Scores], best: Sequence[Place]) -> Evidence:
    """What the results at `best`, the first first, say of the first one."""
    first, last = best[0], best[-1]
    found = scores[first.part]
    possible = sum(term.weight for term in found.terms)
    had = sum(term.weight for term in found.terms if term.own and term.own.fields_of(first.row))
    return Evidence(
        semantic=None if found.semantic is None else float(found.semantic[first.row]),
        lexical=float(found.lexical[first.row]),
        coverage=had / possible if possible else 0.0,
        lead=float(found.fused[first.row] - scores[last.part].fused[last.row]),
    )
