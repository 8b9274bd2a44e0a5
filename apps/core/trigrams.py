"""Indexes by which PostgreSQL finds part of a text, whatever its case, without reading every row: `__icontains`."""

from typing import Any

import structlog
from django.db import DatabaseError, migrations, transaction

log = structlog.get_logger("touchstone.migrations")


def index_parts(table: str, name: str, *columns: str) -> migrations.RunPython:
    """The operation that makes the index `name`. Where the server has no pg_trgm, or forbids it, lists do without.

    It stands in no model: what a database may lack, no later migration should count on.
    """

    def make(apps: Any, editor: Any) -> None:
        parts = ", ".join(f"upper({column}) gin_trgm_ops" for column in columns)
        try:
            with transaction.atomic(using=editor.connection.alias):
                editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
                editor.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {table} USING gin ({parts})")
        except DatabaseError as error:
            log.warning("no_trigram_index", index=name, reason=str(error).strip())

    def drop(apps: Any, editor: Any) -> None:
        editor.execute(f"DROP INDEX IF EXISTS {name}")

    return migrations.RunPython(make, drop)
