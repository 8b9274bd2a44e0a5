"""The catalogue: libraries of functions, what changed in each and who did it, their vectors, and synonyms."""

from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.urls import reverse
from pgvector.django import HalfVectorField, VectorField

from apps.core.models import Job, TimestampedModel
from apps.functions.records import FunctionRecord

DIMENSIONS = 384


class Library(TimestampedModel):
    """Where functions come from: a package, a source tree, a team's own catalogue."""

    name = models.CharField(max_length=200, unique=True)
    description = models.TextField(blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "libraries"

    def __str__(self) -> str:
        return self.name


class FunctionState(models.TextChoices):
    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


class FunctionQuerySet(models.QuerySet["Function"]):
    def published(self) -> Self:
        return self.filter(state=FunctionState.PUBLISHED)

    def with_library(self) -> Self:
        return self.select_related("library")

    def in_order(self, ids: list[int]) -> list["Function"]:
        """The functions with these ids, in this order; ids that are gone are left out."""
        found = self.with_library().in_bulk(ids)
        return [found[pk] for pk in ids if pk in found]

    def changed_since(self, watermark: int) -> Self:
        """What may have been written after the snapshot that had this watermark (see `Function.change_xid`)."""
        return self.filter(change_xid__gte=watermark)

    def without_embedding(self, model_digest: str) -> Self:
        """Searchable functions that have no vector of this model yet."""
        known = FunctionEmbedding.objects.filter(function=models.OuterRef("pk"), model_digest=model_digest)
        return self.exclude(state=FunctionState.RETIRED).filter(~models.Exists(known))


class Function(TimestampedModel):
    """One function. The fields of its record (see `RECORD_FIELDS`) are what revisions keep."""

    library = models.ForeignKey(Library, on_delete=models.PROTECT, related_name="functions", db_index=False)
    external_id = models.CharField(max_length=500, help_text="Its own id within the library.")
    name = models.CharField(max_length=300)
    qualified_name = models.CharField(max_length=500, blank=True)
    language = models.CharField(max_length=40)
    description = models.TextField(blank=True)
    code = models.TextField(blank=True)
    signature = models.TextField(blank=True)
    keywords = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    action = models.CharField(max_length=100, blank=True)
    data_type = models.CharField(max_length=100, blank=True)
    order_type = models.CharField(max_length=100, blank=True)
    usage = models.TextField(blank=True)
    complexity = models.CharField(max_length=100, blank=True)
    popularity = models.FloatField(default=0)
    path = models.CharField(max_length=1000, blank=True)
    line = models.PositiveIntegerField(null=True, blank=True)
    state = models.CharField(max_length=20, choices=FunctionState, default=FunctionState.PUBLISHED)
    revision = models.PositiveIntegerField(default=1, editable=False)
    source_digest = models.CharField(
        max_length=64, blank=True, editable=False, help_text="Digest of the imported record."
    )
    change_xid = models.BigIntegerField(default=0, editable=False, help_text="The transaction that wrote it last.")

    objects = FunctionQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["library", "external_id"], name="function_id_in_library")]
        indexes = [
            models.Index(fields=["change_xid"]),
            models.Index(fields=["state", "language"]),
            models.Index(fields=["name", "id"]),
            models.Index(fields=["language", "id"]),
            models.Index(fields=["state", "id"]),
            # With their keys, so that pages far down a list are passed over without reading rows.
            models.Index(fields=["-updated_at", "-id"]),
            models.Index(fields=["library", "id"]),
        ]

    def __str__(self) -> str:
        return self.qualified_name or self.name

    def get_absolute_url(self) -> str:
        return reverse("functions:detail", args=[self.pk])

    @property
    def is_searchable(self) -> bool:
        return self.state == FunctionState.PUBLISHED

    @property
    def summary(self) -> str:
        """The first line of the description."""
        return self.description.strip().partition("\n")[0]

    def as_data(self) -> dict[str, Any]:
        """The fields that a revision keeps, as JSON has them."""
        return {name: getattr(self, name) for name in RECORD_FIELDS}

    def apply_record(self, record: FunctionRecord) -> None:
        for name in RECORD_FIELDS:
            if name != "state":
                value = getattr(record, name)
                setattr(self, name, list(value) if name == "keywords" else value)


RECORD_FIELDS = (
    "name", "qualified_name", "language", "description", "code", "signature", "keywords", "action", "data_type",
    "order_type", "usage", "complexity", "popularity", "path", "line", "state",
)  # fmt: skip


class Origin(models.TextChoices):
    IMPORT = "import"
    ADMIN = "admin"
    API = "api"
    PAGE = "page"
    COMMAND = "command"


class RevisionQuerySet(models.QuerySet["Revision"]):
    def made_by(self, job: Job) -> Self:
        return self.filter(job=job)


class Revision(models.Model):
    """A function as it was after one change; the newest equals the function itself."""

    function = models.ForeignKey(Function, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    data = models.JSONField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    origin = models.CharField(max_length=20, choices=Origin)
    note = models.CharField(max_length=300, blank=True)
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RevisionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["function", "number"], name="revision_number_of_function")]

    def __str__(self) -> str:
        return f"{self.function_id} r{self.number}"


class FunctionEmbedding(models.Model):
    """A function's vector by one model. A new model has another digest, so that vectors of two models never mix."""

    function = models.ForeignKey(Function, on_delete=models.CASCADE, related_name="embeddings")
    model_digest = models.CharField(max_length=64)
    content_digest = models.CharField(max_length=64, help_text="Digest of the text that was embedded, and its recipe.")
    vector = VectorField(dimensions=DIMENSIONS)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["function", "model_digest"], name="one_embedding_a_function_and_model")
        ]

    def __str__(self) -> str:
        return f"{self.function_id} {self.model_digest[:12]}"


class SearchEntry(models.Model):
    """A published function as PostgreSQL searches it (SEARCH_BACKEND=postgres). Triggers alone write it."""

    function = models.OneToOneField(
        Function, on_delete=models.DO_NOTHING, primary_key=True, related_name="+", db_constraint=False
    )
    language = models.CharField(max_length=40)
    library_id = models.BigIntegerField()
    words = SearchVectorField()
    name_keys = ArrayField(models.TextField())
    popularity = models.FloatField()
    vector = HalfVectorField(dimensions=DIMENSIONS, null=True)
    model_digest = models.CharField(max_length=64)
    content_digest = models.CharField(max_length=64)
    change_xid = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return f"{self.function_id} {self.language}"


class SearchFeatures(models.Model):
    """What ranking needs of a function and takes long to find out. A trigger removes it when the text changes."""

    function = models.OneToOneField(
        Function, on_delete=models.DO_NOTHING, primary_key=True, related_name="+", db_constraint=False
    )
    terms = models.BinaryField(help_text="Its terms, counted (see index/packing.py).")
    crowding = models.FloatField(null=True)

    def __str__(self) -> str:
        return str(self.function_id)


class SearchStatistics(models.Model):
    """How many functions have which words, as the last build for PostgreSQL found: one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    documents = models.PositiveIntegerField()
    average_lengths = ArrayField(models.FloatField())
    frequencies = models.JSONField(help_text="Of words that are in many functions; the others are counted when asked.")
    words = models.JSONField(help_text="Of words as they are written: misspelled ones are read as these.")
    curated = models.BooleanField(help_text="Whether some of the functions that were looked at are curated.")
    typical_crowding = models.FloatField()
    model_digest = models.CharField(max_length=64)
    computed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.documents} functions"


class SynonymGroupQuerySet(models.QuerySet["SynonymGroup"]):
    def enabled(self) -> Self:
        return self.filter(enabled=True)

    def as_groups(self) -> tuple[tuple[str, ...], ...]:
        """The words of each group, as queries are expanded with them."""
        return tuple(tuple(words) for words in self.order_by("pk").values_list("words", flat=True))


class SynonymGroup(TimestampedModel):
    """Words that mean the same to search: a query with one of them finds the others too, for less."""

    words = ArrayField(models.CharField(max_length=60))
    enabled = models.BooleanField(default=True, help_text="Whether queries are expanded with it.")
    note = models.CharField(max_length=300, blank=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )

    objects = SynonymGroupQuerySet.as_manager()

    class Meta:
        ordering = ["words", "pk"]

    def __str__(self) -> str:
        return ", ".join(self.words)
