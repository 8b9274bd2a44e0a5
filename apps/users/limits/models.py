"""What outlives a lost Valkey: how much of each key's budget is spent."""

from typing import ClassVar

from django.db import models


class KeyUsage(models.Model):
    """Requests that a key has made in a calendar month (UTC), for keys that have a budget."""

    key = models.ForeignKey("users.ApiKey", on_delete=models.CASCADE, related_name="usage")
    month = models.DateField(help_text="Its first day.")
    used = models.PositiveBigIntegerField(default=0)

    objects: ClassVar[models.Manager["KeyUsage"]] = models.Manager()

    class Meta:
        verbose_name = "usage of a key"
        verbose_name_plural = "usage of keys"
        ordering = ["-month", "key"]
        constraints = [models.UniqueConstraint(fields=["key", "month"], name="key_usage_once_a_month")]

    def __str__(self) -> str:
        return f"{self.key_id} {self.month:%Y-%m}: {self.used}"
