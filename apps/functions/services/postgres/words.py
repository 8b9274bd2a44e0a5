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

COMMON = 20_000
"""A word of more functions than that takes long to look up, and says little beside a query's meaning."""

COMMON_ALONE = 5_000
"""The first few functions that have a word of so many, or more, are there by chance."""

Frequency = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Group:
    """A term with those that may stand in for it, and about how many functions have it, and one of them."""

    own: str
    any: str
    own_frequency: int
    frequency: int


def plan_words(query: ParsedQuery, frequency: Frequency) -> list[str]:
    """Text-search queries, the most telling first; none finds what one before it has found.

    Together they find whatever has one of the query's rarest words, or one that may stand in for it.
    """
    levels: list[str] = []
    found: list[str] = []
    for members, by_own in _choose_levels(_find_groups(query, frequency)):
        level = " & ".join(group.own if by_own else group.any for group in members)
        if level not in found:
            levels.append(f"({level}) & !({' | '.join(found)})" if found else level)
            found.append(level if len(members) == 1 else f"({level})")
    return levels


def plan_few_words(query: ParsedQuery, frequency: Frequency) -> list[str]:
    """A few text-search queries that are quickly answered: for what is found by meaning too.

    Each is by the rarest of the query's own words, and finds what the next one finds with a word more; those of words
    that are too common are left out.
    """
    groups = [group for group in _find_groups(query, frequency) if group.own_frequency]
    if not groups or groups[0].own_frequency > COMMON:
        return []
    counts = dict.fromkeys(min(count, len(groups)) for count in (MAX_TERMS, 3, 2, 1))
    if groups[0].own_frequency >= COMMON_ALONE:
        del counts[1]
    return [" & ".join(group.own for group in groups[:count]) for count in counts]


def quote_term(term: str) -> str:
    """A term as an operand of a text-search query, whatever its characters."""
    escaped = term.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _find_groups(query: ParsedQuery, frequency: Frequency) -> list[Group]:
    """Of those terms that some function has, itself or by a stand-in: MAX_TERMS at most, the rarest first."""
    groups = []
    for term in query.terms:
        known = [name for name in (term.term, *term.synonyms) if frequency(name)]
        if known:
            alike = " | ".join(map(quote_term, known))
            any_of = f"({alike})" if len(known) > 1 else alike
            own = quote_term(term.term) if term.term in known else any_of
            groups.append(Group(own, any_of, frequency(term.term), sum(map(frequency, known))))
    return sorted(groups, key=lambda group: (group.own_frequency or group.frequency, group.own))[:MAX_TERMS]


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
