"""Turning what was found into hits, and the best of it into evidence."""

from apps.functions.index.hits import Hit
from apps.functions.index.reranking import Ranked
from apps.functions.search.confidence import LEAD_OVER, Evidence
from apps.functions.search.explain import Match, explain_lead, explain_match, explain_readings, matched_words
from apps.functions.search.fusion import UNRELATED_SCORE
from apps.functions.search.query import ParsedQuery
from apps.functions.search.reranking import FEATURES, WITH_MEANING

TOLD, ALIKE, CURATED = (FEATURES.index(name) for name in ("told", "alike", "curated"))


def describe_hits(query: ParsedQuery, found: Ranked, limit: int) -> tuple[Hit, ...]:
    """The first hits, with the words that each has of the query's terms."""
    matches = find_matches(query, found, limit + 1)  # each is compared with the next one
    return tuple(_describe(query, found, matches, number) for number in range(min(limit, len(found.best))))


def find_matches(query: ParsedQuery, found: Ranked, places: int) -> list[list[Match]]:
    """The words of the query that each of the first places has, itself or by a synonym, and in which fields."""
    own, alike = found.matches.own[:, :places].T.tolist(), found.matches.alike[:, :places].T.tolist()
    words = [term.word for term in query.terms]
    return [
        [Match(word, fields or others) for word, fields, others in zip(words, *both, strict=True) if fields or others]
        for both in zip(own, alike, strict=True)
    ]


def _describe(query: ParsedQuery, found: Ranked, matched: list[list[Match]], number: int) -> Hit:
    place = found.best[number]
    segment, scores = found.parts[place.part].segment, found.scores[place.part]
    semantic, matches = _find_cosine(found, number), matched[number]
    words = {match.word for match in matches}
    readings = [(term.word, term.read_as) for term in query.terms if term.read_as and term.word in words]
    parts = [explain_match(matches, semantic), explain_readings(readings)]
    if number + 1 < len(found.best):
        parts.append(explain_lead(matches, matched[number + 1], semantic, _find_cosine(found, number + 1)))
    return Hit(
        id=int(segment.ids[place.row]),
        score=float(found.score[number]),
        lexical=float(scores.lexical[place.row]),
        semantic=semantic,
        matched=matched_words(matches),
        why="; ".join(filter(None, parts)),
    )


def _find_cosine(found: Ranked, number: int) -> float | None:
    """The cosine of a place to the query, None where one of them has no vector."""
    place = found.best[number]
    semantic, segment = found.scores[place.part].semantic, found.parts[place.part].segment
    return float(semantic[place.row]) if semantic is not None and segment.has_vector[place.row] else None


def weigh_evidence(found: Ranked) -> Evidence:
    """What the results, of which there is one at least, say of the first."""
    first, rank = found.best[0], min(LEAD_OVER, len(found.best))
    scores = found.scores[first.part]
    beaten = float(found.score[rank - 1])
    if rank < LEAD_OVER:
        # There is nothing at that rank: as good as a function that has nothing to do with the query.
        beaten = min(beaten, 0.0 if scores.semantic is None else UNRELATED_SCORE / WITH_MEANING.most)
    return Evidence(
        semantic=None if scores.semantic is None else float(scores.semantic[first.row]),
        lead=float(found.score[0]) - beaten,
        curated=bool(found.features[0, CURATED]),
        told=float(found.features[0, TOLD]),
        alike=float(found.features[0, ALIKE]),
    )
