"""What is curated of inference: providers, their models, and the aliases that applications name."""

from math import isfinite
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower

from apps.core.models import TimestampedModel
from apps.core.outgoing import UrlRefused, check_url
from apps.core.secrets.fields import EncryptedField
from apps.inference.budgets.models import Budget, Spending  # noqa: F401 - Django looks for models here
from apps.inference.caching.kinds import LONGEST_SECONDS
from apps.inference.caching.models import CacheSetting, SemanticWatch  # noqa: F401 - Django looks for models here
from apps.inference.exchange import ModelTier, Operation
from apps.inference.recording.models import (  # noqa: F401 - Django looks for models here
    LATENCY_BOUNDS,
    Call,
    CallMinute,
    CallText,
    PerformanceReset,
    Retention,
)
from apps.inference.semantic.monitor import LEAST_THRESHOLD, MOST_THRESHOLD

check_name = RegexValidator(
    r"\A[a-z0-9][a-z0-9._:/-]*\Z", "Use small letters, digits and . _ : / - and begin with a letter or digit."
)
AUTO = "auto"
"""The alias that the gateway answers by itself where nobody curated one: the cheapest that will do."""


class ProviderKind(models.TextChoices):
    OPENAI = "openai", "OpenAI-compatible server"
    TORCHSERVE = "torchserve", "TorchServe"
    LOCAL = "local", "Language model on this machine"
    EMBEDDED = "embedded", "Embedding model in the process"


class CacheLevel(models.TextChoices):
    OFF = "off", "Off"
    EXACT = "exact", "The same question"
    SEMANTIC = "semantic", "The same question in other words"


class TooLong(models.TextChoices):
    CUT = "cut", "Cut at the end"
    REFUSE = "refuse", "Refuse"


def check_number(value: float) -> None:
    """What is no number is neither too small nor too large."""
    if not isfinite(value):
        raise ValidationError("Give a number.")


def check_address(field: str, url: str) -> str:
    """The address without blanks around it. Raises ValidationError naming the field."""
    try:
        return check_url(url, allow_inner=settings.PROVIDER_PRIVATE_NETWORKS)
    except UrlRefused as error:
        reason = str(error)
        raise ValidationError({field: f"{reason[:1].upper()}{reason[1:]}."}) from error


class Provider(TimestampedModel):
    """A server that models answer from. Times are in seconds."""

    name = models.CharField(max_length=60, unique=True, validators=[check_name])
    kind = models.CharField(max_length=20, choices=ProviderKind, default=ProviderKind.OPENAI)
    base_url = models.CharField(
        "address",
        max_length=500,
        blank=True,
        help_text="Such as https://api.openai.com/v1 or http://localhost:11434/v1.",
    )
    management_url = models.CharField(
        "management address", max_length=500, blank=True, help_text="TorchServe's, to read which models it has."
    )
    api_key = EncryptedField("key", blank=True, default="")
    is_active = models.BooleanField("active", default=True)
    connect_timeout = models.FloatField(default=5.0, validators=[MinValueValidator(0.1), MaxValueValidator(60)])
    timeout = models.FloatField(default=60.0, validators=[MinValueValidator(0.1), MaxValueValidator(600)])
    max_connections = models.PositiveSmallIntegerField(default=20, validators=[MinValueValidator(1)])
    kept_connections = models.PositiveSmallIntegerField(default=10, help_text="Kept open while idle.")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=models.Q(name=Lower("name")), name="provider_name_lower_case"),
            models.CheckConstraint(
                condition=models.Q(kept_connections__lte=models.F("max_connections")), name="provider_kept_within_most"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def needs_address(self) -> bool:
        return self.kind in (ProviderKind.OPENAI, ProviderKind.TORCHSERVE)

    def clean(self) -> None:
        super().clean()
        self._check_addresses()
        if (self.kept_connections or 0) > (self.max_connections or 0):
            raise ValidationError({"kept_connections": "Not more can be kept than there may be."})

    def _check_addresses(self) -> None:
        if self.needs_address and not self.base_url:
            raise ValidationError({"base_url": "A server of this kind needs its address."})
        if self.base_url and self.kind in (ProviderKind.LOCAL, ProviderKind.EMBEDDED):
            raise ValidationError({"base_url": "What is on this machine has no address."})
        if self.management_url and self.kind != ProviderKind.TORCHSERVE:
            raise ValidationError({"management_url": "Only TorchServe has one."})
        for name in ("base_url", "management_url"):
            if getattr(self, name):
                setattr(self, name, check_address(name, getattr(self, name)))


class ServedModel(TimestampedModel):
    """One model of a provider. Prices are US dollars for a million tokens."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="models")
    name = models.CharField(
        max_length=100, unique=True, validators=[check_name], help_text="What applications call it."
    )
    remote_name = models.CharField(max_length=200, help_text="What the provider calls it.")
    tier = models.CharField(max_length=10, choices=[(tier.value, tier.value) for tier in ModelTier], default="large")
    operation = models.CharField(
        max_length=12, choices=[(one.value, one.value) for one in Operation], default=Operation.CHAT.value
    )
    can_stream = models.BooleanField(default=True)
    can_use_tools = models.BooleanField(default=False)
    can_keep_schema = models.BooleanField("keeps a JSON schema", default=False)
    context_tokens = models.PositiveIntegerField(default=8192, validators=[MinValueValidator(1)])
    max_output_tokens = models.PositiveIntegerField(default=1024, validators=[MinValueValidator(1)])
    max_input_characters = models.PositiveIntegerField(
        default=0, help_text="Of each text of a classifier or an embedding; 0 leaves it to the context."
    )
    too_long = models.CharField(max_length=6, choices=TooLong, default=TooLong.REFUSE)
    batch_size = models.PositiveSmallIntegerField(
        default=32, validators=[MinValueValidator(1)], help_text="Texts that are sent together."
    )
    price_in = models.DecimalField(max_digits=12, decimal_places=6, default=0, validators=[MinValueValidator(0)])
    price_out = models.DecimalField(max_digits=12, decimal_places=6, default=0, validators=[MinValueValidator(0)])
    is_active = models.BooleanField("active", default=True)

    class Meta:
        verbose_name = "model"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "remote_name", "operation"], name="servedmodel_once_a_provider"
            ),
            models.CheckConstraint(condition=models.Q(price_in__gte=0, price_out__gte=0), name="servedmodel_prices"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        if Alias.objects.filter(name=self.name).exists():
            raise ValidationError({"name": "An alias has this name."})
        if (self.max_output_tokens or 0) > (self.context_tokens or 0):
            raise ValidationError({"max_output_tokens": "An answer can't be longer than the context."})
        self._check_operation()

    def _check_operation(self) -> None:
        """Models of an alias stand in for each other, so they do the same."""
        others = AliasModel.objects.filter(alias__entries__model=self.pk).exclude(model=self.pk)
        odd = others.exclude(model__operation=self.operation).select_related("alias").first() if self.pk else None
        if odd is not None:
            raise ValidationError({"operation": f"The alias {odd.alias} has it among models that do something else."})


class AliasQuerySet(models.QuerySet["Alias"]):
    def with_models(self) -> Self:
        return self.prefetch_related(models.Prefetch("entries", AliasModel.objects.select_related("model__provider")))


class Alias(TimestampedModel):
    """A name that stays while the models behind it change. They are tried in order."""

    name = models.CharField(max_length=60, unique=True, validators=[check_name])
    description = models.CharField(max_length=300, blank=True)
    is_active = models.BooleanField("active", default=True)
    cache = models.CharField(
        "answers are given again for",
        max_length=10,
        choices=CacheLevel,
        default=CacheLevel.OFF,
        help_text="Answers to requests that ask for several answers, for tools or for chance are never given again.",
    )
    cache_public = models.BooleanField(
        "share answers between people",
        default=False,
        help_text="Warning: what one person asked may then answer another. "
        "Only for names whose questions hold nothing of anybody's own.",
    )
    cache_seconds = models.PositiveIntegerField(
        "kept for, s",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_SECONDS)],
        help_text="For how long after it was made. Left empty, as long as the cache of inference is set to.",
    )
    cache_threshold = models.FloatField(
        "least probability",
        null=True,
        blank=True,
        validators=[check_number, MinValueValidator(LEAST_THRESHOLD), MaxValueValidator(MOST_THRESHOLD)],
        help_text="That two questions mean the same, for an answer to be given to other words. It is made stricter "
        "where too many turn out wrong, and never looser than this. Left empty, what it was fitted to.",
    )

    objects: ClassVar[Any] = AliasQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "aliases"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        if ServedModel.objects.filter(name=self.name).exists():
            raise ValidationError({"name": "A model has this name."})


class AliasModel(models.Model):
    """A model's place in an alias: lower ones are tried first."""

    alias = models.ForeignKey(Alias, on_delete=models.CASCADE, related_name="entries")
    model = models.ForeignKey(ServedModel, on_delete=models.PROTECT, related_name="entries")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = "model of the alias"
        verbose_name_plural = "models of the alias"
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["alias", "model"], name="aliasmodel_once")]

    def __str__(self) -> str:
        return f"{self.alias}: {self.model}"
