"""A function as search sees it, and the text of it that is embedded."""

import re
from dataclasses import dataclass

from apps.functions.search.tokens import split_identifier

RECIPE = "words-code-3"
"""Names how `embedding_text` makes its text. Change it with that function: it is part of a vector's digest."""

MAX_TEXT = 400
"""Characters that are embedded, white space collapsed: about 100 tokens. More costs time and finds no better."""

MAX_DESCRIPTION = 200
"""Characters of these for the description, or the keywords, so that there is room for the code."""

KNOWN_BY = 40
"""So many characters tell that the code holds the description."""

_PARAGRAPH_END = re.compile(r"\n\s*\n|\n\s*(?=[:@]\w|Args:|Parameters|Returns?:|Examples?:|>>>)")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Document:
    """One function. `id` is its database key; `name` may be dotted; texts that are not known are empty."""

    id: int
    name: str
    language: str = ""
    signature: str = ""
    description: str = ""
    keywords: tuple[str, ...] = ()
    code: str = ""
    library: str = ""
    popularity: float = 0.0
    action: str = ""
    data_type: str = ""

    @property
    def is_curated(self) -> bool:
        """Whether somebody described it for those who search: what it does, and words to find it by."""
        return bool(self.description and (self.keywords or self.action or self.data_type))


def embedding_text(document: Document) -> str:
    """The text whose vector stands for the function: the name's words, what it does, then the code.

    Keywords say what a function does that has no description; beside one they only take room from the code.
    """
    words = " ".join(split_identifier(document.name))
    code = collapse(document.code[: 4 * MAX_TEXT])
    meaning = first_paragraph(document.description[: 4 * MAX_TEXT])
    if not meaning:
        meaning = collapse(", ".join(document.keywords))
    elif meaning[:KNOWN_BY] in code:
        # Most often the description was read out of the code.
        meaning = ""
    told = f"{words}. {meaning[:MAX_DESCRIPTION] if code else meaning}" if meaning else words
    return f"{told}\n{code or collapse(document.signature)}"[:MAX_TEXT].strip()


def first_paragraph(description: str) -> str:
    """What a description says first, up to its parameters, examples or a blank line, on one line."""
    return collapse(_PARAGRAPH_END.split(description.strip(), maxsplit=1)[0])


def collapse(text: str) -> str:
    return _SPACE.sub(" ", text).strip()
