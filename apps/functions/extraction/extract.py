"""Source of a file to its functions."""

from apps.functions.extraction.decoding import UnfitSource
from apps.functions.extraction.reading import read_source
from apps.functions.extraction.registry import load_spec
from apps.functions.extraction.results import ExtractedFunction, Extraction, Skipped, SkipReason
from apps.functions.extraction.spec import LanguageSpec


def extract_functions(source: bytes, language: str, path: str, *, include_tests: bool = False) -> Extraction:
    """Return the functions of one file in one of LANGUAGES, and what was left out and why.

    Never raises for what a file holds: what parses is extracted, and a file unfit for parsing is skipped as a whole.
    Some sources of a few kilobytes make the parsers take minutes, gigabytes or the process down: what nobody has
    looked at belongs into a process with limits.
    """
    try:
        reading = read_source(source, load_spec(language, path), language=language, path=path)
    except UnfitSource as error:
        return Extraction(skipped=(Skipped(path, 1, error.reason),))
    functions: list[ExtractedFunction] = []
    skipped: list[Skipped] = []
    for function, reason in reading.functions():
        if reason is None or (reason is SkipReason.TEST and include_tests):
            functions.append(function)
        else:
            skipped.append(Skipped(path, function.line, reason))
    return Extraction(tuple(functions), tuple(skipped), reading.errors)


def extract_main_function(code: str, language: str, name: str) -> ExtractedFunction | None:
    """Return the function called `name`, else the first outermost one, in a piece of code that may stand alone.

    Here no function is too small to be read. None when there is none, or the code is unfit for parsing. What is said
    of `extract_functions` about limits holds here too.
    """
    spec = load_spec(language, "")
    source = code.encode("utf-8", "replace")
    for before, after in ((b"", b""), *spec.wrappers):
        found = _read_all(before + source + after, spec, language)
        if found:
            simple = name.rpartition(".")[2]
            return next((function for function in found if function.name == simple), found[0])
    return None


def _read_all(source: bytes, spec: LanguageSpec, language: str) -> list[ExtractedFunction]:
    try:
        reading = read_source(source, spec, language=language, path="")
    except UnfitSource:
        return []
    return [function for function, _ in reading.functions()]
