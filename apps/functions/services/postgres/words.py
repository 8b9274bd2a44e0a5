"""Which functions to look at for a query's words: those that have them all, then those that have the rarest of them.

Pure: makes text-search queries (PostgreSQL's tsquery) out of terms and of how many functions have each.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from apps.functions.search.query import ParsedQuery

MAX_TERMS = 8
"""The rarest of a query's terms that count here; ranking takes all."""

TOGETHER = 4
"""Of the terms so many, the rarest, are looked for in pairs and by themselves."""

COMMON = 100_000
"""A word of more functions than that takes long to look up, and says little beside a query's meaning."""

Frequency = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Group:
    """A term with those that may stand in for it, and about how many functions have one of them."""

    own: str
    any: str
    frequency: int


def plan_words(query: ParsedQuery, frequency: Frequency, *, most: int | None = COMMON) -> list[str]:
    """Text-search queries, the most telling first; none finds what one before it has found.

    Those that could only be looked up by words of more than `most` functions are left out.
    """
    groups = sorted(_find_groups(query, frequency), key=lambda group: (group.frequency, group.own))[:MAX_TERMS]
    levels: list[str] = []
    found: list[str] = []
    for members, by_own in _choose_levels(groups):
        rarest = min(group.frequency for group in members)
        level = " & ".join(group.own if by_own else group.any for group in members)
        if (most is None or rarest <= most) and level not in found:
            levels.append(f"({level}) & !({' | '.join(found)})" if found else level)
            found.append(level if len(members) == 1 else f"({level})")
    return levels


def quote_term(term: str) -> str:
    """A term as an operand of a text-search query, whatever its characters."""
    escaped = term.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _find_groups(query: ParsedQuery, frequency: Frequency) -> Iterator[Group]:
    """Of those terms that some function has, itself or by a stand-in."""
    for term in query.terms:
        known = [name for name in (term.term, *term.synonyms) if frequency(name)]
        if known:
            alike = " | ".join(map(quote_term, known))
            own = quote_term(term.term) if term.term in known else f"({alike})"
            yield Group(own, f"({alike})" if len(known) > 1 else quote_term(known[0]), sum(map(frequency, known)))


def _choose_levels(groups: Sequence[Group]) -> Iterator[tuple[Sequence[Group], bool]]:
    """Groups that a function must have one and all, and whether by their own terms; `groups` has the rarest first."""
    if not groups:
        return
    yield groups, True
    for count in range(len(groups), 2, -1):
        yield groups[:count], False
    for pair in combinations(groups[:TOGETHER], 2):
        yield pair, False
    for group in groups[:TOGETHER]:
        yield (group,), False
