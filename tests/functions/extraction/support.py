"""Short forms for tests of extraction."""

import textwrap

from apps.functions.extraction import ExtractedFunction, Extraction, extract_functions

ENDINGS = {
    "python": "mod.py",
    "javascript": "mod.js",
    "typescript": "mod.ts",
    "java": "Mod.java",
    "go": "mod.go",
    "rust": "mod.rs",
    "csharp": "Mod.cs",
}


def extract(language: str, source: str, path: str = "", **options: bool) -> Extraction:
    """Extract from dedented source."""
    text = textwrap.dedent(source).lstrip("\n")
    return extract_functions(text.encode(), language, path or ENDINGS[language], **options)


def names(extraction: Extraction) -> list[str]:
    """The qualified names found, in order."""
    return [function.qualified_name for function in extraction.functions]


def reasons(extraction: Extraction) -> list[tuple[int, str]]:
    """The line and reason of each function left out."""
    return [(skipped.line, skipped.reason.name) for skipped in extraction.skipped]


def only(extraction: Extraction) -> ExtractedFunction:
    """The one function found."""
    (function,) = extraction.functions
    return function
