"""Prepared statements for the few questions that every search asks PostgreSQL.

They go over Django's own connection, so its life, transactions and errors stay Django's. Left out are the cursors of
Django and psycopg, which take ten times as long in this process as libpq takes to ask.
"""

import hashlib
from typing import Any
from weakref import WeakSet

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from psycopg import Connection, errors
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGconn, PGresult

Row = tuple[bytes | None, ...]
"""Values as PostgreSQL writes them in text, in UTF-8; None for NULL."""

# Behind a pooler, another of the server's connections may answer than the one that knows the statement. Or a table has
# changed since.
STALE = (errors.InvalidSqlStatementName, errors.DuplicatePreparedStatement, errors.FeatureNotSupported)


class Statement:
    """One question, planned once for each connection. `sql` writes its parameters as $1, $2, ..."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        # Of what it asks: behind a pooler, processes of other versions share the server's connections.
        self._name = b"touchstone_" + hashlib.blake2b(sql.encode(), digest_size=16).hexdigest().encode()
        self._prepared: WeakSet[Connection[Any]] = WeakSet()

    def fetch(self, *parameters: str) -> list[Row]:
        """All rows. Where a connection that was kept is found dead, asks again over a new one."""
        wrapper: Any = connections[DEFAULT_DB_ALIAS]
        unchecked = wrapper.connection is not None and wrapper.health_check_enabled and not wrapper.health_check_done
        if not unchecked or wrapper.in_atomic_block:
            return self._fetch(wrapper, parameters)
        # Most often a request's first question: it is itself the check of the connection that would go before it.
        wrapper.health_check_done = True
        try:
            return self._fetch(wrapper, parameters)
        except (OperationalError, InterfaceError):
            wrapper.close()
            return self._fetch(wrapper, parameters)

    def _fetch(self, wrapper: Any, parameters: tuple[str, ...]) -> list[Row]:
        wrapper.ensure_connection()
        values = [encode(parameter) for parameter in parameters]
        with wrapper.wrap_database_errors:
            result = self._ask(wrapper.connection, values)
        if wrapper.queries_logged:
            wrapper.queries_log.append({"sql": self.sql, "time": "0"})
        columns = range(result.nfields)
        return [tuple([result.get_value(row, column) for column in columns]) for row in range(result.ntuples)]

    def _ask(self, server: "Connection[Any]", values: list[bytes]) -> PGresult:
        try:
            if server not in self._prepared:
                check(server.pgconn, server.pgconn.prepare(self._name, self.sql.encode()))
                self._prepared.add(server)
            return check(server.pgconn, server.pgconn.exec_prepared(self._name, values))
        except STALE:
            self._prepared.discard(server)
            return check(server.pgconn, server.pgconn.exec_params(self.sql.encode(), values))


def encode(parameter: str) -> bytes:
    """Raises ValueError for a NUL, at which libpq would end the text."""
    if "\0" in parameter:
        raise ValueError("a parameter holds a NUL")
    return parameter.encode()


def check(server: PGconn, result: PGresult) -> PGresult:
    """The result, or psycopg's error that says what was wrong."""
    if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
        return result
    if server.status != ConnStatus.OK:
        raise errors.OperationalError(server.get_error_message())
    raise errors.error_from_result(result)
