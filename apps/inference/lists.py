"""The list of calls: one's own, or everybody's for who may see them."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from apps.core.tables import ChoiceFilter, Column, DateFilter, Table, TextFilter, attribute
from apps.core.tables.filters import Choices, Filter, Rows
from apps.inference.exchange import Operation
from apps.inference.models import Call, CallText

SEE_ALL = "inference.view_call"
OUTCOMES = (("ok", "Answered"), ("failed", "Failed"), ("cancelled", "Cancelled"))
CACHES = (("exact", "Exact"), ("semantic", "Semantic"), ("none", "Not from a cache"))


def by_outcome(rows: Rows, text: str) -> Rows:
    return rows.exclude(outcome__in=("ok", "cancelled")) if text == "failed" else rows.filter(outcome=text)


def by_cache(rows: Rows, text: str) -> Rows:
    return rows.filter(cache="" if text == "none" else text)


def list_operations(table: Table) -> Choices:
    return [(one.value, one.value.capitalize()) for one in Operation]


class CallTable(Table):
    page = "inference:calls"
    noun = ("call", "calls")
    columns = (
        Column("asked", "Asked for", attribute("target"), sort="target", drawn=True, width="rest"),
        Column("outcome", "Outcome", attribute("outcome"), sort="outcome", drawn=True, unlabelled=True, width="l"),
        Column("model", "Model", attribute("model"), sort="model", drawn=True, width="xl"),
        Column("tier", "Tier", attribute("tier"), sort="tier", only_wide=True, width="s"),
        Column("cache", "Cache", attribute("cache"), sort="cache", only_wide=True, width="s"),
        Column("tokens", "Tokens", lambda call: call.prompt_tokens + call.completion_tokens, number=True, width="s"),
        Column("cost", "Cost", attribute("cost"), sort="cost", number=True, drawn=True, width="m"),
        Column("took", "Took", attribute("ms"), sort="ms", number=True, drawn=True, width="m"),
        Column("who", "Who", attribute("user"), drawn=True, width="l", only_wide=True, hidden=True),
        Column("when", "When", attribute("at"), sort="at", width="m"),
        Column("trace", "Trace", attribute("trace_id"), hidden=True, width="xl"),
    )
    default_sort = "-when"
    search_label = "Find a model, an alias or a trace"
    page_size = 25
    cells = "inference/_call_cells.html"
    panel = "inference/_call_peek.html"
    nothing = "inference/_no_calls.html"
    live = "inference"

    def __init__(self, user: Any) -> None:
        self._user = user
        self._sees_all = user.has_perm(SEE_ALL)
        self.filters = self._list_filters()  # type: ignore[misc]

    def _list_filters(self) -> tuple[Filter, ...]:
        """Whose they are can be chosen only by who sees those of others."""
        always: tuple[Filter, ...] = (
            ChoiceFilter("outcome", "Outcome", choices=OUTCOMES, lookup=by_outcome),
            ChoiceFilter("cache", "Cache", choices=CACHES, lookup=by_cache),
            ChoiceFilter("operation", "Operation", choices=list_operations),
            DateFilter("when", "When", lookup="at"),
            TextFilter("model", "Model"),
            TextFilter("target", "Asked for"),
            TextFilter("code", "Error", lookup="outcome"),
        )
        whose = ChoiceFilter("whose", "Whose", choices=(("own", "My own"),), lookup=self._by_owner)
        return (whose, *always) if self._sees_all else always

    def _by_owner(self, rows: Rows, text: str) -> Rows:
        return rows.filter(user=self._user)

    def rows(self) -> QuerySet[Any]:
        calls = Call.objects.select_related("user")
        return calls if self._sees_all else calls.filter(user=self._user)

    def find(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(Q(target__icontains=text) | Q(model__icontains=text) | Q(trace_id=text))

    def href(self, row: Any) -> str:
        """Calls have no page of their own: the panel shows all there is."""
        return f"{reverse(self.page)}?peek={row.pk}"

    def look_at(self, key: int) -> Mapping[str, Any] | None:
        """With its texts, for who asked it only."""
        found = super().look_at(key)
        if found is None:
            return None
        own = found["row"].user_id == self._user.pk
        return {**found, "text": CallText.objects.filter(pk=key).first() if own else None, "is_own": own}
