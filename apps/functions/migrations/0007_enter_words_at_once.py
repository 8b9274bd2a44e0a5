"""Words and names go into their indexes at once: every search reads a list of what waits for it, from end to end.

Where the indexes are not made yet, the first build makes them so.
"""

from django.db import migrations

INDEXES = ("functions_search_words", "functions_search_names")

# What waited. No transaction is around all of this, or what locks an index for a moment would lock it until the end.
ENTER = "SELECT gin_clean_pending_list(to_regclass('{name}')) WHERE to_regclass('{name}') IS NOT NULL"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("functions", "0006_forget_vectors")]

    operations = [
        operation
        for name in INDEXES
        for operation in (
            migrations.RunSQL(
                f"ALTER INDEX IF EXISTS {name} SET (fastupdate = off)",
                f"ALTER INDEX IF EXISTS {name} RESET (fastupdate)",
            ),
            migrations.RunSQL(ENTER.format(name=name), migrations.RunSQL.noop),
        )
    ]
