"""Suites with how many cases they have."""

from django.db.models import Count, Q, QuerySet

from apps.evaluations.models import CaseState, Suite


def with_counts(suites: QuerySet[Suite]) -> QuerySet[Suite]:
    """Each with `active_cases`, which sweeps ask, and `draft_cases`, which wait for a curator."""
    return suites.annotate(
        active_cases=Count("cases", filter=Q(cases__state=CaseState.ACTIVE)),
        draft_cases=Count("cases", filter=Q(cases__state=CaseState.DRAFT)),
    ).order_by("name")  # rows that are counted lose the order that is their model's own
