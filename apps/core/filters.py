"""Filters of the core's lists."""

from django_filters import CharFilter, ChoiceFilter, FilterSet

from apps.core.models import Job, JobState


class JobFilter(FilterSet):
    kind = CharFilter(help_text="Exactly this kind, such as functions.import.")
    state = ChoiceFilter(choices=JobState.choices, help_text="Only jobs in this state.")

    class Meta:
        model = Job
        fields: list[str] = []
