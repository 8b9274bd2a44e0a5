"""What curators set of the caches of answers. A type without a row has the size and time that the code gives it."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.core.models import TimestampedModel
from apps.inference.caching.kinds import LONGEST_SECONDS, MOST_ENTRIES, CacheKind


class CacheSetting(TimestampedModel):
    """For how long answers of a type are kept, and how many."""

    kind = models.CharField("type", max_length=20, unique=True, choices=[(one.value, one.value) for one in CacheKind])
    seconds = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(LONGEST_SECONDS)])
    size = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(MOST_ENTRIES)])

    class Meta:
        ordering = ["kind"]

    def __str__(self) -> str:
        return self.kind
