"""The languages of the functions that cases refer to, kept for as long as the catalogue stays as it is."""

from collections.abc import Collection
from functools import cache

from apps.functions.references import find_languages
from apps.functions.services.live import live_index


class KnownLanguages:
    """What `find_languages` finds, asked once a process: the cases of a sweep refer to the same functions in turn."""

    def __init__(self) -> None:
        self._version = ""
        self._known: dict[str, str] = {}

    def find(self, references: Collection[str]) -> dict[str, str]:
        version = live_index().version
        if version != self._version:
            self._version, self._known = version, {}
        known = self._known
        known.update(find_languages([reference for reference in references if reference not in known]))
        return {reference: known[reference] for reference in references if reference in known}


@cache
def known_languages() -> KnownLanguages:
    """This process's own."""
    return KnownLanguages()
