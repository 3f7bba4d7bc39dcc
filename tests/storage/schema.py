import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from moca.storage.db.connection import open_database
from moca.storage.db.upgrade import migrate

_SERVER = "postgresql://postgres@127.0.0.1:5432/test"


@contextmanager
def postgresql_schema() -> Iterator[str]:
    """Create an empty schema on the tests' server, and drop it at the end; yields its URL."""
    schema = f"moca_test_{uuid.uuid4().hex}"
    with psycopg.connect(_SERVER, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        try:
            yield f"{_SERVER}?options=-csearch_path%3D{schema}%20-csynchronous_commit%3Doff"
        finally:
            connection.execute(f"DROP SCHEMA {schema} CASCADE")


class Schema:
    """A PostgreSQL schema with every table, which is reset for each test.

    Creating the tables takes hundreds of times as long as emptying them.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        database = open_database(address)
        migrate(database)
        self._connection = psycopg.connect(address, autocommit=True)
        self._made = self._shape()
        self._restoring = self._how_to_restore()

    def restore(self) -> None:
        """Reset every row and every sequence to their state after the migrations.

        Raises:
            AssertionError: If the tables themselves have changed.
        """
        assert self._shape() == self._made, "a test left the tables changed"
        self._connection.execute(self._restoring)

    def close(self) -> None:
        self._connection.close()

    def _how_to_restore(self) -> str:
        tables = self._names("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        for table in tables:
            self._connection.execute(f'CREATE TEMP TABLE "made_{table}" AS TABLE "{table}"')
        return "; ".join(
            [
                "SET LOCAL lock_timeout = '5s'",
                # Without triggers that count what is emptied, and foreign keys that keep it.
                "SET LOCAL session_replication_role = replica",
                *(f'DELETE FROM "{table}"' for table in tables),
                *(f'INSERT INTO "{table}" TABLE pg_temp."made_{table}"' for table in tables),
                *self._names(
                    "SELECT format('SELECT setval(%L, %s, %L)', sequencename,"
                    " coalesce(last_value, start_value), last_value IS NOT NULL)"
                    " FROM pg_sequences WHERE schemaname = current_schema()"
                ),
            ]
        )

    def _shape(self) -> list[str]:
        mine = "current_schema()::regnamespace"
        return self._names(
            "SELECT concat_ws(' ', attrelid::regclass, attname, atttypid, attnotnull)"
            " FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
            f" WHERE relnamespace = {mine} AND NOT attisdropped UNION ALL"
            " SELECT concat_ws(' ', tgrelid::regclass, tgname, tgenabled)"
            f" FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            f" WHERE relnamespace = {mine} AND NOT tgisinternal ORDER BY 1"
        )

    def _names(self, query: str) -> list[str]:
        return [name for (name,) in self._connection.execute(query)]
