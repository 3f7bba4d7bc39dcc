# ruff: noqa: D101
"""The words of messages and contacts, which are indexed little by little while Moca runs."""

from typing import Any

import peewee

from moca.storage.db.fields import IdentityField, InstantField


class SearchIndex(peewee.Model):
    name = peewee.CharField(primary_key=True)
    first_id = peewee.BigIntegerField()
    last_id = peewee.BigIntegerField()
    seen_id = peewee.BigIntegerField()
    seen_at = InstantField(null=True)
    has_erased = peewee.BooleanField(default=False)
    is_purging = peewee.BooleanField(default=False)
    purged_at = InstantField(null=True)

    class Meta:
        table_name = "search_index"


class ChangedWords(peewee.Model):
    id = IdentityField()
    name = peewee.CharField()
    row_id = peewee.BigIntegerField()

    class Meta:
        table_name = "changed_words"


# Beginnings of words have an index of their own: without it, all that match are read at once.
_FTS5 = (
    'CREATE VIRTUAL TABLE "{name}_words" USING fts5('
    "words, tokenize='ascii', detail=none, columnsize=0, prefix='1 2 3 4 5 6 7 8 9 10')"
)
_TSVECTORS = (
    'CREATE TABLE "{name}_words" ("id" BIGINT NOT NULL PRIMARY KEY, "words" TSVECTOR NOT NULL)',
    'CREATE INDEX "{name}_words_words" ON "{name}_words" USING GIN ("words")',
)
_ERASE = 'DELETE FROM "{name}_words" WHERE {key} = OLD."id";'
_NOTE_ERASED = """UPDATE "search_index" SET "has_erased" = 1
    WHERE "name" = '{name}' AND NOT "has_erased";"""
_NOTE_CHANGED = """INSERT INTO "changed_words" ("name", "row_id") VALUES ('{name}', NEW."id");"""
_COLUMNS = {"message": ("text",), "contact": ("name", "username")}


def _listed(columns: tuple[str, ...], of: str = "") -> str:
    return ", ".join(f'{of}"{column}"' for column in columns)


def _sqlite(name: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    erase = (_ERASE + _NOTE_ERASED).format(name=name, key="rowid")
    note = erase + _NOTE_CHANGED.format(name=name)
    changed = f"({_listed(columns, 'OLD.')}) IS NOT ({_listed(columns, 'NEW.')})"
    on_change = f'AFTER UPDATE OF {_listed(columns)} ON "{name}" WHEN {changed}'
    return (
        _FTS5.format(name=name),
        f'CREATE TRIGGER "{name}_words_erased" AFTER DELETE ON "{name}" BEGIN {erase} END',
        f'CREATE TRIGGER "{name}_words_changed" {on_change} BEGIN {note} END',
    )


def _postgresql(name: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    erase = _ERASE.format(name=name, key='"id"')
    note = erase + _NOTE_CHANGED.format(name=name)
    changed = f"ROW({_listed(columns, 'OLD.')}) IS DISTINCT FROM ROW({_listed(columns, 'NEW.')})"
    on_change = f'AFTER UPDATE OF {_listed(columns)} ON "{name}" FOR EACH ROW WHEN ({changed})'
    return (
        *(each.format(name=name) for each in _TSVECTORS),
        *_trigger(f"{name}_words_erased", f'AFTER DELETE ON "{name}" FOR EACH ROW', erase),
        *_trigger(f"{name}_words_changed", on_change, note),
    )


def _trigger(name: str, when: str, body: str) -> tuple[str, str]:
    head = f'CREATE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql'
    return (
        f"{head} AS $$ BEGIN {body} RETURN NULL; END $$",
        f'CREATE TRIGGER "{name}" {when} EXECUTE FUNCTION "{name}"()',
    )


def migrate(migrator: Any, database: peewee.Database, **_options: object) -> None:
    """Create the tables, empty, and the triggers that keep them free of what is gone."""
    for table in (SearchIndex, ChangedWords):
        migrator.create_model(table)
    statements = _sqlite if isinstance(database, peewee.SqliteDatabase) else _postgresql
    for name, columns in _COLUMNS.items():
        for statement in statements(name, columns):
            migrator.sql(statement)
