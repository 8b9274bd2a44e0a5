"""The order of the tests, how often garbage is looked for, and a database that can be emptied."""

import gc

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

# The tests make many objects that live long: looking for cycles among them as often as by default costs a tenth.
gc.set_threshold(50_000, 20, 100)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests first, so that no worker is left alone with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Tests that commit are followed by emptying every table, which the audit log refuses to let happen to it."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditentry DISABLE TRIGGER core_keep_audit_table")
