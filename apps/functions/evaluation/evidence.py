"""What a diagnosis goes by, read for many failures with a fixed number of queries."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from apps.core.targets.types import Failure
from apps.functions.evaluation.wording import words_of
from apps.functions.index import SearchIndex
from apps.functions.languages import find_language
from apps.functions.models import Function, FunctionState
from apps.functions.references import find_referred, refer_to
from apps.functions.search.bm25 import count_terms
from apps.functions.search.documents import Document
from apps.functions.search.query import ParsedQuery, QueryTerm, parse_query
from apps.functions.search.tokens import analyse, split_identifier
from apps.functions.services.embedding import to_document
from apps.functions.services.live import Loaded

ABSENT = {
    FunctionState.DRAFT: "is a draft",
    FunctionState.RETIRED: "is retired",
    FunctionState.PUBLISHED: "is not in the index yet",
}


@dataclass(frozen=True)
class Known:
    """A function as search knows it."""

    function: Function
    document: Document

    @cached_property
    def reference(self) -> str:
        return refer_to(self.function)

    @cached_property
    def terms(self) -> frozenset[str]:
        return frozenset(count_terms(self.document).counts)

    @cached_property
    def words(self) -> tuple[str, ...]:
        return words_of(self.document)


@dataclass(frozen=True)
class Evidence:
    """One failure. `expected` are the right answers that can be found, and `absent` says what the others are.

    `first` is the first answer that the case got; `asked` is the language that its filter names.
    """

    failure: Failure
    query: ParsedQuery
    expected: tuple[Known, ...]
    absent: Mapping[str, str]
    first: Known | None
    asked: str | None

    @property
    def best(self) -> Known:
        """The right answer that came before the others, or any of them where none came."""
        place = {got["id"]: place for place, got in enumerate(self.failure.outcome.got)}
        return min(self.expected, key=lambda known: place.get(known.reference, len(place)))

    @cached_property
    def missing(self) -> tuple[QueryTerm, ...]:
        """The query's words that no right answer has, neither themselves nor by a synonym that was searched with."""
        return tuple(term for term in self.query.terms if not self._covers(term) and _is_one_word(term))

    def _covers(self, term: QueryTerm) -> bool:
        searched = (self.failure.outcome.trace.get("terms") or {}).get(term.word.lower(), ())
        terms = {term.term, *(other for synonym in searched for other in analyse(synonym))}
        return any(not terms.isdisjoint(known.terms) for known in self.expected)


def read_evidence(failures: Sequence[Failure], loaded: Loaded) -> list[Evidence]:
    """In the order of the failures."""
    references = {one for failure in failures for one in (*_expected(failure), *_first(failure))}
    referred = find_referred(references)
    known = _read_known({function.pk for functions in referred.values() for function in functions}, loaded.index)
    return [_weigh(failure, referred, known, loaded) for failure in failures]


def _read_known(keys: Collection[int], index: SearchIndex) -> dict[int, Known]:
    findable = index.contains(keys)
    functions = Function.objects.published().with_library().in_bulk(findable)
    return {key: Known(function, to_document(function)) for key, function in functions.items()}


def _weigh(
    failure: Failure, referred: Mapping[str, list[Function]], known: Mapping[int, Known], loaded: Loaded
) -> Evidence:
    asked = find_language(failure.question.filters.get("language", ""))
    expected, library = _expected(failure), failure.question.filters.get("library")
    return Evidence(
        failure=failure,
        query=parse_query(
            failure.question.query, language=asked, available=loaded.index.languages, groups=loaded.synonyms
        ),
        expected=tuple(one for one in _pick(expected, referred, known) if _is_in(one.function, library)),
        absent={reference: _tell_absence(referred.get(reference, ()), library) for reference in expected},
        first=next(iter(_pick(_first(failure), referred, known)), None),
        asked=asked,
    )


def _pick(
    references: Iterable[str], referred: Mapping[str, list[Function]], known: Mapping[int, Known]
) -> Iterable[Known]:
    keys = dict.fromkeys(function.pk for reference in references for function in referred.get(reference, ()))
    return [known[key] for key in keys if key in known]


def _is_in(function: Function, library: str | None) -> bool:
    return not library or function.library.name == library


def _tell_absence(functions: Sequence[Function], library: str | None) -> str:
    states = {function.state for function in functions if _is_in(function, library)}
    if functions and not states:
        return f"is not in {library}, where the case asks"
    return next((text for state, text in ABSENT.items() if state in states), "is not in the catalogue")


def _expected(failure: Failure) -> tuple[str, ...]:
    return tuple(failure.question.expected or ())


def _first(failure: Failure) -> tuple[str, ...]:
    return tuple(answer["id"] for answer in failure.outcome.got[:1])


def _is_one_word(term: QueryTerm) -> bool:
    """Not the whole of an identifier, whose parts are terms of their own."""
    return len(split_identifier(term.word)) == 1
