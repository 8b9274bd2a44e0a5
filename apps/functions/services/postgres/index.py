"""The index in PostgreSQL: candidates come from there, and are ranked as the rows of an index of files are."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from apps.functions.index.candidates import CandidateIndex, Candidates, make_segment, terms_of_query
from apps.functions.index.hits import NOTHING, Hit, SearchOutcome
from apps.functions.index.segment import TOP_TERMS, Statistics, Vector, unit_vector
from apps.functions.index.vocabulary import Vocabulary
from apps.functions.models import DIMENSIONS, Function, Library, SearchEntry
from apps.functions.search.bm25 import count_terms
from apps.functions.search.names import key_of_query
from apps.functions.search.query import Groups, ParsedQuery, QueryTerm, replace_words
from apps.functions.search.spelling import can_be_read, choose_reading
from apps.functions.services.embedding import to_document
from apps.functions.services.postgres.candidates import Scope, count_term, find_candidates, find_named, find_nearest
from apps.functions.services.postgres.words import plan_few_words, plan_words, quote_term

MOST_COUNTED = 5_000
REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class CatalogueFacts:
    """What is known of the whole catalogue without looking at it again."""

    languages: tuple[str, ...] = ()
    documents: int = 0
    average_lengths: tuple[float, ...] = ()
    frequencies: dict[str, int] = field(default_factory=dict)
    vocabulary: Vocabulary | None = None
    curated: bool = False
    crowding: float = 0.0
    model: str = ""


class PostgresIndex:
    """Searches the catalogue where it is: what commits is found at once, and nothing of it stays in this process."""

    def __init__(self, facts: CatalogueFacts) -> None:
        self._facts = facts
        self._counted: dict[str, int] = {}

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of the functions, in order of their names."""
        return self._facts.languages

    def __len__(self) -> int:
        """How many functions can be found."""
        return SearchEntry.objects.count()

    def contains(self, functions: Collection[int]) -> set[int]:
        """Those of these functions, by their ids, that can be found."""
        return set(SearchEntry.objects.filter(pk__in=functions).values_list("pk", flat=True))

    def frequency(self, term: str) -> int:
        """In how many functions a term is, about."""
        self._count_missing([term])
        return self._known(term)

    def read_words(self, query: ParsedQuery, groups: Groups = ()) -> ParsedQuery:
        """The query with each word that nothing has, nor any of its synonyms, read as the nearest one there is.

        `groups` are those with which the query was parsed.
        """
        vocabulary = self._facts.vocabulary
        words = [term for term in query.terms if not term.joins and can_be_read(term.word.lower())]
        if vocabulary is None or not words:
            return query
        self._count_missing(name for term in words for name in (term.term, *term.synonyms))
        unknown = [term.word for term in words if not any(map(self._known, (term.term, *term.synonyms)))]
        found = {word: choose_reading(vocabulary.find_readings(word.lower())) for word in unknown}
        readings = {word: reading.word for word, reading in found.items() if reading}
        return replace_words(query, readings, groups) if readings else query

    def search(
        self,
        query: ParsedQuery,
        vector: Vector | None,
        *,
        language: str | None = None,
        library: str | None = None,
        limit: int = 10,
        explained: bool = True,
    ) -> SearchOutcome:
        """The functions that fit a query best, among those that the filters let through.

        `vector` is the embedding of `query.text`, shape (dimensions,); without it only words count.
        """
        scope = _find_scope(language or query.language, library)
        if scope is None:
            return NOTHING
        unit = None if vector is None else unit_vector(vector, DIMENSIONS)
        ranked = self._find(query, unit, scope, thorough=unit is None)
        if not len(ranked):
            return NOTHING
        return ranked.search(query, unit, language=scope.language, limit=limit, explained=explained)

    def search_if_sure(
        self,
        query: ParsedQuery,
        *,
        language: str | None = None,
        library: str | None = None,
        limit: int = 10,
        explained: bool = True,
    ) -> SearchOutcome:
        """What words alone find, where a curated function tells the whole query and leads clearly; or else NOTHING."""
        scope = _find_scope(language or query.language, library)
        if scope is None or not self._facts.curated:
            return NOTHING
        found = self._find(query, None, scope, thorough=False)
        return found.search_if_sure(query, language=scope.language, limit=limit, explained=explained)

    def exact_matches(
        self,
        query: ParsedQuery,
        *,
        language: str | None = None,
        library: str | None = None,
        limit: int = 10,
        explained: bool = True,
    ) -> SearchOutcome:
        """The functions whose name the query is, in any spelling, the most popular first."""
        scope = _find_scope(language or query.language, library)
        keys = list(dict.fromkeys(key for text in (query.text, query.subject) if (key := key_of_query(text))))
        if scope is None or not keys:
            return NOTHING
        found = find_named(keys, scope, limit=limit)
        if not found.ids:
            return NOTHING
        return self._index(found, []).exact_matches(query, language=scope.language, limit=limit, explained=explained)

    def similar(self, function: int, *, limit: int = 10) -> SearchOutcome:
        """The functions nearest in meaning to one, by its id; by its most telling words where it has no vector."""
        nearest = [
            (key, cosine) for key, cosine in find_nearest(function, model=self._facts.model, limit=limit) if cosine > 0
        ]
        if nearest:
            hits = tuple(Hit(key, cosine, 0.0, cosine, (), f"meaning {cosine:.2f}") for key, cosine in nearest)
            return SearchOutcome(hits, hits[0].score, True)
        own = Function.objects.published().with_library().filter(pk=function).first()
        return self._similar_by_words(own, limit) if own else NOTHING

    def _similar_by_words(self, own: Function, limit: int) -> SearchOutcome:
        counted = list(count_terms(to_document(own)).counts)
        self._count_missing(counted)
        telling = sorted(counted, key=lambda term: (self._known(term), term))[:TOP_TERMS]
        query = ParsedQuery("", None, "", tuple(QueryTerm(term, term) for term in telling))
        outcome = self.search(query, None, limit=limit + 1)
        hits = tuple(
            Hit(hit.id, hit.lexical, hit.lexical, None, (), f"words in common {hit.lexical:.2f}")
            for hit in outcome.hits
            if hit.id != own.pk
        )[:limit]
        return SearchOutcome(hits, hits[0].score if hits else 0.0, bool(hits))

    def _find(self, query: ParsedQuery, unit: Vector | None, scope: Scope, *, thorough: bool) -> CandidateIndex:
        """The best candidates for a query, by words and, with a vector of unit length, by meaning."""
        self._count_missing(name for term in query.terms for name in (term.term, *term.synonyms))
        plan = plan_words if thorough else plan_few_words
        levels = plan(query, self._known)
        found = find_candidates(levels, unit, scope, model=self._facts.model, crowding=self._facts.crowding)
        return self._index(found, terms_of_query(query))

    def _index(self, found: Candidates, terms: list[str]) -> CandidateIndex:
        statistics = Statistics(self._facts.documents, self._facts.average_lengths, self._known)
        return CandidateIndex(make_segment(found, terms, statistics), statistics)

    def _known(self, term: str) -> int:
        return self._facts.frequencies.get(term) or self._counted.get(term, 0)

    def _count_missing(self, terms: Iterable[str]) -> None:
        """Looks up how many functions have the words that the last build found in few functions or in none."""
        missing = [term for term in terms if term not in self._facts.frequencies and term not in self._counted]
        if missing:
            if len(self._counted) > REMEMBERED:
                self._counted = {}
            counts = count_term([quote_term(term) for term in missing], MOST_COUNTED)
            self._counted.update(zip(missing, counts, strict=True))


def _find_scope(language: str | None, library: str | None) -> Scope | None:
    """None when there is no such library."""
    if library is None:
        return Scope(language)
    key = Library.objects.filter(name=library).values_list("pk", flat=True).first()
    return None if key is None else Scope(language, key)
