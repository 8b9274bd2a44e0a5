"""Libraries with what they hold."""

from django.db.models import Count, Q, QuerySet

from apps.functions.models import FunctionState, Library


def with_counts(libraries: QuerySet[Library]) -> QuerySet[Library]:
    """Each with its number of `functions`, and of those that are `draft`, `published` and `retired`."""
    by_state = {state: Count("functions", filter=Q(functions__state=state)) for state in FunctionState.values}
    return libraries.annotate(functions_count=Count("functions"), **by_state).order_by("name")
