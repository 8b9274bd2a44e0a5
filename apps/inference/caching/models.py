"""What curators set of the caches of answers. A type without a row has the size and time that the code gives it."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.core.models import TimestampedModel
from apps.inference.caching.kinds import LONGEST_SECONDS, MOST_ENTRIES, CacheKind
from apps.inference.semantic.monitor import Checked


class CacheSetting(TimestampedModel):
    """For how long answers of a type are kept, and how many."""

    kind = models.CharField("type", max_length=20, unique=True, choices=[(one.value, one.value) for one in CacheKind])
    seconds = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(LONGEST_SECONDS)])
    size = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(MOST_ENTRIES)])

    class Meta:
        ordering = ["kind"]

    def __str__(self) -> str:
        return self.kind


class SemanticWatch(TimestampedModel):
    """How answers to other words do, of an alias: hits that were answered anew, and those that were wrong.

    `hits` and `false` count since the threshold last moved, `all_hits` and `all_false` since the beginning. `waits`
    while nobody has seen that it was tightened.
    """

    alias = models.OneToOneField("inference.Alias", on_delete=models.CASCADE, related_name="semantic_watch")
    threshold = models.FloatField()
    hits = models.PositiveIntegerField(default=0)
    false = models.PositiveIntegerField(default=0)
    all_hits = models.PositiveIntegerField(default=0)
    all_false = models.PositiveIntegerField(default=0)
    tightened = models.PositiveIntegerField(default=0)
    loosened = models.PositiveIntegerField(default=0)
    waits = models.BooleanField(default=False)

    class Meta:
        ordering = ["alias"]

    def __str__(self) -> str:
        return str(self.alias)

    @property
    def checked(self) -> Checked:
        """Since the threshold last moved."""
        return Checked(self.hits, self.false)
