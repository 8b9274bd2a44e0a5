"""English verbs in the two forms that descriptions and questions take. Rules for regular verbs: any word is fine."""

from apps.functions.generation.vocabulary import VERBS

_SIBILANTS = ("s", "x", "z", "ch", "sh", "o")
_VOWELS = "aeiou"


def to_base_form(word: str) -> str | None:
    """The plain form of a verb: `returns` gives return, `applies` apply. None for what is no verb of VERBS."""
    if word in VERBS:
        return word
    for ending, replacement in (("ies", "y"), ("es", ""), ("s", "")):
        if word.endswith(ending):
            base = word[: -len(ending)] + replacement
            if base in VERBS:
                return base
    return None


def to_third_person(verb: str) -> str:
    """What it does: `parse` gives parses, `apply` applies, `match` matches."""
    if verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        return verb[:-1] + "ies"
    return verb + ("es" if verb.endswith(_SIBILANTS) else "s")


def to_plural(noun: str) -> str:
    """The plural of a regular noun, which is made as the third person of a verb is."""
    return to_third_person(noun)


def to_singular(word: str) -> str | None:
    """The singular of a regular plural, None for what does not look like one."""
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-3] + "y" if word.endswith("ies") else word[:-1]
    return None
