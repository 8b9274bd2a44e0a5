"""A query before its right answers are known, and what the kinds of cases make drafts from."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from apps.functions.generation.answers import AnswerIndex, Slot, slots_of
from apps.functions.generation.requests import (
    MAX_REQUEST,
    Request,
    request_of_description,
    request_of_name,
    request_of_owner,
)
from apps.functions.generation.subjects import Subject
from apps.functions.generation.vocabulary import GENERIC
from apps.functions.search.documents import first_paragraph
from apps.functions.search.tokens import is_stop_word, split_identifier, tokenize

MIN_WORD = 3
MAX_READ = 200
"""Characters of a description that yield telling words where it has no sentence to take."""

_VOWELS = frozenset("aeiouy")


@dataclass(frozen=True, slots=True)
class Draft:
    """A query that fits those who have a term of every slot, or who are named `name`; with a `language`, only its own.

    `bare` is the query less what was put around it on purpose, such as a language.
    """

    query: str
    bare: str
    slots: Sequence[Slot] = ()
    name: str = ""
    language: str | None = None


class Material:
    """What one subject gives to make queries of, each made when it is needed."""

    def __init__(self, subject: Subject, number: int, index: AnswerIndex) -> None:
        self.subject = subject
        self.index = index
        self._number = number

    @cached_property
    def described(self) -> Request | None:
        return request_of_description(self.subject)

    @cached_property
    def named(self) -> list[Request]:
        """What the name asks for, with its class and without."""
        return [request for request in (request_of_name(self.subject), request_of_owner(self.subject)) if request]

    @cached_property
    def requests(self) -> list[Request]:
        """All requests that are short enough to be put into a question."""
        described = self.described
        short = described and described.is_action and len(described.text.split()) <= MAX_REQUEST
        return [*([described] if short and described else []), *self.named]

    @cached_property
    def telling_words(self) -> list[str]:
        """Different words that say what it does, in lower case, in the order of name, keywords, description."""
        subject = self.subject
        said = self.described.said if self.described else first_paragraph(subject.description)[:MAX_READ]
        text = " ".join((subject.name, *subject.keywords, said))
        words: dict[str, str] = {}
        for word in split_identifier(text):
            if is_telling(word):
                words.setdefault(self.term_of(word), word)
        return [word for term, word in words.items() if self.has(term)]

    def has(self, term: str) -> bool:
        return self.index.has(self._number, term)

    def term_of(self, word: str) -> str:
        return tokenize(word)[-1].term

    def slots(self, text: str) -> list[Slot]:
        return slots_of(text, self.has)

    def draft(self, request: Request, query: str, language: str | None = None) -> Draft:
        return Draft(query, request.text, self.slots(request.said), language=language)


def is_telling(word: str) -> bool:
    """Whether a word in lower case says something by itself and can be said."""
    return (
        len(word) >= MIN_WORD
        and word.isalpha()
        and word not in GENERIC
        and not is_stop_word(word)
        and (not word.isascii() or not _VOWELS.isdisjoint(word))
    )
