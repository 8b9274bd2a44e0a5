"""The log's table. It stands in for auditlog's own (AUDITLOG_LOGENTRY_MODEL), which would change when a user goes."""

from typing import Any, ClassVar

from auditlog.models import AbstractLogEntry, LogEntryManager
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone

from apps.core.audit.masking import mask, mask_change
from apps.core.audit.source import describe_source, get_source

ROW_ACTIONS = {0: "created", 1: "changed", 2: "deleted"}
"""What auditlog's numbers are in the column `event`."""


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def newest_first(self) -> "AuditEntryQuerySet":
        return self.order_by("-pk")


class AuditEntryManager(LogEntryManager.from_queryset(AuditEntryQuerySet)):  # type: ignore[misc]
    """Completes what auditlog notes: who, from where, in which request, and nothing secret."""

    def create(self, **fields: Any) -> "AuditEntry":
        known = describe_source(get_source())
        facts = {**known.pop("additional_data"), **(fields.pop("additional_data", None) or {})}
        fields["additional_data"] = mask(facts)
        fields["changes"] = mask_changes(fields.get("changes") or {})
        fields["object_repr"] = str(mask(fields.get("object_repr", "")))
        fields.setdefault("event", ROW_ACTIONS.get(fields.get("action", -1), ""))
        entry: AuditEntry = super().create(**{**known, **fields})
        return entry


class AuditEntry(AbstractLogEntry):
    """One thing that was done. A trigger refuses to change or delete it (see the migration)."""

    class Action(AbstractLogEntry.Action):
        EVENT = 4
        choices = (*AbstractLogEntry.Action.choices, (EVENT, "event"))

    event = models.CharField(max_length=60, help_text="created, changed, deleted, or what else was done.")
    action = models.PositiveSmallIntegerField(choices=Action.choices)
    # Whatever it points to may go: the entry stays as it was written, so the database ties it to nothing.
    content_type = models.ForeignKey(
        ContentType, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    object_pk = models.CharField(max_length=255)
    object_id = models.BigIntegerField(null=True)
    timestamp = models.DateTimeField(default=timezone.now, db_index=True)

    objects: ClassVar[AuditEntryManager] = AuditEntryManager()

    class Meta:
        ordering = ["-id"]
        verbose_name = "audit entry"
        verbose_name_plural = "audit log"
        default_permissions = ()
        permissions = [("view_audit", "Can read and export the audit log")]
        indexes = [
            models.Index(fields=["content_type", "object_pk"]),
            models.Index(fields=["event", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.object_repr}".strip()


def mask_changes(changes: dict[str, Any]) -> dict[str, Any]:
    """Each field's value before and after. What auditlog says of a many-to-many field is no such pair."""
    return {
        name: mask_change(name, *pair) if isinstance(pair, list | tuple) and len(pair) == 2 else mask(pair)
        for name, pair in changes.items()
    }
