"""Brings the database's schema up to date, and does nothing (quickly) when it is."""

import sys

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def apply_migrations() -> bool:
    """Applies what is unapplied, telling so on standard error; False when there was nothing."""
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    call_command("migrate", interactive=False, verbosity=1, stdout=sys.stderr)
    return True
