"""What search asks of an index, wherever that is."""

from collections.abc import Collection
from typing import Protocol

from apps.functions.index.hits import SearchOutcome
from apps.functions.index.segment import Vector
from apps.functions.search.query import Groups, ParsedQuery


class SearchIndex(Protocol):
    """See LiveIndex, which searches files and an overlay. Hits that are not `explained` say neither words nor why."""

    @property
    def languages(self) -> tuple[str, ...]: ...

    def __len__(self) -> int: ...

    def contains(self, functions: Collection[int]) -> set[int]: ...

    def frequency(self, term: str) -> int: ...

    def read_words(self, query: ParsedQuery, groups: Groups = ()) -> ParsedQuery: ...

    def search(
        self,
        query: ParsedQuery,
        vector: Vector | None,
        *,
        language: str | None = None,
        library: str | None = None,
        limit: int = 10,
        explained: bool = True,
    ) -> SearchOutcome: ...

    def search_if_sure(
        self,
        query: ParsedQuery,
        *,
        language: str | None = None,
        library: str | None = None,
        limit: int = 10,
        explained: bool = True,
    ) -> SearchOutcome: ...

    def exact_matches(
        self,
        query: ParsedQuery,
        *,
        language: str | None = None,
        library: str | None = None,
        limit: int = 10,
        explained: bool = True,
    ) -> SearchOutcome: ...

    def similar(self, function: int, *, limit: int = 10) -> SearchOutcome: ...
