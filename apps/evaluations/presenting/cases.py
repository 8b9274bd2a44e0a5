"""The cases of a suite, as their page filters them."""

from dataclasses import dataclass
from typing import Self

from django.db.models import Q, QuerySet
from django.http import QueryDict

from apps.evaluations.models import Case, CaseOrigin, CaseState, Suite

MAX_TEXT = 300


@dataclass(frozen=True, slots=True)
class CaseList:
    """What the address of the cases' page says. `case` is the key of the one in the panel."""

    query: str
    state: str
    origin: str
    made_by: str
    tag: str
    case: int | None

    @classmethod
    def read(cls, data: QueryDict) -> Self:
        state, origin = data.get("state", ""), data.get("origin", "")
        return cls(
            read_text(data, "q"),
            state if state in CaseState.values else "",
            origin if origin in CaseOrigin.values else "",
            read_text(data, "made_by"),
            read_text(data, "tag"),
            read_key(data, "case"),
        )

    @property
    def is_filtered(self) -> bool:
        return any((self.query, self.state, self.origin, self.made_by, self.tag))

    def find(self, suite: Suite) -> QuerySet[Case]:
        """Newest first: what somebody just added is what they look for."""
        cases = suite.cases.order_by("-pk")
        if self.query:
            cases = cases.filter(Q(query__icontains=self.query) | Q(external_id=self.query))
        for field in ("state", "origin", "made_by"):
            if value := getattr(self, field):
                cases = cases.filter(**{field: value})
        return cases.filter(tags__contains=[self.tag]) if self.tag else cases


def list_ways(suite: Suite) -> list[str]:
    """How the suite's cases were made, for the filter."""
    ways = suite.cases.exclude(made_by="").order_by("made_by").values_list("made_by", flat=True)
    return list(ways.distinct())


def read_key(data: QueryDict, name: str) -> int | None:
    """A row's key out of the address; None for what cannot be one."""
    text = data.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def read_text(data: QueryDict, name: str) -> str:
    # PostgreSQL can not even be asked about a text with a NUL in it.
    return data.get(name, "").replace("\0", "\ufffd").strip()[:MAX_TEXT]
