"""The role developer goes: who had it becomes a viewer, who may hold keys by now."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def make_viewers(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("users", "User").objects.filter(role="developer").update(role="viewer")


class Migration(migrations.Migration):
    dependencies = [("users", "0002_token_families")]
    operations = [
        migrations.RunPython(make_viewers, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="user",
            name="role",
            field=models.CharField(
                choices=[("viewer", "Viewer"), ("curator", "Curator"), ("admin", "Admin"), ("service", "Service")],
                default="viewer",
                max_length=20,
            ),
        ),
    ]
