"""The LanguageSpec of each language, imported when first asked for."""

from functools import cache
from importlib import import_module

from apps.functions.extraction.spec import LanguageSpec

_PACKAGE = "apps.functions.extraction"


def load_spec(language: str, path: str) -> LanguageSpec:
    """Return how a language of LANGUAGES is read; a .tsx file has a grammar of its own."""
    return _load(language, "TSX_SPEC" if language == "typescript" and path.lower().endswith(".tsx") else "SPEC")


@cache
def _load(language: str, name: str) -> LanguageSpec:
    spec: LanguageSpec = getattr(import_module(f"{_PACKAGE}.{language}"), name)
    return spec
