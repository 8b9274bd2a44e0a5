"""What lists of the API can be asked."""

from django.db.models import Q
from django_filters import CharFilter, ChoiceFilter, FilterSet, ModelChoiceFilter, TypedChoiceFilter

from apps.evaluations.models import (
    Case,
    CaseOrigin,
    CaseOutcome,
    CaseQuerySet,
    CaseState,
    OutcomeQuerySet,
    Run,
    RunState,
    Schedule,
    Suite,
    Verdict,
)


class SuiteFilter(FilterSet):
    q = CharFilter(field_name="name", lookup_expr="icontains", help_text="Part of the name, whatever its case.")
    target = CharFilter(help_text="Only suites for this target.")

    class Meta:
        model = Suite
        fields: list[str] = []


class CaseFilter(FilterSet):
    q = CharFilter(method="filter_text", help_text="Part of the query, whatever its case, or the exact id.")
    state = ChoiceFilter(choices=CaseState.choices, help_text="Only cases in this state.")
    origin = ChoiceFilter(choices=CaseOrigin.choices, help_text="Only cases that came this way.")
    tag = CharFilter(method="filter_tag", help_text="A tag the case has, exactly.")
    made_by = CharFilter(help_text="Only cases made this way, exactly.")

    class Meta:
        model = Case
        fields: list[str] = []

    def filter_text(self, cases: CaseQuerySet, name: str, value: str) -> CaseQuerySet:
        return cases.filter(Q(query__icontains=value) | Q(external_id=value))

    def filter_tag(self, cases: CaseQuerySet, name: str, value: str) -> CaseQuerySet:
        return cases.filter(tags__contains=[value])


class RunFilter(FilterSet):
    state = ChoiceFilter(choices=RunState.choices, help_text="Only runs in this state.")
    verdict = ChoiceFilter(
        field_name="report__verdict", choices=Verdict.choices, help_text="Only runs whose report says this."
    )

    class Meta:
        model = Run
        fields: list[str] = []


class OutcomeFilter(FilterSet):
    right = TypedChoiceFilter(
        choices=[("true", "Right"), ("false", "Wrong")],
        coerce=lambda value: value == "true",
        help_text="true or false.",
    )
    tier = CharFilter(help_text="Only what this tier answered.")
    language = CharFilter(field_name="labels__language", help_text="Only cases of this language.")
    made_by = CharFilter(field_name="case__made_by", help_text="Only cases made this way, exactly.")
    q = CharFilter(method="filter_text", help_text="Part of the query, whatever its case, or the case's exact id.")

    class Meta:
        model = CaseOutcome
        fields: list[str] = []

    def filter_text(self, outcomes: OutcomeQuerySet, name: str, value: str) -> OutcomeQuerySet:
        return outcomes.filter(Q(case__query__icontains=value) | Q(case__external_id=value))


class ScheduleFilter(FilterSet):
    suite = ModelChoiceFilter(queryset=Suite.objects.all(), help_text="Only schedules of this suite, by its id.")

    class Meta:
        model = Schedule
        fields: list[str] = []
