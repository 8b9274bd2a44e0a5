"""Suites, cases, runs and reports for tests, as the services would have left them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import factory
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from apps.evaluations.models import (
    Case,
    CaseOrigin,
    CaseOutcome,
    Report,
    Run,
    RunState,
    Schedule,
    Suite,
    Verdict,
)
from tests.evaluations.targets import NAME

STARTED = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


class SuiteFactory(factory.django.DjangoModelFactory[Suite]):
    class Meta:
        model = Suite
        django_get_or_create = ("name",)

    name = factory.Sequence(lambda number: f"suite-{number}")
    target = NAME


class CaseFactory(factory.django.DjangoModelFactory[Case]):
    """`input` says what the fake target answers, see `tests.evaluations.targets`."""

    class Meta:
        model = Case

    suite = factory.SubFactory(SuiteFactory)
    external_id = factory.Sequence(lambda number: f"case-{number}")
    query = factory.LazyAttribute(lambda case: f"question of {case.external_id}")
    input = factory.LazyFunction(lambda: {"right": True})
    expected = factory.LazyFunction(lambda: ["a"])
    origin = CaseOrigin.FILE


class RunFactory(factory.django.DjangoModelFactory[Run]):
    """A run that went through, unless `state` says otherwise; its cases' outcomes are made apart."""

    class Meta:
        model = Run

    suite = factory.SubFactory(SuiteFactory)
    state = RunState.SUCCEEDED
    suite_version = 1
    pinned = factory.LazyFunction(lambda: {"code": "abc", "fake_digest": "1"})
    started_at = STARTED
    finished_at = factory.Maybe(
        "is_over", factory.LazyAttribute(lambda run: run.started_at + timedelta(seconds=10)), None
    )

    class Params:
        is_over = factory.LazyAttribute(lambda run: run.state not in (RunState.QUEUED, RunState.RUNNING))


class CaseOutcomeFactory(factory.django.DjangoModelFactory[CaseOutcome]):
    """`CaseOutcomeFactory(right=False)` for a wrong one; give `run` and `case` of one suite."""

    class Meta:
        model = CaseOutcome

    run = factory.SubFactory(RunFactory)
    case = factory.SubFactory(CaseFactory, suite=factory.SelfAttribute("..run.suite"))
    case_version = factory.LazyAttribute(lambda outcome: outcome.case.version)
    right = True
    rank = factory.LazyAttribute(lambda outcome: 1 if outcome.right else None)
    score = factory.LazyAttribute(lambda outcome: 1.0 if outcome.right else 0.0)
    answered = factory.LazyAttribute(lambda outcome: outcome.right)
    confidence = factory.LazyAttribute(lambda outcome: 0.9 if outcome.right else 0.1)
    tier = "rules"
    latency_ms = 1.0
    labels = factory.LazyFunction(dict)
    got = factory.LazyAttribute(lambda outcome: [{"id": "a" if outcome.right else "b", "title": "Answer"}])
    trace = factory.LazyFunction(dict)


class ReportFactory(factory.django.DjangoModelFactory[Report]):
    """A report with nothing in it but its verdict, of a run with a baseline of the same suite."""

    class Meta:
        model = Report

    run = factory.SubFactory(
        RunFactory, baseline=factory.SubFactory(RunFactory, suite=factory.SelfAttribute("..suite"))
    )
    baseline = factory.SelfAttribute("run.baseline")
    verdict = Verdict.NO_DIFFERENCE


class CrontabFactory(factory.django.DjangoModelFactory[CrontabSchedule]):
    class Meta:
        model = CrontabSchedule
        django_get_or_create = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year", "timezone")

    minute = "0"
    hour = "2"
    day_of_week = day_of_month = month_of_year = "*"
    timezone = "UTC"


class PeriodicTaskFactory(factory.django.DjangoModelFactory[PeriodicTask]):
    class Meta:
        model = PeriodicTask

    name = factory.Sequence(lambda number: f"Sweep {number}")
    task = "evaluations.start_scheduled"
    crontab = factory.SubFactory(CrontabFactory)


class ScheduleFactory(factory.django.DjangoModelFactory[Schedule]):
    """Every night at 2; `periodic_task__enabled=False` or `periodic_task__crontab__hour="4"` for another."""

    class Meta:
        model = Schedule
        skip_postgeneration_save = True

    suite = factory.SubFactory(SuiteFactory)
    words = "every night at 2"
    periodic_task = factory.SubFactory(PeriodicTaskFactory)

    @factory.post_generation
    def task_names_it(self, create: bool, wanted: None, **options: Any) -> None:
        self.periodic_task.kwargs = json.dumps({"schedule": self.pk})
        self.periodic_task.save(update_fields=["kwargs"])
