"""A query as the rankers take it: its terms with their synonyms, and the language it names."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from itertools import accumulate
from typing import NamedTuple

from apps.functions.languages import ALIASES
from apps.functions.search.phrases import (
    AT_THE_EDGES,
    CONTINUATIONS,
    NEVER,
    NOT_BEFORE,
    PROGRAMS,
    SPOKEN,
    UNMISTAKABLE,
)
from apps.functions.search.synonyms import SYNONYM_GROUPS
from apps.functions.search.tokens import (
    analyse,
    is_stop_word,
    replace_parts,
    split_identifier,
    split_words,
    terms_of,
    tokenize,
)

MAX_QUERY = 2_000
MAX_TERMS = 64
RUN_WORDS = 12
"""Words at the start of a query of which neighbours are joined."""

RUN_LENGTHS = (2, 3, 4)

Groups = tuple[tuple[str, ...], ...]
"""Groups of words that mean the same."""

_SPACE = re.compile(r"\s+")
_LETTERS = re.compile(r"[a-z0-9]+")
_IN = r"(?:in|using)"
_POLITE = r"[\s?.!,;:]*"


@dataclass(frozen=True, slots=True)
class QueryTerm:
    """A term, the user's word for it, and other terms that mean the same.

    `joins` says that it is the parts of an identifier together, which are terms of their own before it; `read_as` is
    the word that a misspelled one was taken for.
    """

    term: str
    word: str
    synonyms: tuple[str, ...] = ()
    joins: bool = False
    read_as: str = ""


class Run(NamedTuple):
    """Neighbouring words of the query as one term: "file name" as `filename`.

    `covers` are the places of their terms, `share` is the part of the query's words that they are.
    """

    term: str
    covers: tuple[int, ...]
    share: float


class Neighbours(NamedTuple):
    """All runs there may be in a query, the shortest first: hardly any is written as one word anywhere.

    `terms` has each one's term, of which two may be the same; the rest is what runs are made of.
    """

    terms: list[str]
    spans: list[tuple[int, int, float]]
    covered: tuple[int, ...]
    before: list[int]

    def run(self, place: int) -> Run:
        """The run with the term in this place."""
        start, end, share = self.spans[place]
        return Run(self.terms[place], self.covered[self.before[start] : self.before[end]], share)


@dataclass(frozen=True)
class ParsedQuery:
    """`text` is the whole query, cleaned: it is embedded, since a language's name is part of a text's meaning.

    `subject` is the text without the words that only named `language`, the filter; `terms` are of the subject.
    """

    text: str
    language: str | None
    subject: str
    terms: tuple[QueryTerm, ...]

    @cached_property
    def neighbours(self) -> Neighbours:
        return _join_neighbours(self.subject, self.terms)


@dataclass(frozen=True, slots=True)
class Mention:
    """A language named in a text, from `start` to `end`."""

    language: str
    start: int
    end: int


def parse_query(
    text: str,
    *,
    language: str | None = None,
    available: Iterable[str] = (),
    groups: Groups = SYNONYM_GROUPS,
) -> ParsedQuery:
    """Parse a query over a catalogue that has functions in the `available` languages.

    A `language` given wins over one said in the text. Only the first MAX_QUERY characters and MAX_TERMS different
    terms count. Any text is fine; one without a word has no terms.
    """
    cleaned = clean_text(text)
    mentions = find_mentions(cleaned, frozenset(available))
    said = mentions[0].language if mentions else None
    subject = _cut_out(cleaned, mentions) if language in (None, said) else cleaned
    terms = _find_terms(subject, groups)
    if not terms:
        # Nothing but a language's name: then that is what is searched for.
        return ParsedQuery(cleaned, language, cleaned, _find_terms(cleaned, groups))
    return ParsedQuery(cleaned, language or said, subject, terms)


def clean_text(text: str) -> str:
    """The first MAX_QUERY characters on one line, without control characters."""
    head = text[:MAX_QUERY]
    if not head.isprintable():
        head = "".join(char if char.isprintable() else " " for char in head)
    return " ".join(head.split())


def find_mentions(text: str, available: frozenset[str]) -> list[Mention]:
    """Where a text names the one language it asks for; empty when it names none, or several equally clearly."""
    if _beginnings(available).isdisjoint(_LETTERS.findall(text.lower())):
        return []
    names = _names_of(available)
    for pattern in _frames(available):
        found = [
            Mention(language, match.start(), match.end())
            for match in pattern.finditer(text)
            # Without regard to case a pattern takes a long s for an s, which no name is written with.
            if (language := names.get(_fold(match["name"]))) and not _is_something_else(text, match)
        ]
        if found:
            return found if len({mention.language for mention in found}) == 1 else []
    return []


def replace_words(query: ParsedQuery, readings: Mapping[str, str], groups: Groups = ()) -> ParsedQuery:
    """The query with these of its terms' words replaced by others; its terms keep the words that were written."""
    synonyms = _synonyms_of(groups)
    terms = []
    for query_term in query.terms:
        word = query_term.word
        if word in readings:
            term = tokenize(readings[word])[-1].term
            query_term = QueryTerm(term, word, synonyms.get(term, ()), read_as=readings[word])
        terms.append(query_term)
    text, subject = (replace_parts(part, readings) for part in (query.text, query.subject))
    return replace(query, text=text, subject=subject, terms=tuple(terms))


def list_synonyms(query: ParsedQuery, groups: Groups) -> dict[str, list[str]]:
    """The words of a query that was parsed with these groups, in lower case, and the words that stand in for each."""
    words = words_of_terms(groups)
    return {term.word.lower(): [words[other] for other in term.synonyms] for term in query.terms if term.synonyms}


@lru_cache(maxsize=32)
def words_of_terms(groups: Groups) -> dict[str, str]:
    """Each term of the groups with the first word that has it."""
    words: dict[str, str] = {}
    for group in groups:
        for word in group:
            for term in analyse(word)[-1:]:
                words.setdefault(term, word)
    return words


@lru_cache(maxsize=32)
def expand_groups(groups: Groups) -> dict[str, tuple[str, ...]]:
    """Each word's term with the terms of the words it shares a group with."""
    found: dict[str, dict[str, None]] = {}
    for group in groups:
        terms = [term for word in group for term in analyse(word)[-1:]]
        for term in terms:
            found.setdefault(term, {}).update(dict.fromkeys(other for other in terms if other != term))
    return {term: tuple(others) for term, others in found.items()}


_last: list[tuple[Groups, dict[str, tuple[str, ...]]]] = [((), {})]


def _synonyms_of(groups: Groups) -> dict[str, tuple[str, ...]]:
    """Like `expand_groups`. The groups of the last query are known by sight: to hash all of them takes longer."""
    known, synonyms = _last[0]
    if known is not groups:
        synonyms = expand_groups(groups)
        _last[0] = groups, synonyms
    return synonyms


def _find_terms(text: str, groups: Groups) -> tuple[QueryTerm, ...]:
    tokens = tokenize(text)
    kept = [token for token in tokens if not is_stop_word(token.word)] or tokens
    words: dict[str, str] = {}
    for token in kept:
        words.setdefault(token.term, token.word)
    synonyms = _synonyms_of(groups)
    return tuple([_make_term(term, word, synonyms.get(term, ())) for term, word in list(words.items())[:MAX_TERMS]])


@lru_cache(maxsize=4_096)
def _make_term(term: str, word: str, synonyms: tuple[str, ...]) -> QueryTerm:
    return QueryTerm(term, word, synonyms, joins=len(split_identifier(word)) > 1)


def _join_neighbours(text: str, terms: Sequence[QueryTerm]) -> Neighbours:
    words = split_words(text)[:RUN_WORDS]
    place_of = {query.term: place for place, query in enumerate(terms) if not query.joins}
    places = [place_of.get(word.term) for word in words]
    covered = tuple([place for place in places if place is not None])
    before = [0, *accumulate([place is not None for place in places])]
    spans = [span for span in _spans_of_runs(len(words)) if before[span[0]] < before[span[1]]]
    written = [word.word for word in words]
    joined = terms_of(["".join(written[start:end]) for start, end, _ in spans])
    return Neighbours(joined, spans, covered, before)


@cache
def _spans_of_runs(words: int) -> list[tuple[int, int, float]]:
    """From where to where runs are among so many words, the shortest first, and the part of all words in each."""
    lengths = sorted({*RUN_LENGTHS, words} - {0, 1})
    return [(start, start + length, length / words) for length in lengths for start in range(words - length + 1)]


def _cut_out(text: str, mentions: list[Mention]) -> str:
    for mention in reversed(mentions):
        text = f"{text[: mention.start]} {text[mention.end :]}"
    return _SPACE.sub(" ", text).strip()


def _is_something_else(text: str, match: re.Match[str]) -> bool:
    """Whether a word at the end of a query, such as "rust", stands where only a thing can."""
    if _fold(match["name"]) not in AT_THE_EDGES or match.start("name") != match.start():
        return False
    before = text[: match.start()].split()
    return bool(before) and (len(before) < 2 or before[-1].lower() in NOT_BEFORE or is_stop_word(before[-1]))


def _fold(name: str) -> str:
    return _SPACE.sub(" ", name.lower())


@lru_cache(maxsize=32)
def _names_of(available: frozenset[str]) -> dict[str, str]:
    names = {name: name for name in available} | dict(ALIASES) | SPOKEN
    return {name: language for name, language in names.items() if language in available and name not in NEVER}


@lru_cache(maxsize=32)
def _beginnings(available: frozenset[str]) -> frozenset[str]:
    """The first letters and digits of each name: a text without any of them names no language."""
    return frozenset(match[0] for name in _names_of(available) if (match := _LETTERS.search(name)))


@lru_cache(maxsize=32)
def _frames(available: frozenset[str]) -> tuple[re.Pattern[str], ...]:
    """The patterns that show a language is meant, clearest first."""
    names = _names_of(available)
    name = _alternatives(names)
    # "in c and d" is about variables.
    longer = _alternatives(name for name in names if len(name) > 1)
    plain = _alternatives(set(names) & UNMISTAKABLE)
    edge = _alternatives(set(names) & AT_THE_EDGES)
    programs, continuations = "|".join(PROGRAMS), "|".join(CONTINUATIONS)
    sources = (
        rf"\blang(?:uage)?:\s*{name}(?!\S)",
        rf"\[{name}\]",
        rf"\b{_IN}\s+{name}(?:\s+lang(?:uage)?)?{_POLITE}$",
        rf"^{_IN}\s+{name}\s*[,:]?(?=\s)",
        rf"\b{_IN}\s+{longer}(?=\s*[,?;]|\s+(?:{continuations})\b)",
        rf"^{name}:(?=\s)",
        rf"(?:\b(?:in|using|with|for|from)\s+)?{plain}",
        rf"{name}(?=\s+(?:{programs})\b)",
        rf"^{edge}(?=\s+\S+\s+\S)",
        rf"{edge}(?={_POLITE}$)",
    )
    return tuple(re.compile(source, re.IGNORECASE) for source in sources)


def _alternatives(names: Iterable[str]) -> str:
    """A pattern of any of these names as whole words; of none when there are none."""
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    escaped = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in longest_first) or r"(?!)"
    return rf"(?<![\w.#+-])(?P<name>{escaped})(?![\w#+]|[.-]\w)"
