"""tree-sitter's parsers, loaded when first used."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from apps.functions.extraction.spec import LanguageSpec

if TYPE_CHECKING:
    from tree_sitter import Language, Tree

CHUNK = 65_536


@cache
def load_grammar(module: str, function: str) -> "Language":
    """Return the language in a grammar's package; takes milliseconds, once."""
    from tree_sitter import Language

    return Language(getattr(import_module(module), function)())


def parse_source(source: bytes, spec: LanguageSpec, give_up: Callable[[], bool] | None = None) -> "Tree | None":
    """Return the tree of UTF-8 source, or None when `give_up`, asked every few hundred tokens, said to."""
    from tree_sitter import Parser

    parser = Parser(load_grammar(*spec.grammar))
    if give_up is None:
        return parser.parse(source)
    # A view, for the parser keeps every piece it was given until its end, and hostile sources make it ask often.
    view = memoryview(source)
    stopped = False

    def ask(offset: int, has_error: bool) -> bool:
        nonlocal stopped
        stopped = stopped or give_up()
        return stopped

    try:
        return parser.parse(lambda offset, point: view[offset : offset + CHUNK], progress_callback=ask)
    except ValueError:
        if not stopped:
            raise
        return None
