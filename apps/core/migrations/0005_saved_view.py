import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0004_audit_log"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("page", models.CharField(max_length=100)),
                ("name", models.CharField(max_length=80)),
                ("query", models.CharField(blank=True, max_length=2000)),
                (
                    "shared",
                    models.BooleanField(default=False, help_text="Everybody who may open the list sees it."),
                ),
                (
                    "is_default",
                    models.BooleanField(default=False, help_text="What its owner sees when they open the list."),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_views",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
                "permissions": [("share_savedview", "Can share views of lists")],
                "indexes": [models.Index(condition=models.Q(("shared", True)), fields=["page"], name="shared_views")],
                "constraints": [
                    models.UniqueConstraint(fields=("owner", "page", "name"), name="view_name_of_owner"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("owner", "page"),
                        name="one_default_view_of_owner",
                    ),
                ],
            },
        ),
    ]
