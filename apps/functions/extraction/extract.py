"""Source of a file to its functions."""

from collections.abc import Callable
from dataclasses import replace

from apps.functions.extraction.decoding import UnfitSource
from apps.functions.extraction.reading import read_source
from apps.functions.extraction.registry import load_spec
from apps.functions.extraction.results import ExtractedFunction, Extraction, Skipped, SkipReason
from apps.functions.extraction.spec import LanguageSpec
from apps.functions.languages import LANGUAGES
from apps.functions.records import LIMITS, FunctionRecord


def extract_functions(
    source: bytes,
    language: str,
    path: str,
    *,
    include_tests: bool = False,
    give_up: Callable[[], bool] | None = None,
) -> Extraction:
    """Return the functions of one file in one of LANGUAGES, and what was left out and why.

    Never raises for what a file holds: what parses is extracted, and a file unfit for parsing is skipped as a whole.
    Parsing asks `give_up` now and then and stops when it says yes; there is no other bound on its time.
    """
    try:
        reading = read_source(source, load_spec(language, path), language=language, path=path, give_up=give_up)
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


def extract_main_function(
    code: str, language: str, name: str, *, give_up: Callable[[], bool] | None = None
) -> ExtractedFunction | None:
    """Return the function called `name`, else the first outermost one, in a piece of code that may stand alone.

    Here no function is too small to be read. None when there is none, or the code is unfit for parsing.
    """
    spec = load_spec(language, "")
    source = code.encode("utf-8", "replace")
    for before, after in ((b"", b""), *spec.wrappers):
        found = _read_all(before + source + after, spec, language, give_up)
        if found:
            simple = name.rpartition(".")[2]
            return next((function for function in found if function.name == simple), found[0])
    return None


def enrich(record: FunctionRecord, *, give_up: Callable[[], bool] | None = None) -> FunctionRecord:
    """Fill a record's missing signature and description from its code, where its language is one of LANGUAGES."""
    if record.language not in LANGUAGES or not record.code or (record.signature and record.description):
        return record
    found = extract_main_function(record.code, record.language, record.name, give_up=give_up)
    if found is None:
        return record
    return replace(
        record,
        signature=record.signature or found.signature[: LIMITS["signature"]],
        description=record.description or found.doc,
    )


def _read_all(
    source: bytes, spec: LanguageSpec, language: str, give_up: Callable[[], bool] | None
) -> list[ExtractedFunction]:
    try:
        reading = read_source(source, spec, language=language, path="", give_up=give_up)
    except UnfitSource:
        return []
    return [function for function, _ in reading.functions()]
