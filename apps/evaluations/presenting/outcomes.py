"""The cases of a run, as its page filters them, and one of them beside what came of it before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.db.models import BooleanField, F, FloatField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models import Case as Choose
from django.db.models.functions import Coalesce
from django.http import QueryDict

from apps.core.cache.policy import CachePolicy
from apps.core.cache.registry import get_cache, register_policy
from apps.core.tables.reading import read_key, read_text
from apps.core.targets.registry import get_target
from apps.core.targets.types import Diagnosis, Shown
from apps.evaluations.models import CaseOutcome, Run
from apps.evaluations.services import analysing, comparing

SHOWS = (("all", "All"), ("failures", "Failures"), ("flips", "Flips"))

CAUSES = "evaluations.causes"

register_policy(CachePolicy(CAUSES, version=1, local_size=16, local_ttl=300))


@dataclass(frozen=True, slots=True)
class OutcomeList:
    """What the address of a run's page says about its table; `case` is the key of the one in the panel."""

    show: str
    query: str
    language: str
    made_by: str
    tier: str
    tag: str
    cause: str
    case: int | None

    @classmethod
    def read(cls, data: QueryDict) -> Self:
        show = data.get("show", "")
        names = ("language", "made_by", "tier", "tag", "cause")
        return cls(
            show=show if show in dict(SHOWS) else "all",
            query=read_text(data, "q"),
            case=read_key(data, "case"),
            **{name: read_text(data, name) for name in names},
        )

    @property
    def is_filtered(self) -> bool:
        return any((self.query, self.language, self.made_by, self.tier, self.tag, self.cause))

    def find(self, run: Run, baseline: Run | None) -> QuerySet[CaseOutcome]:
        """Wrong before right, newly wrong first, and of those the ones that the system was surest of."""
        outcomes = _with_change(run, baseline).select_related("case").defer("trace")
        if self.show == "failures":
            outcomes = outcomes.filter(right=False)
        elif self.show == "flips":
            outcomes = outcomes.exclude(was_right=None).exclude(was_right=F("right"))
        if self.query:
            outcomes = outcomes.filter(Q(case__query__icontains=self.query) | Q(case__external_id=self.query))
        for value, lookup in (
            (self.language, {"labels__language": self.language}),
            (self.made_by, {"case__made_by": self.made_by}),
            (self.tier, {"tier": self.tier}),
            (self.tag, {"case__tags__contains": [self.tag]}),
        ):
            if value:
                outcomes = outcomes.filter(**lookup)
        if self.cause:
            outcomes = outcomes.filter(case__in=find_cases(run, self.cause))
        return outcomes.order_by("right", F("newly").desc(), F("damage").desc(), "case_id")


def _with_change(run: Run, baseline: Run | None) -> QuerySet[Any]:
    """Outcomes with `was_right` (None where they cannot be paired), `newly` and `damage`."""
    same = CaseOutcome.objects.filter(run=baseline, case=OuterRef("case"), case_version=OuterRef("case_version"))
    sureness = Choose(When(right=False, answered=True, then=F("confidence")), default=0.0, output_field=FloatField())
    if baseline is None:
        return run.outcomes.annotate(was_right=Value(None, BooleanField()), newly=Value(False), damage=sureness)
    outcomes = run.outcomes.annotate(
        was_right=Subquery(same.values("right")[:1]), lost=Coalesce(Subquery(same.values("score")[:1]), F("score"))
    )
    flipped = Q(was_right=True, right=False) | Q(was_right=False, right=True)
    newly = Choose(When(flipped, then=True), default=False)
    return outcomes.annotate(newly=newly, damage=F("lost") - F("score") + sureness)


def find_cases(run: Run, cause: str) -> list[int]:
    """The cases of a run that failed for this cause, as things are now."""
    causes: dict[int, str] = get_cache(CAUSES).get_or_compute([run.pk], lambda: _diagnose_all(run))
    return [case for case, found in causes.items() if found == cause]


def _diagnose_all(run: Run) -> dict[int, str]:
    found = analysing.diagnose_run(run, get_target(run.suite.target))
    return {outcome.case_id: diagnosis.cause for outcome, diagnosis in found}


def list_facets(run: Run, state: OutcomeList) -> list[tuple[str, str, list[tuple[str, bool]]]]:
    """What the table can be narrowed to: name, what none of them is called, and values with whether they are chosen."""
    found = []
    for name, title in (("language", "All languages"), ("made_by", "Made any way"), ("tier", "All tiers")):
        chosen = getattr(state, name)
        values = sorted({*run.summary.get(f"by_{name}", ()), *filter(None, [chosen])})
        found.append((name, title, [(value, value == chosen) for value in values]))
    return found


@dataclass(frozen=True, slots=True)
class Peek:
    """One case of a run with all that one wants to know of it. `shown` has answers by id."""

    outcome: CaseOutcome
    before: CaseOutcome | None
    shown: Mapping[Any, Shown]
    change: str
    diagnosis: Diagnosis | None
    cause_title: str
    cause_advice: str

    @property
    def case(self) -> Any:
        return self.outcome.case

    @property
    def is_changed_question(self) -> bool:
        """Whether the case asks something else now than it did in this run."""
        return bool(self.outcome.case.version != self.outcome.case_version)


def look_at(run: Run, baseline: Run | None, case: int | None) -> Peek | None:
    """None when the run has no such case."""
    outcome = run.outcomes.select_related("case").filter(case=case).first() if case else None
    if outcome is None:
        return None
    outcome.run = run
    before = baseline.outcomes.filter(case=case, case_version=outcome.case_version).first() if baseline else None
    target = get_target(run.suite.target)
    diagnosis = analysing.diagnose_outcome(outcome)
    cause = target.causes[diagnosis.cause] if diagnosis else None
    change = target.explain_change(comparing.to_outcome(before), comparing.to_outcome(outcome)) if before else ""
    return Peek(
        outcome,
        before,
        show_answers(target, list_ids(outcome.case.expected, outcome.got, before.got if before else [])),
        change,
        diagnosis,
        cause.title if cause else "",
        cause.advice if cause else "",
    )


def show_answers(target: Any, ids: Iterable[Any]) -> Mapping[Any, Shown]:
    found: Mapping[Any, Shown] = target.show_answers(list(dict.fromkeys(ids)))
    return found


def list_ids(expected: Any, *answers: Iterable[Mapping[str, Any]]) -> list[str]:
    """The ids in a case's right answers, where they are a list of them, and in answers given."""
    rights = [one for one in expected if isinstance(one, str)] if isinstance(expected, list) else []
    return [*rights, *(str(got["id"]) for given in answers for got in given if "id" in got)]
