"""One way of writing for what has several: accents, countries, currencies, Roman numerals, ordinals, short forms."""

import re
import unicodedata

_FORMS = (
    (r"₹|\b(?:Rs|rs|RS|INR|inr|Inr)\b\.?|(?<=\d)(?:rs|Rs|RS|INR)\b|\b[Rr]upees?\b", " rupees "),
    (r"\$|\bUS dollars?\b|\b(?:USD|usd)\b", " dollars "),
    (r"€|\bEUR\b", " euros "),
    (r"£|\bGBP\b", " pounds "),
    (r"\bUnited States(?: of America)?\b|\b(?:U\.S\.A\b\.?|U\.S\b\.?|USA\b|US\b)(?!\w)", "USA"),
    (r"(?<!South )(?<!North )(?<!Latin )(?<!Central )\bAmerica\b", "USA"),
    (r"\bUnited Kingdom\b|\bGreat Britain\b|\b(?:U\.K\b\.?|UK\b)(?!\w)", "UK"),
)
FORMS = tuple((re.compile(pattern), form) for pattern, form in _FORMS)
_SEVERAL = re.compile(r"[A-Z]{2,}s")

_ROMAN = "II III IV VI VII VIII IX XI XII XIII XIV XV XVI XVII XVIII XIX XX"
_NUMBERS = "2 3 4 6 7 8 9 11 12 13 14 15 16 17 18 19 20"
ROMAN_NUMBERS = dict(zip(_ROMAN.split(), _NUMBERS.split(), strict=True))
"""As they are written in capitals; without those of one letter, which are mostly something else."""

_ORDINALS = "third fourth fifth sixth seventh eighth ninth tenth"
ORDINALS = {word: str(number) for number, word in enumerate(_ORDINALS.split(), 3)}
"""Without "first" and "second", which seldom count."""

_NO_NAMES = (
    "president presidential presidency minister government govt administration mr mrs dr prof professor sir madam "
    "under over between during after before best top most good"
)
NO_NAMES = frozenset(_NO_NAMES.split())
"""Words that say no more when they are capitalised: titles, and what people stress."""


def unify(text: str) -> str:
    """The text with apostrophes, accents, currencies and two countries written in one way."""
    plain = remove_accents(text.replace("’", "'").replace("‘", "'"))
    for pattern, form in FORMS:
        plain = pattern.sub(form, plain)
    return plain


def remove_accents(text: str) -> str:
    if text.isascii():
        return text
    parts = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(part for part in parts if unicodedata.category(part) != "Mn"))


def read_word(token: str) -> str:
    """In small letters; of several TVs one."""
    return (token[:-1] if _SEVERAL.fullmatch(token) else token).lower()
