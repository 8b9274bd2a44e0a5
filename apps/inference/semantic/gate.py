"""Rules before any similarity: where numbers, negation, names or quoted strings differ, so do the questions."""

from dataclasses import dataclass
from enum import StrEnum

from apps.inference.semantic.words import Question, find_stem

SHORTEST_ROOT, LONGEST_ENDING = 4, 3
SAME_NAMES = frozenset({frozenset({"usa", "american"}), frozenset({"uk", "british"})})
CURRENCIES = frozenset(map(find_stem, ("rupees", "dollars", "euros", "pounds")))


class Difference(StrEnum):
    """Why two questions may not share an answer."""

    NUMBERS = "numbers"
    NEGATION = "negation"
    NAMES = "names"
    QUOTED = "quoted"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules found; nothing where the questions may be alike."""

    differences: tuple[Difference, ...]

    @property
    def passes(self) -> bool:
        return not self.differences


def check_pair(first: Question, second: Question) -> Verdict:
    """The same either way round; a text always passes beside itself."""
    found = {
        Difference.NUMBERS: first.numbers != second.numbers,
        Difference.NEGATION: first.negations != second.negations,
        Difference.NAMES: bool(
            find_missing_names(first, second) or find_missing_names(second, first) or has_other_currency(first, second)
        ),
        Difference.QUOTED: bool(find_missing_quotes(first, second) or find_missing_quotes(second, first)),
    }
    return Verdict(tuple(difference for difference, differs in found.items() if differs))


def find_missing_names(first: Question, second: Question) -> frozenset[str]:
    """The first's names that the second says in no form: "Pakistanis" are named by "Pakistan", and the other way."""
    missing = first.names - second.known
    return frozenset(name for name in missing if not any(is_same_name(name, word) for word in second.known))


def is_same_name(one: str, two: str) -> bool:
    return is_derived(one, two) or frozenset({one, two}) in SAME_NAMES


def is_derived(one: str, two: str) -> bool:
    """Whether the longer is the shorter, of four letters or more, with an ending of up to three."""
    shorter, longer = sorted((one, two), key=len)
    return len(shorter) >= SHORTEST_ROOT and len(longer) - len(shorter) <= LONGEST_ENDING and longer.startswith(shorter)


def has_other_currency(first: Question, second: Question) -> bool:
    """Whether both name a currency, and not the same ones."""
    own, other = first.known & CURRENCIES, second.known & CURRENCIES
    return bool(own and other and own != other)


def find_missing_quotes(first: Question, second: Question) -> frozenset[str]:
    """What the first quotes and the second does not say, quoted or not."""
    said = f" {' '.join(second.words)} "
    return frozenset(quote for quote in first.quoted if f" {quote} " not in said)
