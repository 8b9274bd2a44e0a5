"""Calls as they were, their texts where these are kept, and their counts by the minute."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models

from apps.core.secrets.fields import EncryptedField
from apps.inference.exchange import Operation

LATENCY_BOUNDS = (
    *(0.1, 0.25, 0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750),
    *(1000, 1500, 2000, 3000, 5000, 7500, 10_000, 15_000, 20_000, 30_000, 60_000, 120_000, 300_000),
)
"""In milliseconds."""


class Call(models.Model):
    """One request to a model or an alias, answered or not. Names are kept as they were; costs are in US dollars."""

    at = models.DateTimeField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    key = models.ForeignKey("users.ApiKey", null=True, on_delete=models.SET_NULL, related_name="+")
    operation = models.CharField(max_length=12, choices=[(one.value, one.value) for one in Operation])
    target = models.CharField(max_length=100, help_text="The model or alias that was asked for.")
    model = models.CharField(max_length=100, blank=True, help_text="The model that answered, or was tried last.")
    provider = models.CharField(max_length=60, blank=True)
    tier = models.CharField(max_length=20, blank=True)
    cache = models.CharField(max_length=10, blank=True, help_text="The level of the cache that answered, if one did.")
    outcome = models.CharField(max_length=20, help_text="ok, cancelled, or the code of an error.")
    streamed = models.BooleanField(default=False)
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    tokens_estimated = models.BooleanField(default=False)
    cost = models.DecimalField(max_digits=16, decimal_places=10, default=0)
    ms = models.FloatField(help_text="Until the whole answer was there.")
    first_ms = models.FloatField(null=True, help_text="Until the first part of a stream was there.")
    attempts = models.JSONField(default=list)
    trace_id = models.CharField(max_length=40, blank=True, db_index=True)

    class Meta:
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["-at"]),
            models.Index(fields=["user", "-at"]),
            models.Index(fields=["model", "-at"]),
        ]

    def __str__(self) -> str:
        return f"{self.target} at {self.at:%Y-%m-%d %H:%M:%S}"


class CallText(models.Model):
    """What was asked and answered, for those who want it kept; nobody else reads it."""

    call = models.OneToOneField(Call, on_delete=models.CASCADE, primary_key=True, related_name="text")
    question = EncryptedField(blank=True, default="")
    answer = EncryptedField(blank=True, default="")
    keep_until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"text of {self.call_id}"


class Retention(models.Model):
    """For how many days the texts of somebody's calls are kept; without a row, or with 0, they are not."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="retention"
    )
    days = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(365)])

    def __str__(self) -> str:
        return f"{self.days} days of {self.user}"


class PerformanceReset(models.Model):
    """From when on the figures "since the last reset" count. It changes no count."""

    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"reset at {self.at:%Y-%m-%d %H:%M:%S}"


class CallMinute(models.Model):
    """Counts of the calls of a minute that are alike. `minute` is its beginning, or the moment of a reset within it.

    `buckets` counts latencies up to each of `LATENCY_BOUNDS`, and above the last.
    """

    minute = models.DateTimeField()
    owner = models.BigIntegerField(default=0, help_text="The person's id, whom it outlives; 0 for the product itself.")
    target = models.CharField(max_length=100)
    model = models.CharField(max_length=100, blank=True)
    provider = models.CharField(max_length=60, blank=True)
    operation = models.CharField(max_length=12)
    tier = models.CharField(max_length=20, blank=True)
    cache = models.CharField(max_length=10, blank=True)
    outcome = models.CharField(max_length=20)
    calls = models.PositiveIntegerField(default=0)
    retries = models.PositiveIntegerField(default=0)
    prompt_tokens = models.PositiveBigIntegerField(default=0)
    completion_tokens = models.PositiveBigIntegerField(default=0)
    cost = models.DecimalField(max_digits=16, decimal_places=10, default=0)
    ms = models.FloatField(default=0, help_text="The sum of the latencies, in milliseconds.")
    buckets = ArrayField(models.PositiveIntegerField(), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["minute", "owner", "target", "model", "provider", "operation", "tier", "cache", "outcome"],
                name="callminute_once",
            )
        ]
        indexes = [models.Index(fields=["owner", "minute"])]

    def __str__(self) -> str:
        return f"{self.model or self.target} in {self.minute:%Y-%m-%d %H:%M}"
