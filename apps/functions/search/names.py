"""Names as people type them: `parse_date`, `parseDate`, "Parse Date" and `dates.parse_date()` ask for one function."""

import re

MAX_KEY = 200

_ARGUMENTS = re.compile(r"\s*\([^()]*\)\s*;?\s*$")
_SEPARATOR = re.compile(r"::|->|[.#/\\$]")
_NOT_KEY = re.compile(r"[\W_]+")
_SEAM = re.compile(r"[a-z0-9][A-Z_]")
"""Where two words of an identifier meet: each of these spellings has one."""

_SPELLINGS = (
    (re.compile(r"(?<!\S)[a-z]+[a-z0-9]*(?:[A-Z][a-z0-9]*)+(?![^\s(])"), ("javascript", "java", "typescript")),
    (re.compile(r"(?<!\S)(?:[A-Z][a-z0-9]+){2,}(?![^\s(])"), ("csharp", "go")),
    (re.compile(r"(?<!\S)[a-z0-9]+(?:_[a-z0-9]+)+(?![^\s(])"), ("python", "rust")),
)


def name_key(name: str) -> str:
    """What all spellings of a name have in common: its letters and digits in lower case, at most MAX_KEY."""
    return _NOT_KEY.sub("", name[: 4 * MAX_KEY]).lower()[:MAX_KEY]


def keys_of_name(name: str, library: str = "") -> tuple[str, ...]:
    """The keys by which a function is found: its name, each shorter end of a dotted name, and with its library."""
    parts = [part for part in (name_key(piece) for piece in _SEPARATOR.split(name[: 4 * MAX_KEY])) if part]
    ends = ["".join(parts[start:]) for start in range(len(parts))]
    if library and parts:
        ends += [(name_key(library) + end)[:MAX_KEY] for end in ends[:1]]
    return tuple(dict.fromkeys(end[:MAX_KEY] for end in ends))


def key_of_query(text: str) -> str:
    """The key that a query asks for if it is a name; the arguments of a call do not count."""
    return name_key(_ARGUMENTS.sub("", text[: 4 * MAX_KEY]))


def looks_like_identifier(text: str) -> bool:
    """Whether a query is written as code writes names (`parse_date`, `parseDate`, `a.b`, `f()`), not as words."""
    bare = text[: 4 * MAX_KEY].strip()
    if not bare or any(char.isspace() for char in _ARGUMENTS.sub("", bare)):
        return False
    return bool(re.search(r"[_.:#()]|[a-z][A-Z]", bare))


def spelled_languages(text: str) -> tuple[str, ...]:
    """The languages that write names as the first identifier of a text is written; none where there is no such one."""
    if not _SEAM.search(text):
        return ()
    for pattern, languages in _SPELLINGS:
        if pattern.search(text):
            return languages
    return ()
