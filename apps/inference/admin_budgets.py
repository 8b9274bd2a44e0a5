"""Budgets in the back office: of whom, how much, and what is spent of it by now."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from apps.core.admin_base import ServicesAdmin
from apps.inference import curating
from apps.inference.admin_forms import BudgetForm
from apps.inference.budgets.limits import freeze_budget
from apps.inference.models import Budget, Spending

WHOSE = (
    "Choose one. A key's budget is for what that key asks. A person's is for all that they ask, in pages and with any "
    "of their keys. An alias's is for what everybody asks of it. A call that is on several stops at the first that is "
    "spent."
)
HOW_MUCH = "Dollars, tokens or both, in each day or month. Both begin at midnight UTC. Free models need no dollars."


@admin.register(Budget)
class BudgetAdmin(ServicesAdmin):
    form = BudgetForm
    list_display = ["show_whose", "period", "show_dollars", "show_tokens", "updated_at"]
    list_filter = [("period", ChoicesDropdownFilter)]
    list_select_related = ["key__user", "user", "alias"]
    search_fields = ["key__name", "user__email", "alias__name"]
    search_help_text = "Key, person or alias"
    autocomplete_fields = ["key", "user", "alias"]
    readonly_fields = ["show_dollars", "show_tokens", "created_at", "updated_at"]
    add_fieldsets = [
        ("Whose it is", {"fields": ["key", "user", "alias"], "description": WHOSE}),
        ("How much", {"fields": ["period", ("dollars", "tokens")], "description": HOW_MUCH}),
    ]
    fieldsets = [
        ("Spent now", {"fields": [("show_dollars", "show_tokens")], "description": "A few seconds late."}),
        *add_fieldsets,
        ("Record", {"fields": [("created_at", "updated_at")]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Budget]:
        rows: QuerySet[Budget] = super().get_queryset(request)
        since = datetime.now(UTC).date().replace(day=1)
        now = Prefetch("spendings", Spending.objects.filter(since__gte=since), to_attr="of_this_month")
        return rows.prefetch_related(now)

    def get_fieldsets(self, request: HttpRequest, obj: Budget | None = None) -> Any:
        return self.fieldsets if obj else self.add_fieldsets

    def save_model(self, request: HttpRequest, obj: Budget, form: Any, change: bool) -> None:
        curating.save_budget(budget=obj)

    def delete_model(self, request: HttpRequest, obj: Budget) -> None:
        curating.delete(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Budget]) -> None:
        for row in queryset:
            curating.delete(row)

    @display(description="whose")
    def show_whose(self, budget: Budget) -> str:
        if budget.key:
            return f"the key {budget.key.name} of {budget.key.user}"
        return str(budget.user) if budget.user else f"all that is asked of {budget.alias}"

    @display(description="dollars spent")
    def show_dollars(self, budget: Budget) -> str:
        if budget.dollars is None:
            return "no limit"
        return f"${find_spending(budget).dollars:,.4f} of ${budget.dollars:,.2f}"

    @display(description="tokens spent")
    def show_tokens(self, budget: Budget) -> str:
        if budget.tokens is None:
            return "no limit"
        return f"{find_spending(budget).tokens:,} of {budget.tokens:,}"


def find_spending(budget: Any) -> Spending:
    """In the period that it is now; of a new budget nothing."""
    since = freeze_budget(budget, "").account(datetime.now(UTC).date()).since
    rows = getattr(budget, "of_this_month", None) or []
    return next((row for row in rows if row.since == since), Spending(budget=budget, since=since))
