"""Other words for the same: a synonym, or a slip of the fingers. What fits stays what fitted before."""

from collections.abc import Iterator
from random import Random

from apps.functions.generation.answers import Slot, synonym_slot
from apps.functions.generation.drafts import Draft, Material
from apps.functions.generation.inflection import to_plural, to_singular
from apps.functions.generation.requests import Request, drop_articles
from apps.functions.generation.typos import can_slip, slip
from apps.functions.generation.vocabulary import AWKWARD, GENERIC, VERBS
from apps.functions.search.synonyms import SYNONYM_GROUPS
from apps.functions.search.tokens import analyse, is_stop_word

MAX_WORDS = 7
"""Words of a phrase in which one is replaced."""

TRIES = 4

_KNOWN = frozenset(term for group in SYNONYM_GROUPS for word in group for term in analyse(word))


def replace_synonyms(material: Material, request: Request, rng: Random) -> Iterator[Draft]:
    """Drafts with one word replaced, and where two can be, with both first."""
    words = drop_articles(request.text).split()
    if len(words) > MAX_WORDS:
        return
    others = {place: found for place, word in enumerate(words) if (found := find_others(word, is_verb=not place))}
    places = [[place] for place in others] + ([list(others)[:2]] * (len(others) > 1))
    rng.shuffle(places)
    for chosen in places:
        replaced = {place: rng.choice(others[place]) for place in chosen}
        query = " ".join(replaced.get(place, word) for place, word in enumerate(words))
        slots: list[Slot] = material.slots(" ".join(word for place, word in enumerate(words) if place not in replaced))
        slots += [synonym_slot(words[place], other) for place, other in replaced.items()]
        yield Draft(query, query, slots)


def find_others(word: str, *, is_verb: bool) -> list[str]:
    """Words that a person puts in place of this one, as a verb or as a thing; a plural for a plural."""
    found = [other for group in SYNONYM_GROUPS if word in group for other in group if other not in AWKWARD]
    singular = to_singular(word)
    if not found and singular and not is_verb:
        things = find_others(singular, is_verb=False)
        return [plural for plural in map(to_plural, things) if plural not in AWKWARD]
    wanted = [other for other in dict.fromkeys(found) if other != word and (other in VERBS) == is_verb]
    return wanted if word in VERBS or not is_verb else []


def misspell(material: Material, draft: Draft, rng: Random) -> Iterator[Draft]:
    """Drafts with one slip in a word that counts, which makes no other word."""
    words = draft.query.split()
    terms = {term for slot in draft.slots for term in slot}
    places = [place for place, word in enumerate(words) if can_slip(word) and material.term_of(word) in terms]
    for _ in range(TRIES if places else 0):
        place = rng.choice(places)
        wrong = slip(words[place], rng)
        if not is_word(material, wrong):
            query = " ".join((*words[:place], wrong, *words[place + 1 :]))
            yield Draft(query, draft.bare, draft.slots)


def is_word(material: Material, text: str) -> bool:
    """Whether it is a word that is known: the catalogue's, the synonyms', or one that search leaves out."""
    if is_stop_word(text) or text in VERBS or text in GENERIC:
        return True
    return any(material.index.frequency(term) or term in _KNOWN for term in (material.term_of(text), text))
