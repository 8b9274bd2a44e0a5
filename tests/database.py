"""One migrated database for all processes of the tests: each copies it, since migrating takes seconds of a core.

What tests commit is deleted behind them. Django would empty every table and write its own rows again, for a fifth of
a second; rows that are not there cost nothing to delete.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.test import TransactionTestCase

TEMPLATE = "touchstone_migrated"
LOCK = 20_261_122
RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
KEPT = {"django_content_type", "auth_permission"}
"""What migrating writes and no test changes."""
EMPTIED = ("core_auditentry", "functions_searchentry")
"""From the one nothing can be deleted; which rows of the other are found first follows from where they lie."""


@contextmanager
def own_database() -> Iterator[None]:
    """The connection leads to a new copy of the migrated database during the block."""
    usual, own = connection.settings_dict["NAME"], connection.creation._get_test_db_name()
    copy_migrated(own)
    use_database(own)
    TransactionTestCase._fixture_teardown = delete_rows
    yield
    use_database(usual)
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE {own} WITH (FORCE)")
        cursor.execute(f"DROP DATABASE IF EXISTS {TEMPLATE}")


def copy_migrated(name: str) -> None:
    """The first to come migrates while the others wait."""
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        if read_run(cursor) != RUN:
            cursor.execute(f"DROP DATABASE IF EXISTS {TEMPLATE}")
            cursor.execute(f"CREATE DATABASE {TEMPLATE}")
            migrate()
            cursor.execute(f"COMMENT ON DATABASE {TEMPLATE} IS '{RUN}'")
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")


def read_run(cursor: CursorWrapper) -> str:
    """Which run of the tests has migrated; empty where none has."""
    cursor.execute("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [TEMPLATE])
    found = cursor.fetchone()
    return str(found[0]) if found else ""


def migrate() -> None:
    use_database(TEMPLATE)
    call_command("migrate", verbosity=0, interactive=False, run_syncdb=True)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditentry DISABLE TRIGGER core_keep_audit_table")
    connection.close()


def use_database(name: str) -> None:
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name


def delete_rows(test: TransactionTestCase) -> None:
    """In place of Django's emptying behind a test that commits: no trigger notices."""
    with connection.cursor() as cursor:
        cursor.execute(write_deletion())


@cache
def write_deletion() -> str:
    tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False))
    deletions = "".join(f'DELETE FROM "{table}";' for table in sorted(tables - KEPT - set(EMPTIED)))
    return f"BEGIN; SET LOCAL session_replication_role = replica; TRUNCATE {', '.join(EMPTIED)}; {deletions} COMMIT"
