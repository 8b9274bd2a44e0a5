"""Finding part of a text without reading every row."""

import pytest
import structlog
from django.apps import apps
from django.db import connection, transaction
from django.db.models import QuerySet

from apps.core.tables.state import State
from apps.core.trigrams import index_parts
from apps.evaluations.filters import CaseFilter
from apps.evaluations.lists.cases import CaseTable
from apps.evaluations.models import Case
from apps.functions.filters import FunctionFilter
from apps.functions.lists import FunctionTable
from apps.functions.models import Function
from tests.evaluations.factories import CaseFactory
from tests.functions.factories import FunctionFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

ROLE = "touchstone_may_not"


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def explain(rows: QuerySet) -> str:
    """How PostgreSQL would look for the rows, if reading all of them were dear already with a few."""
    execute("SET LOCAL enable_seqscan = off", "SET LOCAL enable_indexscan = off")
    return rows.order_by().explain()


def list_indexes(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = %s", [table])
        return [name for (name,) in cursor.fetchall()]


class TestIndexes:
    def test_of_functions_serves_the_list_and_the_api(self) -> None:
        FunctionFactory(name="parse_date")
        table = FunctionTable()
        listed = table.select(State(query="rse_d", sort=table.default_sort))
        asked = FunctionFilter({"q": "rse_d"}, Function.objects.with_library()).qs
        for rows in (listed, asked):
            assert [one.name for one in rows] == ["parse_date"]
            assert explain(rows).count("functions_function_parts") == 2

    def test_of_cases_serves_the_list_and_the_api(self) -> None:
        case = CaseFactory(query="How do I parse a date?")
        others = [Case(suite=case.suite, external_id=f"o{n}", query=f"Question {n}. " * 20) for n in range(3000)]
        Case.objects.bulk_create(others)
        # What is pending in the index, earlier tests' rows too, would make it dear.
        execute("SELECT gin_clean_pending_list('evaluations_case_parts')", "ANALYZE evaluations_case")
        table = CaseTable(case.suite)
        listed = table.select(State(query="PARSE A", sort=table.default_sort))
        asked = CaseFilter({"q": "PARSE A"}, case.suite.cases.all()).qs
        for rows in (listed, asked):
            assert list(rows) == [case]
            assert "evaluations_case_parts" in explain(rows)


class TestWithoutTheExtension:
    """Where the database's administrators allow none."""

    @pytest.fixture(autouse=True)
    def _forbid(self) -> None:
        execute(
            "DROP EXTENSION pg_trgm CASCADE",
            f"CREATE ROLE {ROLE}",
            f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {ROLE}",
        )

    def test_the_migration_goes_on_and_lists_find_all_the_same(self) -> None:
        FunctionFactory(name="parse_date")
        operation = index_parts("functions_function", "functions_function_parts", "name")
        execute(f"SET LOCAL ROLE {ROLE}")
        with structlog.testing.capture_logs() as said, connection.schema_editor(atomic=False) as editor:
            operation.code(apps, editor)
        execute("RESET ROLE")
        assert [(one["event"], one["index"]) for one in said] == [("no_trigram_index", "functions_function_parts")]
        assert "functions_function_parts" not in list_indexes("functions_function")
        table = FunctionTable()
        assert table.select(State(query="RSE_D", sort=table.default_sort)).count() == 1

    def test_it_is_made_where_it_is_allowed_and_taken_back(self) -> None:
        operation = index_parts("functions_function", "functions_function_parts", "name", "qualified_name")
        with transaction.atomic(), connection.schema_editor(atomic=False) as editor:
            operation.code(apps, editor)
            operation.code(apps, editor)
            assert "functions_function_parts" in list_indexes("functions_function")
            operation.reverse_code(apps, editor)
        assert "functions_function_parts" not in list_indexes("functions_function")
