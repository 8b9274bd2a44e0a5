"""One name in the spellings of other languages."""

from collections.abc import Mapping
from types import MappingProxyType

from apps.functions.search.tokens import split_identifier

SEPARATORS: Mapping[str, str] = MappingProxyType({"rust": "::", "cpp": "::", "ruby": "#", "php": "::"})

# Where the last part but one is in lower case, it is a function around this one, or a type that nobody imports.
NESTING = frozenset({"javascript", "typescript", "go"})


def words_of_name(name: str) -> list[str]:
    """The words of a name in lower case; a number stays with the word before it: utf8_decode gives utf8, decode."""
    words: list[str] = []
    for word in split_identifier(name):
        if word.isdigit() and words:
            words[-1] += word
        else:
            words.append(word)
    return words


def spell_name(name: str) -> list[str]:
    """The name in camel case, Pascal case, with underscores, hyphens and spaces, less those that it has itself."""
    words = words_of_name(name)
    if not words:
        return []
    pascal = "".join(map(str.capitalize, words))
    spellings = [words[0] + "".join(map(str.capitalize, words[1:])), pascal]
    spellings += [separator.join(words) for separator in ("_", "-", " ", " ")]
    return [spelling for spelling in spellings if spelling.casefold() != name.casefold()]


def owner_of(qualified_name: str, language: str) -> str:
    """The public class or type that a function belongs to, "" where there is none that people would name."""
    owner = ["", *qualified_name.split(".")][-2]
    nested = language in NESTING and owner[:1].islower()
    return owner if owner.isidentifier() and not owner.startswith("_") and not nested else ""


def name_with_owner(qualified_name: str, language: str) -> str | None:
    """The last two parts of a qualified name, as the language writes them; None where there are no two plain ones."""
    owner, name = owner_of(qualified_name, language), qualified_name.rpartition(".")[2]
    return SEPARATORS.get(language, ".").join((owner, name)) if owner and name.isidentifier() else None
