"""Part of a question is found without reading every case."""

from django.db import migrations

from apps.core.trigrams import index_parts


class Migration(migrations.Migration):
    dependencies = [("evaluations", "0003_encrypted_webhooks")]

    operations = [index_parts("evaluations_case", "evaluations_case_parts", "query")]
