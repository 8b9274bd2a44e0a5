"""Which functions to look at for a query's words: those that have its rare words, or several of its common ones.

Pure: makes text-search queries (PostgreSQL's tsquery) out of terms and of how many functions have each.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from apps.functions.search.query import ParsedQuery
from apps.functions.search.synonyms import SYNONYM_WEIGHT

BUDGET = 2_000
"""About so many functions are looked at for their words, however many there are."""

MAX_TERMS = 16
"""The rarest of a query's terms that count here; ranking takes all."""

TOGETHER = 4
"""Of the common terms so many, the rarest, are looked for in pairs."""

ALIKE = 5
"""Words of one query turn up together more often than by chance, by about this factor."""

Frequency = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A term, the terms that may stand in for it, and what having it counts for."""

    term: str
    others: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class WordPlan:
    """Two text-search queries, either of which may be empty: of rare words, and of common ones together.

    `scored` has each wanted term's own text-search query, that of its stand-ins, and its weight.
    """

    rare: str
    common: str
    scored: tuple[tuple[str, str, float], ...]

    @property
    def is_empty(self) -> bool:
        return not (self.rare or self.common)


def plan_words(query: ParsedQuery, frequency: Frequency, weigh: Callable[[int], float], documents: int) -> WordPlan:
    """`weigh` gives a term's weight by how many functions have it; `documents` is how many there are."""
    wanted = [Wanted(term.term, term.synonyms, weigh(frequency(term.term))) for term in query.terms]
    known = {one.term for one in wanted}
    wanted += [Wanted(run.term, (), weigh(frequency(run.term))) for run in query.runs if run.term not in known]
    found = [one for one in wanted if any(frequency(term) for term in (one.term, *one.others))]
    found = sorted(found, key=lambda one: frequency(one.term) or documents)[:MAX_TERMS]
    rare = list(_choose_rare(found, frequency))
    common = [one.term for one in found if one.term not in rare and frequency(one.term)]
    return WordPlan(
        rare=" | ".join(map(quote_term, rare)),
        common=" | ".join(_join_common(common, frequency, documents)),
        scored=tuple((quote_term(one.term), " | ".join(map(quote_term, one.others)), one.weight) for one in found),
    )


def quote_term(term: str) -> str:
    """A term as a tsquery's operand, whatever its characters."""
    escaped = term.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def score_by_words(plan: WordPlan) -> tuple[str, dict[str, object]]:
    """SQL that scores a row's `words`, with its parameters: the weights of the terms that it has.

    What stands only in the code counts half, and a stand-in counts as little as it does in ranking.
    """
    parts: list[str] = []
    values: dict[str, object] = {}
    for place, (own, others, weight) in enumerate(plan.scored):
        sql = f"CASE WHEN words @@ %(told{place})s::tsquery THEN %(weight{place})s"
        sql += f" WHEN words @@ %(own{place})s::tsquery THEN %(weight{place})s / 2"
        values |= {f"told{place}": f"{own}:ABC", f"own{place}": own, f"weight{place}": weight}
        if others:
            sql += f" WHEN words @@ %(others{place})s::tsquery THEN %(weight{place})s * {SYNONYM_WEIGHT}"
            values[f"others{place}"] = others
        parts.append(f"{sql} ELSE 0 END")
    return " + ".join(parts) or "0", values


def _choose_rare(wanted: Sequence[Wanted], frequency: Frequency) -> Iterator[str]:
    """The rarest terms, own ones and stand-ins, for as long as all their functions can be looked at."""
    lexemes = {term for one in wanted for term in (one.term, *one.others)}
    looked_at = 0
    for term in sorted(lexemes, key=lambda term: (frequency(term), term)):
        looked_at += frequency(term)
        if looked_at > BUDGET:
            return
        if frequency(term):
            yield term


def _join_common(common: Sequence[str], frequency: Frequency, documents: int) -> Iterator[str]:
    """All common terms together, and those pairs that are not too many; `common` has the rarest first."""
    if common:
        yield "(" + " & ".join(map(quote_term, common)) + ")"
    for one, other in combinations(common[:TOGETHER], 2):
        expected = ALIKE * frequency(one) * frequency(other) / max(documents, 1)
        if len(common) > 2 and expected <= BUDGET:
            yield f"({quote_term(one)} & {quote_term(other)})"
