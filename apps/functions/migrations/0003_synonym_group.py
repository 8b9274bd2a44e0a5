"""Groups of synonyms as a table, filled with those that were built in."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from apps.functions.search.synonyms import SYNONYM_GROUPS


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    groups = apps.get_model("functions", "SynonymGroup").objects.using(schema_editor.connection.alias)
    groups.bulk_create(groups.model(words=list(words)) for words in SYNONYM_GROUPS)


class Migration(migrations.Migration):
    dependencies = [
        ("functions", "0002_change_xid"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SynonymGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "words",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), size=None),
                ),
                (
                    "enabled",
                    models.BooleanField(default=True, help_text="Whether queries are expanded with it."),
                ),
                ("note", models.CharField(blank=True, max_length=300)),
                (
                    "changed_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"ordering": ["words", "pk"]},
        ),
        # Backwards the table goes, and its rows with it.
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
