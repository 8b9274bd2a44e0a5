"""Which functions of a catalogue fit a query: by the words of their texts, or by their names."""

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise

from apps.functions.generation.subjects import Subject
from apps.functions.search.names import key_of_query, keys_of_name
from apps.functions.search.query import expand_groups
from apps.functions.search.synonyms import SYNONYM_GROUPS
from apps.functions.search.tokens import analyse, is_stop_word, split_identifier, tokenize

MAX_ANSWERS = 8
"""A query that more functions than these fit is too vague to have right answers."""

MAX_TEXT = 4_000
"""Characters of a description that count as its text."""

Slot = tuple[str, ...]
"""Terms any of which stands for one word of a query."""


class AnswerIndex:
    """The subjects by their terms and by their names. A subject's number is its place in the sequence given."""

    def __init__(self, subjects: Sequence[Subject]) -> None:
        self.languages = frozenset(subject.language for subject in subjects)
        self._language_of = [subject.language for subject in subjects]
        self._postings: dict[str, array[int]] = defaultdict(lambda: array("I"))
        self._named: dict[str, array[int]] = defaultdict(lambda: array("I"))
        self._worded: dict[tuple[str, ...], array[int]] = defaultdict(lambda: array("I"))
        for number, subject in enumerate(subjects):
            for term in terms_of(subject):
                self._postings[term].append(number)
            for key in {*keys_of_name(subject.full_name), *keys_of_name(subject.name)}:
                self._named[key].append(number)
            self._worded[_wording(subject.name)].append(number)

    def __len__(self) -> int:
        return len(self._language_of)

    def frequency(self, term: str) -> int:
        """How many subjects have the term."""
        return len(self._postings.get(term, ()))

    def has(self, number: int, term: str) -> bool:
        """Whether the subject with this number has the term."""
        return _contains(self._postings.get(term, ()), number)

    def find_by_words(self, slots: Sequence[Slot], language: str | None = None) -> list[int]:
        """The subjects whose texts have a term of every slot, of all languages or of one, in their order.

        No more than one over MAX_ANSWERS come back: then there are too many.
        """
        choices = sorted(
            ([self._postings[term] for term in slot if term in self._postings] for slot in slots), key=_size
        )
        if not choices:
            return []
        found = set().union(*choices[0])
        for choice in choices[1:]:
            found = set().union(*(_intersect(found, postings) for postings in choice))
        return self._restrict(found, language)[: MAX_ANSWERS + 1]

    def find_by_name(self, name: str, language: str | None = None) -> list[int]:
        """The subjects with this name in any spelling, dotted or not, or with the same words in another order."""
        found = {*self._named.get(key_of_query(name), ()), *self._worded.get(_wording(name), ())}
        return self._restrict(found, language)

    def _restrict(self, found: set[int], language: str | None) -> list[int]:
        if language is None:
            return sorted(found)
        return sorted(number for number in found if self._language_of[number] == language)


def terms_of(subject: Subject) -> frozenset[str]:
    """The terms of a subject's texts, as search makes them."""
    head = (subject.full_name, subject.name, subject.signature, subject.action, subject.data_type, *subject.keywords)
    return frozenset(analyse(" ".join((*head, subject.description[:MAX_TEXT]))))


def slots_of(text: str, has: Callable[[str], bool]) -> list[Slot]:
    """A slot for each word of a query whose term the function it is made from `has`; stop words are none.

    Neighbours may be written as one word: "file name" also fits a filename.
    """
    words = [token for token in tokenize(text) if not is_stop_word(token.word)]
    joined = [(analyse(left.word + right.word) or [""])[-1] for left, right in pairwise(words)]
    slots = []
    for place, token in enumerate(words):
        if has(token.term):
            beside = [*joined[max(place - 1, 0) : place], *joined[place : place + 1]]
            slots.append(tuple(dict.fromkeys((token.term, *beside))))
    return list(dict.fromkeys(slots))


def synonym_slot(*words: str) -> Slot:
    """The terms of these words and of all that share a group with any of them."""
    groups = expand_groups(SYNONYM_GROUPS)
    terms = [term for word in words for term in analyse(word)[-1:]]
    return tuple(dict.fromkeys((*terms, *(other for term in terms for other in groups.get(term, ())))))


def _intersect(found: set[int], postings: "array[int]") -> set[int]:
    """The numbers that are in both; looked up one by one where that is less work than going through all postings."""
    if len(found) * len(postings).bit_length() > len(postings):
        return found.intersection(postings)
    return {number for number in found if _contains(postings, number)}


def _contains(postings: Sequence[int], number: int) -> bool:
    place = bisect_left(postings, number)
    return place < len(postings) and postings[place] == number


def _size(choice: Sequence["array[int]"]) -> int:
    return sum(map(len, choice))


def _wording(name: str) -> tuple[str, ...]:
    return tuple(sorted(split_identifier(name)))
