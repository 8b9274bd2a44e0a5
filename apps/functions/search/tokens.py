"""From text to terms: identifiers split into words, words reduced to stems. Names and prose meet in one vocabulary."""

import re
import threading
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple, cast

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
    return [part.lower() for word in _words(name) for part in _split(word)]


def replace_parts(text: str, others: Mapping[str, str]) -> str:
    """A text with other words for some, in ASCII, of those that its identifiers are made of."""
    return _PART.sub(lambda match: others.get(match[0], match[0]), text)


@lru_cache(maxsize=4_096)
def term_of(word: str) -> str:
    """The term of a word of letters and digits in lower case; of the whole, where it has parts."""
    return _stem(word[:MAX_WORD]) if word.isascii() else tokenize(word)[-1].term


def is_stop_word(word: str) -> bool:
    return word in STOP_WORDS or (not word.islower() and word.lower() in STOP_WORDS)


def _words(text: str) -> list[str]:
    head = text[:MAX_CHARACTERS]
    if not head.isascii():
        head = unicodedata.normalize("NFKC", head)[:MAX_CHARACTERS]
    return [word[:MAX_WORD] for word in _WORD.findall(head)]


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
    """The stem of a word in lower case; the stemmer is made by the first thread's need, since it is not shared."""
    try:
        stemmer = _local.stemmer
    except AttributeError:
        import Stemmer

        # Without a cache of its own: that one costs more than it saves.
        stemmer = _local.stemmer = Stemmer.Stemmer("english", 0)
    return cast("str", stemmer.stemWord(word))
