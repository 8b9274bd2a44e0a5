"""tree-sitter's parsers, loaded when first used."""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from apps.functions.extraction.spec import LanguageSpec

if TYPE_CHECKING:
    from tree_sitter import Language, Tree


@cache
def load_grammar(module: str, function: str) -> "Language":
    """Return the language in a grammar's package; takes milliseconds, once."""
    from tree_sitter import Language

    return Language(getattr(import_module(module), function)())


def parse_source(source: bytes, spec: LanguageSpec) -> "Tree":
    """Return the tree of UTF-8 source."""
    from tree_sitter import Parser

    return Parser(load_grammar(*spec.grammar)).parse(source)
