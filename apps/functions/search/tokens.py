"""From text to terms: identifiers split into words, words reduced to stems. Names and prose meet in one vocabulary."""

import re
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, cast

from apps.functions.search.stop_words import STOP_WORDS

MAX_CHARACTERS = 40_000
MAX_WORD = 64
MAX_TOKENS = 8_000
"""Bounds on the work for one text: the rest of a longer text, word or list of words does not count."""

# `c#` and `c++` are words; so is `utf-8`, which is also `utf8`.
_WORD = re.compile(r"\b[cCfF](?:#|\+\+)|[^\W\d_]{2,20}-\d{1,4}\b|\w+")
_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_local = threading.local()


class Token(NamedTuple):
    """A term of the index, and the word of the text it came from."""

    term: str
    word: str


def analyse(text: str) -> list[str]:
    """The terms of a text in order, repeats included; at most MAX_TOKENS.

    `HTTPServer` gives `http`, `server` and the whole `httpserver`, stemmed, so that it is found by either spelling.
    Stop words are left out. Any text is fine, whatever its length or characters.
    """
    terms: list[str] = []
    for word in _words(text):
        terms += _terms_of(word)
        if len(terms) >= MAX_TOKENS:
            return terms[:MAX_TOKENS]
    return terms


def tokenize(text: str) -> list[Token]:
    """Like `analyse`, with each term's word and with stop words."""
    tokens: list[Token] = []
    for word in _words(text):
        tokens += _tokens_of(word)
        if len(tokens) >= MAX_TOKENS:
            return tokens[:MAX_TOKENS]
    return tokens


def split_identifier(name: str) -> list[str]:
    """The words of an identifier in lower case: `parseHTTPDate_2` gives parse, http, date, 2."""
    return [part.word for part in split_words(name)]


def split_words(text: str) -> list[Token]:
    """The words of a text and of its identifiers, in lower case."""
    parts: list[Token] = []
    for word in _words(text):
        parts += _parts_of(word)
    return parts


def replace_parts(text: str, others: Mapping[str, str]) -> str:
    """A text with other words for some, in ASCII, of those that its identifiers are made of."""
    return _PART.sub(lambda match: others.get(match[0], match[0]), text)


def terms_of(words: Sequence[str]) -> list[str]:
    """The term of each of these words of letters and digits in lower case; of the whole, where one has parts."""
    if "".join(words).isascii():
        return cast("list[str]", _stemmer().stemWords([word[:MAX_WORD] for word in words]))
    return [tokenize(word)[-1].term for word in words]


def is_stop_word(word: str) -> bool:
    return word in STOP_WORDS or (not word.islower() and word.lower() in STOP_WORDS)


def _words(text: str) -> list[str]:
    head = text[:MAX_CHARACTERS]
    if not head.isascii():
        head = unicodedata.normalize("NFKC", head)[:MAX_CHARACTERS]
    # The pattern finds nothing else in letters, digits and spaces.
    words = head.split() if head.replace(" ", "").isalnum() else _WORD.findall(head)
    return [word[:MAX_WORD] for word in words]


@lru_cache(maxsize=50_000)
def _terms_of(word: str) -> tuple[str, ...]:
    return tuple(token.term for token in _tokens_of(word) if not is_stop_word(token.word))


@lru_cache(maxsize=10_000)
def _tokens_of(word: str) -> tuple[Token, ...]:
    if word[-1] in "#+":
        return (Token(word.lower(), word),)
    parts = _split(word)
    tokens = [Token(_stem(part.lower()), part) for part in parts]
    if len(parts) > 1:
        tokens.append(Token(_stem("".join(parts).lower()), word))
    return tuple(tokens)


@lru_cache(maxsize=10_000)
def _parts_of(word: str) -> tuple[Token, ...]:
    """The parts of a word in lower case."""
    if word.isascii() and word.isalpha() and word.islower():
        return _tokens_of(word)
    words = [part.lower() for part in _split(word)]
    return tuple(map(Token, terms_of(words), words))


def _split(word: str) -> list[str]:
    """The parts of a word by underscores, case and digits."""
    if word.isascii():
        return _PART.findall(word)
    parts = [""]
    for place, char in enumerate(word):
        kind, before = _kind(char), _kind(word[place - 1]) if place else ""
        ends_capitals = kind == before == "upper" and _kind(word[place + 1 : place + 2]) == "lower"
        if kind == "other" or ends_capitals or (kind != before and (before, kind) != ("upper", "lower")):
            parts.append("")
        parts[-1] += "" if kind == "other" else char
    return [part for part in parts if part]


def _kind(char: str) -> str:
    """What a character is to a name: letters without case count as lower."""
    if char.isdigit():
        return "digit"
    if char.isupper():
        return "upper"
    return "lower" if char.isalpha() else "other"


def _stem(word: str) -> str:
    """The stem of a word in lower case."""
    return cast("str", _stemmer().stemWord(word))


def _stemmer() -> Any:
    """This thread's stemmer, made when it is first needed."""
    try:
        return _local.stemmer
    except AttributeError:
        import Stemmer

        # Without a cache of its own: that one costs more than it saves.
        _local.stemmer = Stemmer.Stemmer("english", 0)
        return _local.stemmer
