"""Limits of what models may cost, and what was spent of them."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models

from apps.core.models import TimestampedModel


class Period(models.TextChoices):
    DAY = "day"
    MONTH = "month"


class Budget(TimestampedModel):
    """So many dollars, tokens or both in each day or month (UTC), of one key, one person or one alias."""

    key = models.ForeignKey("users.ApiKey", null=True, blank=True, on_delete=models.CASCADE, related_name="budgets")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="budgets"
    )
    alias = models.ForeignKey(
        "inference.Alias", null=True, blank=True, on_delete=models.CASCADE, related_name="budgets"
    )
    period = models.CharField(max_length=5, choices=Period, default=Period.MONTH)
    dollars = models.DecimalField(
        max_digits=12, decimal_places=4, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    tokens = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(key__isnull=False, user__isnull=True, alias__isnull=True)
                | models.Q(key__isnull=True, user__isnull=False, alias__isnull=True)
                | models.Q(key__isnull=True, user__isnull=True, alias__isnull=False),
                name="budget_of_one",
                violation_error_message="Choose one of key, person and alias.",
            ),
            models.CheckConstraint(
                condition=models.Q(dollars__isnull=False) | models.Q(tokens__isnull=False),
                name="budget_of_something",
                violation_error_message="Give dollars, tokens or both.",
            ),
            models.UniqueConstraint(
                fields=["key", "user", "alias", "period"], name="budget_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key or self.user or self.alias} a {self.period}"


class Spending(models.Model):
    """What of a budget was spent in the period that begins on `since`. Valkey's figure is newer; this one stays."""

    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="spendings")
    since = models.DateField()
    dollars = models.DecimalField(max_digits=20, decimal_places=10, default=0)
    tokens = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["budget", "since"], name="spending_once_a_period")]

    def __str__(self) -> str:
        return f"{self.budget} since {self.since}"
