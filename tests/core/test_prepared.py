"""Questions asked over Django's connection, and what may happen to that."""

from typing import Any

import pytest
from django.db import DataError, OperationalError, connection, transaction
from django.db.utils import ProgrammingError
from pytest_django import DjangoAssertNumQueries

from apps.core.prepared import Statement

ECHO = "SELECT $1::text, NULL, 7, true, md5('a') = $1::text"

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def run(sql: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def test_rows_come_as_postgresql_writes_them() -> None:
    echo = Statement(ECHO)
    for text in ("größe", "", "' OR 1=1 --", "größe"):
        assert echo.fetch(text) == [(text.encode(), None, b"7", b"t", b"f")]


def test_all_rows_come() -> None:
    assert Statement("SELECT * FROM generate_series(1, $1::int)").fetch("3") == [(b"1",), (b"2",), (b"3",)]
    assert Statement("SELECT 1 WHERE $1::int > 3").fetch("3") == []


def test_statements_do_not_mix() -> None:
    one, other = Statement("SELECT 'one', $1::text"), Statement("SELECT 'other', $1::text")
    assert [one.fetch("x"), other.fetch("x"), one.fetch("y")] == [
        [(b"one", b"x")],
        [(b"other", b"x")],
        [(b"one", b"y")],
    ]


def test_a_nul_is_refused_rather_than_cut_off() -> None:
    with pytest.raises(ValueError, match="NUL"):
        Statement(ECHO).fetch("a\0b")


def test_errors_are_djangos() -> None:
    with pytest.raises(DataError):
        Statement("SELECT $1::int").fetch("x")
    with pytest.raises(ProgrammingError):
        Statement("SELECT * FROM nowhere").fetch()
    assert Statement(ECHO).fetch("a")


def test_it_counts_as_a_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    echo = Statement(ECHO)
    with django_assert_num_queries(2):
        echo.fetch("a")
        echo.fetch("b")


def test_it_sees_what_its_transaction_wrote() -> None:
    count = Statement("SELECT count(*) FROM users_user WHERE email = $1")
    with transaction.atomic():
        run("CREATE TEMPORARY TABLE users_user (email text) ON COMMIT DROP")
        run("INSERT INTO users_user VALUES ('a@example.com')")
        assert count.fetch("a@example.com") == [(b"1",)]
    assert count.fetch("a@example.com") == [(b"0",)]


def test_one_that_the_server_forgot_is_asked_all_the_same() -> None:
    echo = Statement(ECHO)
    echo.fetch("a")
    run("DEALLOCATE ALL")
    assert [echo.fetch("b")[0][0], echo.fetch("c")[0][0]] == [b"b", b"c"]


def test_one_that_somebody_else_prepared_is_asked_all_the_same() -> None:
    Statement(ECHO).fetch("a")
    assert Statement(ECHO).fetch("b")[0][0] == b"b"


def test_a_table_that_changed_is_read_as_it_is_now() -> None:
    run("CREATE TEMPORARY TABLE changing AS SELECT 1 AS a")
    everything = Statement("SELECT * FROM changing")
    assert everything.fetch() == [(b"1",)]
    run("ALTER TABLE changing ADD COLUMN b text DEFAULT 'x'")
    assert everything.fetch() == [(b"1", b"x")]
    run("DROP TABLE changing")


def test_a_connection_that_died_meanwhile_is_made_again() -> None:
    echo = Statement(ECHO)
    echo.fetch("a")
    end_connection()
    connection.health_check_enabled, connection.health_check_done = True, False  # as when a request begins
    assert echo.fetch("b")[0][0] == b"b"
    assert connection.is_usable()


def test_a_connection_that_dies_in_a_transaction_is_an_error() -> None:
    echo = Statement(ECHO)
    with pytest.raises(OperationalError), transaction.atomic():  # noqa: PT012
        echo.fetch("a")
        end_connection()
        echo.fetch("b")
    connection.close()
    assert echo.fetch("c")[0][0] == b"c"


def end_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [backend] = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 60000)", [backend])
    other.close()
