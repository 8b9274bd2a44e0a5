"""The audit log, and the triggers that refuse to change it.

They refuse everybody, the owner of the database and its superusers too, and also when replication turns the others off.
Only `manage.py prune_audit` gets past: it names, for its own transaction, the day before which entries may go.
"""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

FORWARDS = """
CREATE FUNCTION core_keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    prune_before text := current_setting('touchstone.prune_audit_before', true);
BEGIN
    IF TG_OP = 'DELETE' AND TG_LEVEL = 'ROW' AND prune_before <> '' AND OLD.timestamp < prune_before::timestamptz THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'The audit log is append-only: % is refused.', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER core_keep_audit_entry BEFORE UPDATE OR DELETE ON core_auditentry
    FOR EACH ROW EXECUTE FUNCTION core_keep_audit();
CREATE TRIGGER core_keep_audit_table BEFORE TRUNCATE ON core_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION core_keep_audit();
ALTER TABLE core_auditentry ENABLE ALWAYS TRIGGER core_keep_audit_entry;
ALTER TABLE core_auditentry ENABLE ALWAYS TRIGGER core_keep_audit_table;
"""
BACKWARDS = """
DROP TRIGGER core_keep_audit_entry ON core_auditentry;
DROP TRIGGER core_keep_audit_table ON core_auditentry;
DROP FUNCTION core_keep_audit();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("contenttypes", "0002_remove_content_type_name"),
        ("core", "0003_parts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("object_repr", models.TextField(verbose_name="object representation")),
                ("serialized_data", models.JSONField(null=True)),
                ("changes_text", models.TextField(blank=True, verbose_name="change message")),
                ("changes", models.JSONField(null=True, verbose_name="change message")),
                (
                    "cid",
                    models.CharField(
                        blank=True, db_index=True, max_length=255, null=True, verbose_name="Correlation ID"
                    ),
                ),
                ("remote_addr", models.GenericIPAddressField(blank=True, null=True, verbose_name="remote address")),
                ("remote_port", models.PositiveIntegerField(blank=True, null=True, verbose_name="remote port")),
                ("additional_data", models.JSONField(blank=True, null=True, verbose_name="additional data")),
                ("actor_email", models.CharField(blank=True, max_length=254, null=True, verbose_name="actor email")),
                (
                    "event",
                    models.CharField(help_text="created, changed, deleted, or what else was done.", max_length=60),
                ),
                (
                    "action",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "create"), (1, "update"), (2, "delete"), (3, "access"), (4, "event")]
                    ),
                ),
                ("object_pk", models.CharField(max_length=255)),
                ("object_id", models.BigIntegerField(null=True)),
                ("timestamp", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                (
                    "actor",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "content_type",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="contenttypes.contenttype",
                    ),
                ),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit log",
                "ordering": ["-id"],
                "permissions": [("view_audit", "Can read and export the audit log")],
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["content_type", "object_pk"], name="core_audite_content_6b8f56_idx"),
                    models.Index(fields=["event", "-id"], name="core_audite_event_3e740a_idx"),
                ],
            },
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
