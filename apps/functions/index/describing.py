"""Turning what was found into hits, and the best of it into evidence."""

import numpy as np

from apps.functions.index.hits import Hit
from apps.functions.index.reranking import Ranked
from apps.functions.search.confidence import LEAD_OVER, Evidence
from apps.functions.search.explain import Match, explain_lead, explain_match, explain_readings, matched_words
from apps.functions.search.fusion import UNRELATED_SCORE
from apps.functions.search.query import ParsedQuery
from apps.functions.search.reranking import FEATURES, WITH_MEANING

FUSED, TOLD, ALIKE, CURATED = (FEATURES.index(name) for name in ("fused", "told", "alike", "curated"))


def describe_hits(query: ParsedQuery, found: Ranked, limit: int, *, explained: bool) -> tuple[Hit, ...]:
    """The first hits; if they are to be `explained`, with the words that each has of the query's terms, and why."""
    count = min(limit, len(found))
    if not explained:
        columns = (found.ids[:count].tolist(), found.score[:count].tolist(), found.lexical[:count].tolist())
        cosines = map(found.cosine, range(count))
        return tuple([Hit(*hit, (), "") for hit in zip(*columns, cosines, strict=True)])
    matches = find_matches(query, found, limit + 1)  # each is compared with the next one
    words = [matched_words(each) for each in matches]
    return tuple(
        _make_hit(found, number, words[number], _explain(query, found, matches[number], words, number))
        for number in range(count)
    )


def find_matches(query: ParsedQuery, found: Ranked, places: int) -> list[list[Match]]:
    """The words of the query that each of the first places has, itself or by a synonym, and in which fields."""
    columns = found.columns[:places]
    own, alike = found.matches.own[:, columns].T.tolist(), found.matches.alike[:, columns].T.tolist()
    words = [term.word for term in query.terms]
    return [
        [Match(word, fields or others) for word, fields, others in zip(words, *both, strict=True) if fields or others]
        for both in zip(own, alike, strict=True)
    ]


def _make_hit(found: Ranked, number: int, matched: tuple[str, ...], why: str) -> Hit:
    score, lexical = float(found.score[number]), float(found.lexical[number])
    return Hit(int(found.ids[number]), score, lexical, found.cosine(number), matched, why)


def _explain(query: ParsedQuery, found: Ranked, own: list[Match], words: list[tuple[str, ...]], number: int) -> str:
    semantic = found.cosine(number)
    readings = [(term.word, term.read_as) for term in query.terms if term.read_as and term.word in words[number]]
    parts = [explain_match(own, semantic), explain_readings(readings)]
    if number + 1 < len(found):
        parts.append(explain_lead(words[number], words[number + 1], semantic, found.cosine(number + 1)))
    return "; ".join(filter(None, parts))


def weigh_evidence(found: Ranked) -> Evidence:
    """What the results, of which there is one at least, say of the first."""
    first = found.features[0].tolist()
    return Evidence(
        semantic=None if found.semantic is None else float(found.semantic[0]),
        lead=_measure_lead(found),
        curated=bool(first[CURATED]),
        told=first[TOLD],
        alike=first[ALIKE],
        lexical=float(found.lexical[0]),
        worth=found.worth,
    )


def _measure_lead(found: Ranked) -> float:
    """How far the score of the first is above that of rank LEAD_OVER.

    Of a plain function beside curated ones by the scores of the first stage: the confidence of plain ones is fitted to
    these, and what is told makes a lead larger.
    """
    scores, rank = found.score, min(LEAD_OVER, len(found))
    curated = found.features[:, CURATED]
    if found.semantic is not None and not curated[0] and curated.any():
        scores = found.features[:, FUSED] / np.float32(WITH_MEANING.most)
    beaten = float(np.sort(scores)[-rank])
    if rank < LEAD_OVER:
        # There is nothing at that rank: as good as a function that has nothing to do with the query.
        beaten = min(beaten, 0.0 if found.semantic is None else UNRELATED_SCORE / WITH_MEANING.most)
    return float(scores[0]) - beaten
