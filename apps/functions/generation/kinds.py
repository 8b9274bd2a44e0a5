"""The kinds of cases: how people write what they look for. Each kind makes drafts, the likeliest first."""

import re
from collections.abc import Callable, Iterator, Mapping, Set
from itertools import combinations
from random import Random
from types import MappingProxyType
from typing import TypeVar

from apps.functions.generation.drafts import Draft, Material, is_telling
from apps.functions.generation.replacing import misspell, replace_synonyms
from apps.functions.generation.requests import Request, drop_articles, request_of_fields, shorten
from apps.functions.generation.spellings import name_with_owner, spell_name, words_of_name
from apps.functions.generation.vocabulary import SPOKEN

Item = TypeVar("Item")
Maker = Callable[[Material, Random], Iterator[Draft]]

TYPED_WORDS = 4
"""More than so many words are not typed in another order."""

RARE_WORDS = 5
"""The rarest words of a function of which pairs are made."""

LARGE = 1_000
MIN_FREQUENCY = 3
"""In so large a catalogue, words are taken that so many functions have."""

_PLAIN_NAME = re.compile(r"[\w.$]+(?: [\w.$]+)*")


def make_names(material: Material, rng: Random) -> Iterator[Draft]:
    """The name as written, alone, as a call, or with its class."""
    subject = material.subject
    if not _PLAIN_NAME.fullmatch(subject.name):
        return
    spoken = [subject.name] * 4 + ([] if " " in subject.name else [f"{subject.name}()"])
    first = rng.choice(spoken)
    owned = name_with_owner(subject.full_name, subject.language)
    queries = [first, *([owned] if owned else []), subject.name]
    if owned and rng.random() < 0.25:
        queries.reverse()
        queries = [owned, first, subject.name]
    for query in dict.fromkeys(queries):
        yield Draft(query, query, name=query)


def make_spellings(material: Material, rng: Random) -> Iterator[Draft]:
    """The name as another language would spell it, or in words."""
    words = words_of_name(material.subject.name)
    if len(words) < 2 or 2 * sum(len(word) > 1 for word in words) <= len(words):
        return
    spellings = spell_name(material.subject.name)
    rng.shuffle(spellings)
    for query in dict.fromkeys(spellings):
        yield Draft(query, query, name=query)


def make_descriptions(material: Material, rng: Random) -> Iterator[Draft]:
    """What the description says first, with its articles or without."""
    request = material.described
    if request is None:
        return
    text = request.text
    forms = [text, text, drop_articles(text)]
    rng.shuffle(forms)
    for query in dict.fromkeys(forms):
        yield material.draft(request, query)


def make_keywords(material: Material, rng: Random) -> Iterator[Draft]:
    """Two telling words, the rarest first, one of them of the name where it has any; three where two are too vague."""
    words = material.telling_words
    named = {word for word in words_of_name(material.subject.name) if is_telling(word)}
    rarest = _rarest_first(material, named)[:RARE_WORDS]
    for size in (2, 3):
        groups = sorted(combinations(range(len(rarest)), size), key=sum)
        chosen = [[rarest[place] for place in group] for group in groups]
        chosen.sort(key=lambda group: bool(named) and named.isdisjoint(group))
        for group in chosen[:RARE_WORDS]:
            query = " ".join(sorted(group, key=words.index))
            yield Draft(query, query, material.slots(query))


def make_actions(material: Material, rng: Random) -> Iterator[Draft]:
    """What is done, and to what kind of thing, from the fields or else from name and description."""
    filled = request_of_fields(material.subject)
    if filled:
        yield material.draft(filled, filled.text)
        for word in _rarest_first(material, set()):
            if word not in filled.text.split():
                query = f"{filled.text} {word}"
                yield Draft(query, query, material.slots(query))
    for request in (*map(shorten, material.named), *_core_of(material.described)):
        yield material.draft(request, request.text)


def make_questions(material: Material, rng: Random) -> Iterator[Draft]:
    requests = list(material.requests)
    rng.shuffle(requests)
    spoken = _spoken(material, after=True)
    for request in requests:
        questions = [
            f"how do i {request.asked}",
            f"how to {request.asked}",
            f"what function {request.told}",
            f"function that {request.told}",
            f"how can i {request.asked}",
            f"is there a function that {request.told}",
        ]
        drafts = [material.draft(request, question) for question in questions]
        language = material.subject.language
        drafts += [
            material.draft(request, f"how to {request.asked} {said}", language) for said in spoken if " " in said
        ]
        rng.shuffle(drafts)
        yield from drafts[:3]


def make_synonyms(material: Material, rng: Random) -> Iterator[Draft]:
    """A short request with one word, or two, replaced by others that mean the same."""
    requests = [*material.requests, *_core_of(material.described)]
    rng.shuffle(requests)
    for request in map(shorten, requests):
        yield from replace_synonyms(material, request, rng)


def make_typos(material: Material, rng: Random) -> Iterator[Draft]:
    """A phrase with one slip in one of its longer words."""
    requests = list(material.requests)
    rng.shuffle(requests)
    for request in requests:
        yield from misspell(material, material.draft(request, drop_articles(request.text)), rng)
    for draft in make_keywords(material, rng):
        yield from misspell(material, draft, rng)


def make_mentions(material: Material, rng: Random) -> Iterator[Draft]:
    """A request with the language it is to be in, before or after."""
    language = material.subject.language
    for request in _shuffled(material.requests, rng):
        text = drop_articles(request.text) if rng.random() < 0.7 else request.text
        queries = [f"{said} {text}" for said in _spoken(material, after=False)]
        queries += [f"{text} {said}" for said in _spoken(material, after=True)]
        for query in _shuffled(queries, rng)[:3]:
            yield material.draft(request, query, language)


def make_word_orders(material: Material, rng: Random) -> Iterator[Draft]:
    """The telling words of a short request, turned around or rotated."""
    for request in _shuffled([*material.requests, *_core_of(material.described)], rng):
        words = [word for word in dict.fromkeys(request.said.split()) if is_telling(word) or word == request.verb]
        if 2 <= len(words) <= TYPED_WORDS:
            orders = [words[1:] + words[:1], words[::-1], words[-1:] + words[:-1]]
            for order in _shuffled(orders, rng):
                if order != words:
                    query = " ".join(order)
                    yield Draft(query, query, material.slots(query))


KINDS: Mapping[str, tuple[float, Maker]] = MappingProxyType(
    {
        "synonym": (0.08, make_synonyms),
        "question": (0.12, make_questions),
        "description": (0.16, make_descriptions),
        "language": (0.06, make_mentions),
        "word_order": (0.04, make_word_orders),
        "typo": (0.08, make_typos),
        "action": (0.10, make_actions),
        "keywords": (0.12, make_keywords),
        "spelling": (0.12, make_spellings),
        "name": (0.12, make_names),
    }
)
"""Each kind's share of the cases, and its maker; first those that the fewest functions have the words for."""


def _core_of(request: Request | None) -> list[Request]:
    """A description's verb and what is right after it: of "create an archive of files" it is "create archive"."""
    if request is None or not request.verb or not request.own:
        return []
    what = re.split(r",? (?:for|from|in|into|with|using|by|to|on|at|of|as|and|or|if|that|which)\b", request.what)[0]
    words = [word for word in what.split() if is_telling(word)][-3:]
    return [Request(request.verb, " ".join(words))] if words else []


def _rarest_first(material: Material, known: Set[str]) -> list[str]:
    """The telling words, but for those not `known` that hardly any function has: they are odd more than telling."""
    frequency = {word: material.index.frequency(material.term_of(word)) for word in material.telling_words}
    least = MIN_FREQUENCY if len(material.index) >= LARGE else 1
    kept = [word for word, times in frequency.items() if times >= least or word in known]
    return sorted(kept, key=lambda word: (frequency[word], word))


def _spoken(material: Material, *, after: bool) -> tuple[str, ...]:
    language = material.subject.language
    return SPOKEN.get(language, ((), (f"in {language}",)))[after]


def _shuffled(items: list[Item], rng: Random) -> list[Item]:
    return rng.sample(items, len(items))
