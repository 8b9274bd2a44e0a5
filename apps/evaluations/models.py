"""Suites of cases, runs of suites, what came of each case, and the reports that compare two runs."""

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse

from apps.core.models import TimestampedModel
from apps.core.secrets.fields import EncryptedField, UnreadableText


class Measure(models.TextChoices):
    """What a suite's verdict goes by."""

    ACCURACY = "accuracy", "Top-1 accuracy"
    RECALL_AT_5 = "recall_at_5", "Recall at 5"
    MRR_AT_10 = "mrr_at_10", "MRR at 10"
    MEAN_RELEVANCE = "mean_relevance", "Mean relevance"


class Suite(TimestampedModel):
    """Cases for one target, and what its owner calls a difference that matters."""

    name = models.CharField(max_length=200, unique=True)
    description = models.TextField(blank=True)
    target = models.CharField(max_length=100)
    measure = models.CharField(
        max_length=30, choices=Measure, default=Measure.ACCURACY, help_text="What the verdict goes by."
    )
    margin = models.FloatField(
        default=0.01,
        validators=[MinValueValidator(0.0001), MaxValueValidator(0.5)],
        help_text="The smallest difference that matters: 0.01 is one point of a hundred.",
    )
    latency_margin = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0.01), MaxValueValidator(100)],
        help_text="How much slower is worse: 0.2 is a fifth. Empty: latency is shown and decides nothing.",
    )
    version = models.PositiveIntegerField(default=1, editable=False, help_text="Rises with each change of its cases.")
    baseline = models.ForeignKey(
        "Run", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="The pinned baseline."
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["name"]
        permissions = [("give_feedback", "Can say that an answer is wrong")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("evaluations:suite", args=[self.pk])

    def last_good_run(self, *, before: "Run | None" = None) -> "Run | None":
        """The newest run that went through and was not found worse."""
        runs = self.runs.succeeded().exclude(report__verdict=Verdict.WORSE)
        return (runs.filter(pk__lt=before.pk) if before else runs).order_by("-pk").first()


class CaseState(models.TextChoices):
    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"


class CaseOrigin(models.TextChoices):
    FILE = "file"
    WRITTEN = "written"
    GENERATED = "generated"
    FEEDBACK = "feedback"


class CaseQuerySet(models.QuerySet["Case"]):
    def active(self) -> Self:
        return self.filter(state=CaseState.ACTIVE)

    def drafts(self) -> Self:
        return self.filter(state=CaseState.DRAFT)


class Case(TimestampedModel):
    """One question with its right answers. Cases are retired, never deleted: old outcomes point at them."""

    suite = models.ForeignKey(Suite, on_delete=models.CASCADE, related_name="cases")
    external_id = models.CharField(max_length=200, help_text="Its own id within the suite.")
    query = models.TextField(blank=True)
    input = models.JSONField(default=dict, blank=True, help_text="For targets that take more than a text.")
    expected = models.JSONField(default=list, blank=True, help_text="The right answers; [] when there is none.")
    filters = models.JSONField(default=dict, blank=True)
    tags = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    group = models.CharField(max_length=500, blank=True, help_text="Cases of one group are no independent evidence.")
    origin = models.CharField(max_length=20, choices=CaseOrigin, default=CaseOrigin.WRITTEN)
    made_by = models.CharField(max_length=100, blank=True, help_text="How the generator made it.")
    state = models.CharField(max_length=20, choices=CaseState, default=CaseState.ACTIVE)
    version = models.PositiveIntegerField(default=1, editable=False)
    note = models.TextField(blank=True)
    source = models.JSONField(default=dict, blank=True, editable=False, help_text="The answer that feedback was about.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["suite", "external_id"], name="case_id_in_suite")]
        indexes = [models.Index(fields=["suite", "state", "id"])]

    def __str__(self) -> str:
        return self.query[:80] or self.external_id

    def get_absolute_url(self) -> str:
        return reverse("evaluations:case", args=[self.pk])

    def as_data(self) -> dict[str, Any]:
        """The fields that a revision keeps."""
        return {name: getattr(self, name) for name in CASE_FIELDS}


CASE_FIELDS = ("query", "input", "expected", "filters", "tags", "group", "made_by", "state", "note")
ASKED_FIELDS = ("query", "input", "expected", "filters")
"""A change of these makes it another question: outcomes of before cannot be paired with those of after."""


class CaseRevision(models.Model):
    """A case as it was before one change."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="revisions")
    version = models.PositiveIntegerField()
    data = models.JSONField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.case_id} before {self.version + 1}"


class RunState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RunQuerySet(models.QuerySet["Run"]):
    def succeeded(self) -> Self:
        return self.filter(state=RunState.SUCCEEDED)

    def open(self) -> Self:
        return self.filter(state__in=[RunState.QUEUED, RunState.RUNNING])


class Run(TimestampedModel):
    """One sweep of a suite. `pinned` is the state it measured, `summary` its figures once it is over."""

    suite = models.ForeignKey(Suite, on_delete=models.CASCADE, related_name="runs")
    state = models.CharField(max_length=20, choices=RunState, default=RunState.QUEUED)
    suite_version = models.PositiveIntegerField(default=0)
    plan = models.JSONField(default=list, editable=False, help_text="The cases, in the order they are run.")
    planned = models.PositiveIntegerField(default=0, editable=False, help_text="How many of the plan have a job.")
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    baseline = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    schedule = models.ForeignKey("Schedule", null=True, blank=True, on_delete=models.SET_NULL, related_name="runs")
    pinned = models.JSONField(default=dict, blank=True)
    drift = models.JSONField(default=dict, blank=True, help_text="What changed of the pinned state while it ran.")
    estimate = models.JSONField(default=dict, blank=True, help_text="Figures of the cases done so far.")
    summary = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)
    note = models.CharField(max_length=300, blank=True)
    outcomes_pruned = models.BooleanField(default=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["suite", "-id"]), models.Index(fields=["state"])]

    def __str__(self) -> str:
        return f"{self.suite} #{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("evaluations:run", args=[self.pk])

    @property
    def is_over(self) -> bool:
        return self.state not in (RunState.QUEUED, RunState.RUNNING)

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0

    @property
    def first_figures(self) -> dict[str, Any]:
        """The estimate for others to see: without what the next chunk's outcomes are added to."""
        return {name: value for name, value in self.estimate.items() if name != "sums"}

    def seconds(self, now: datetime) -> float:
        """Seconds it ran, or has run."""
        return ((self.finished_at or now) - self.started_at).total_seconds() if self.started_at else 0.0


class OutcomeQuerySet(models.QuerySet["CaseOutcome"]):
    def failures(self) -> Self:
        return self.filter(right=False)


class CaseOutcome(models.Model):
    """What came of one case in one run; see `apps.core.targets.types.Outcome` for the fields."""

    # Sought by the index of the constraint below: one more would only make sweeps slower.
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="outcomes", db_index=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="outcomes")
    case_version = models.PositiveIntegerField()
    right = models.BooleanField()
    rank = models.PositiveSmallIntegerField(null=True)
    score = models.FloatField()
    answered = models.BooleanField()
    confidence = models.FloatField()
    tier = models.CharField(max_length=40, blank=True)
    latency_ms = models.FloatField()
    cost = models.FloatField(default=0)
    labels = models.JSONField(default=dict)
    got = models.JSONField(default=list)
    trace = models.JSONField(default=dict)
    error = models.TextField(blank=True)

    objects = OutcomeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "case"], name="one_outcome_a_run_and_case")]
        indexes = [models.Index(fields=["run"], condition=models.Q(right=False), name="failed_outcomes")]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.case_id}"


class Verdict(models.TextChoices):
    BETTER = "better", "Better"
    WORSE = "worse", "Worse"
    NO_DIFFERENCE = "no_difference", "No difference that matters"
    NOT_ENOUGH = "not_enough_cases", "Not enough cases"
    FIRST = "first", "First run"
    FAILED = "failed", "Failed"


class Report(TimestampedModel):
    """What a run came to beside its baseline, written once when it ended. Kept when its outcomes are pruned."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="report")
    baseline = models.ForeignKey(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    verdict = models.CharField(max_length=30, choices=Verdict)
    data = models.JSONField(default=dict)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    comment = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.run}: {self.get_verdict_display()}"

    def get_absolute_url(self) -> str:
        return self.run.get_absolute_url()

    @property
    def is_alarming(self) -> bool:
        return self.verdict in (Verdict.WORSE, Verdict.FAILED)

    @property
    def needs_acknowledgement(self) -> bool:
        return self.is_alarming and self.acknowledged_at is None


class BaselineChoice(models.TextChoices):
    LAST_GOOD = "last_good", "The last good run"
    PINNED = "pinned", "The suite's pinned baseline"


class Schedule(TimestampedModel):
    """When a suite is swept by itself, what it is compared with, and who hears of it."""

    suite = models.ForeignKey(Suite, on_delete=models.CASCADE, related_name="schedules")
    words = models.CharField("when", max_length=200, help_text='In words: "every night at 2", "every Monday at 6:30".')
    periodic_task = models.OneToOneField(
        "django_celery_beat.PeriodicTask", on_delete=models.CASCADE, related_name="sweep_schedule", editable=False
    )
    compare_with = models.CharField(max_length=20, choices=BaselineChoice, default=BaselineChoice.LAST_GOOD)
    emails = ArrayField(models.EmailField(), default=list, blank=True, help_text="Told when it is worse or failed.")
    webhook_url = EncryptedField(blank=True)
    webhook_secret = EncryptedField(blank=True, help_text="Signs the webhook's body.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.suite}, {self.words}"

    @property
    def unreadable(self) -> list[str]:
        """The encrypted fields that no key of SECRETS_KEYS opens."""
        return [name for name in ("webhook_url", "webhook_secret") if isinstance(getattr(self, name), UnreadableText)]


class Channel(models.TextChoices):
    EMAIL = "email"
    WEBHOOK = "webhook"


class DeliveryState(models.TextChoices):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class Delivery(TimestampedModel):
    """One message about a report to one place, with what came of it."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=20, choices=Channel)
    address = models.CharField(max_length=500, help_text="An e-mail address, or the host of a webhook.")
    state = models.CharField(max_length=20, choices=DeliveryState, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.channel} to {self.address}"
