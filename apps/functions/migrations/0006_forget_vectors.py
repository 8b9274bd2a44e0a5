"""What is embedded of a function has changed: a vector of an older text is of no use, and keeps a new one from being made."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("functions", "0005_note_deletion")]

    operations = [migrations.RunSQL("DELETE FROM functions_functionembedding", migrations.RunSQL.noop)]
