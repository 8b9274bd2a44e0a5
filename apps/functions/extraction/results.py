"""What extraction gives back."""

from dataclasses import dataclass
from enum import StrEnum


class SkipReason(StrEnum):
    """Why a function, or a whole file, was left out, in words for people."""

    NO_BODY = "declared without a body"
    EMPTY = "empty body"
    ABSTRACT = "only raises NotImplementedError"
    NESTED = "inside another function, without documentation"
    ACCESSOR = "returns or sets one name, without documentation"
    TEST = "test"
    UNNAMED = "name longer than 300 characters"
    TOO_LONG = "function longer than 1,000,000 characters"
    FILE_TOO_LARGE = "file larger than 2 MB"
    FILE_BINARY = "file is binary, not text"
    FILE_UNDECODABLE = "file is not in the encoding it declares"
    FILE_MINIFIED = "file is minified: it has lines of over 5,000 characters"
    FILE_GENERATED = "file is generated: it says so itself"
    FILE_TOO_DEEP = "file is nested too deeply to parse safely"
    FILE_TOO_COSTLY = "file takes too much time or memory to parse"


# Those of files that nobody meant to leave out.
UNREADABLE = frozenset(
    {
        SkipReason.FILE_BINARY,
        SkipReason.FILE_UNDECODABLE,
        SkipReason.FILE_TOO_DEEP,
        SkipReason.FILE_TOO_COSTLY,
    }
)


@dataclass(frozen=True, slots=True)
class ExtractedFunction:
    """One function of a source file.

    `qualified_name` has the classes, modules or functions around it, joined by dots, and no module of the file itself.
    `signature` is one line without decorators and body; `doc` is plain text; `code` is the whole definition with its
    decorators, dedented. `line` is where the name stands, from 1, and `end_line` where the definition ends.
    """

    name: str
    qualified_name: str
    kind: str
    signature: str
    doc: str
    code: str
    path: str
    line: int
    end_line: int
    is_public: bool


@dataclass(frozen=True, slots=True)
class Skipped:
    """A function, or with line 1 maybe a whole file, that was left out."""

    path: str
    line: int
    reason: SkipReason


@dataclass(frozen=True, slots=True)
class Extraction:
    """The functions of one file, what was left out, and how many regions of it could not be parsed."""

    functions: tuple[ExtractedFunction, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    errors: int = 0
